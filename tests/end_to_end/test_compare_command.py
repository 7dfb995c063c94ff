"""`t2ibench compare` and `eval --seeds` as a user runs them, on the stub model and the squares."""

import json
import subprocess
import sys

import pytest

from t2ibench.cli import main
from tests.end_to_end.test_eval_command import command, common, sentence
from tests.unit.evaluation.stubs import Colours, register_all, write_config

SIZE = ("--samples", "60")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two trainings of the stub model, made in this process, which spares the import of torch."""
    folder = tmp_path_factory.mktemp("compare")
    write_config(folder)
    register_all()
    for seed in ("0", "1"):
        asked = ["stub", "--data", "squares", "--steps", "4", "--encoder-steps", "4", "--seed", seed]
        with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
            patch.setattr(sys, "argv", ["t2ibench", "train", *common(folder), *asked])
            main()
        assert left.value.code == 0
    return folder


@pytest.fixture
def here(folder, monkeypatch, capsys):
    """Runs a command in this process, which spares the import of torch."""

    def run(name, *arguments):
        register_all()
        monkeypatch.setattr(sys, "argv", ["t2ibench", name, *common(folder), *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        output = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, left.value.code, output.out, output.err)

    return run


def columns(done):
    (found,) = json.loads(done.stdout)
    return {column["column"]: column for column in found["columns"]}


def test_real_images_are_better_than_noise_and_the_text_says_so(folder):
    done = command(folder, "compare", "ground-truth", "noise", "--data", "squares", *SIZE)
    assert done.returncode == 0, done.stderr
    assert "ground-truth against noise: squares, protocol p, seed 100, n 60, paired by caption" in done.stdout
    rows = {line.split()[0]: line for line in done.stdout.splitlines() if "is better" in line}
    for title in ("FID", "R-precision"):
        assert "ground-truth is better" in rows[title], done.stdout
    assert "paired by caption, jackknife" in done.stdout and "paired by caption, bootstrap" in done.stdout
    assert "intervals of FID: paired by caption, infinitesimal jackknife" in done.stdout


def test_json_holds_what_the_text_says_and_sides_can_be_exchanged(here):
    done = here("compare", "stub", "ground-truth", "--data", "squares", "--json", *SIZE)
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["first"]["name"], found["second"]["name"]) == ("stub", "ground-truth") and found["n"] == 60
    turned = columns(here("compare", "ground-truth", "stub", "--data", "squares", "--json", *SIZE))
    for name, column in columns(done).items():
        assert column["difference"] == column["first"] - column["second"] == -turned[name]["difference"]
        assert column["interval"]["low"] <= column["difference"] <= column["interval"]["high"]
    assert columns(done)["fid"]["verdict"] == "second" and turned["fid"]["verdict"] == "first"


def test_its_values_are_those_of_the_leaderboard(here):
    compared = columns(here("compare", "stub", "noise", "--data", "squares", "--json", *SIZE))
    table = json.loads(here("eval", "--models", "stub", "--data", "squares", "--json", *SIZE).stdout)
    measured = {(one["source"]["name"], one["metric"]["column"]): one["value"] for one in table}
    for name, column in compared.items():
        assert column["first"] == pytest.approx(measured["stub", name], rel=1e-9)
        assert column["second"] == pytest.approx(measured["noise", name], rel=1e-9)


def test_a_model_against_itself_shows_no_clear_difference(here):
    found = columns(here("compare", "stub", "stub", "--data", "squares", "--json", *SIZE))
    assert {column["verdict"] for column in found.values()} == {"no clear difference"}
    assert all(column["difference"] == 0 for column in found.values())


def test_two_trainings_of_one_model_are_told_apart(folder, here):
    runs = sorted((folder / "workspace" / "runs" / "stub" / "squares").iterdir())
    assert len(runs) == 2
    done = here("compare", str(runs[0]), str(runs[1]), "--data", "squares", *SIZE)
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.count("stub@") == 2 and first.split(" against ")[0] not in first.split(" against ")[1]


def test_one_metric_can_be_asked_for_and_asking_again_makes_no_features(here):
    here("compare", "stub", "noise", "--data", "squares", "--metric", "fid", "--json", *SIZE)
    seen = Colours.seen
    found = columns(here("compare", "stub", "noise", "--data", "squares", "--metric", "fid", "--json", *SIZE))
    assert list(found) == ["fid"] and Colours.seen == seen


def test_a_judge_seen_in_training_by_one_side_gives_no_verdict(here):
    found = columns(
        here("compare", "stub", "ground-truth", "--data", "squares", "--metric", "r-judge", "--json", *SIZE)
    )
    assert found["r-judge"]["verdict"] == "no verdict"
    assert "stub was trained with this judge" in found["r-judge"]["reason"]


def test_a_column_that_cannot_be_had_does_not_hide_the_others(here):
    done = here("compare", "stub", "noise", "--data", "squares", "--metric", "fid,fid-brought", "--json", *SIZE)
    found = columns(done)
    assert done.returncode == 1
    assert found["fid"]["verdict"] in ("first", "second")
    assert found["fid-brought"]["first"] is None and "brought.bin" in found["fid-brought"]["reason"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("stubb", "noise", "--data", "squares"), "stub"),
        (("stub", "noise", "--data", "sqares"), "squares"),
        (("stub", "noise", "--data", "squares", "--metric", "fidd"), "fid"),
        (("ground-truth", "noise"), "--data"),
        (("stub", "noise", "--data", "squares", "--protocol", "q"), "protocol"),
    ],
)
def test_mistakes_are_one_sentence(here, arguments, said):
    done = here("compare", *arguments)
    assert done.returncode == 2 and said in sentence(done)


def test_a_record_a_seed_and_the_mean_in_the_table(here):
    done = here("eval", "--models", "stub", "--data", "squares", "--samples", "40", "--seeds", "100,7,100")
    assert done.returncode == 0, done.stderr
    assert "mean over seeds 7, 100" in done.stdout and "least and greatest over seeds" in done.stdout
    found = json.loads(
        here("eval", "--models", "stub", "--data", "squares", "--samples", "40", "--seeds", "100,7", "--json").stdout
    )
    seeds = [one["plan"]["seed"] for one in found]
    assert sorted(set(seeds)) == [7, 100] and seeds.count(7) == seeds.count(100)
    assert len({one["id"] for one in found}) == len(found)
    assert len({one["plan"]["rules"] for one in found}) == 1


@pytest.mark.parametrize(
    ("arguments", "said"), [(("--seeds", "1,x"), "'x'"), (("--seeds", "1,2", "--seed", "3"), "one of them")]
)
def test_seeds_that_make_no_sense_are_one_sentence(here, arguments, said):
    done = here("eval", "--models", "stub", "--data", "squares", *arguments)
    assert done.returncode == 2 and said in sentence(done)
