"""`t2ibench probe` as a user runs it: on a stub that is only shown, and on a shipped model that is scored."""

import csv
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from t2ibench.cli import main
from t2ibench.core.workspace import Workspace
from t2ibench.studies.probes.drawing import draw_answer
from tests.end_to_end.test_eval_command import common, sentence
from tests.unit.evaluation.stubs import CONFIG, register_all

ROOT = Path(__file__).resolve().parents[2]
PROBES = """
[probes.colours.on.squares]
captions = ["a {red|green|blue} square", "<script>alert(1)</script> a {red|blue} square"]
[probes.words]
kind = "words"
rows = 2
[probes.words.on.squares]
captions = ["a red square"]
kinds = { colour = ["red", "green"] }
[probes.backgrounds.on.squares]
impossible = "there is nothing behind a square"
[probes.objects]
"""
CAPTION = "this bird has {red|blue} wings and a white belly"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("probe")
    (folder / "benchmarks.toml").write_text(CONFIG + PROBES)
    register_all()
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit) as left:
        asked = ["train", "stub", "--data", "squares", "--steps", "2", "--encoder-steps", "2"]
        patch.setattr(sys, "argv", ["t2ibench", *asked, *common(folder)])
        main()
    assert left.value.code == 0
    return folder


@pytest.fixture
def here(monkeypatch, capsys):
    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["t2ibench", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        output = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, left.value.code, output.out, output.err)

    return run


@pytest.fixture
def drawn(monkeypatch):
    """How many images a model drew."""
    count = []

    def counted(*arguments, **rest):
        answer = draw_answer(*arguments, **rest)
        count.append(answer.pixels.shape[0] * answer.pixels.shape[1])
        return answer

    monkeypatch.setattr("t2ibench.studies.probes.probing.draw_answer", counted)
    return count


def test_what_nothing_reads_is_shown_with_its_changes(folder, here, drawn):
    asked = ("probe", "colours", "stub", "--rows", "3", *common(folder))
    done = here(*asked)
    assert done.returncode == 0, done.stderr
    assert "Pixels changed" in done.stdout and "Asked for" not in done.stdout
    assert "Nothing reads these images exactly enough to score them: they are shown." in done.stdout
    page = next((folder / "workspace" / "reports" / "probe").glob("*/probe.html"))
    text = page.read_text()
    assert text.count("<img ") == 3 * (3 + 2) and "<script>alert(1)</script>" not in text
    assert page.with_suffix(".png").read_bytes().startswith(b"\x89PNG")
    lines = list(csv.DictReader(io.StringIO(page.with_suffix(".csv").read_text())))
    assert {line["measure"] for line in lines} == {"pixels", "difference"}
    assert drawn == [9, 6]
    again = here(*asked)
    assert again.stdout == done.stdout and "Known already" in again.stderr and drawn == [9, 6]
    here("report", "probe", "--workspace", folder / "workspace", "--format", "html,json")
    content = json.loads((folder / "workspace" / "reports" / "probe" / "probe.json").read_text())
    assert [one["probe"] for one in content["probes"]] == ["colours"]


def test_a_damaged_image_or_record_is_made_again_or_left_out(folder, here, drawn):
    asked = ("probe", "words", "stub", *common(folder))
    record = json.loads(here(*asked, "--json").stdout)
    kept = folder / "workspace" / "results" / "probes" / record["id"][:16]
    assert record["words"][0]["word"] == "red" and sorted(drawn) == [4]
    (kept / "0-0.png").unlink()
    assert here(*asked).returncode == 0 and (kept / "0-0.png").is_file() and drawn == [4]
    for damaged in (folder / "workspace" / "store" / "probe-answers").glob("*/*/arrays.safetensors"):
        damaged.write_bytes(b"no")
    (kept / "0-0.png").unlink()
    assert here(*asked).returncode == 0 and (kept / "0-0.png").is_file() and drawn == [4, 4]
    (kept / "probe.json").write_text("{")
    shown = here("report", "probe", "--workspace", folder / "workspace")
    assert "is no probe record" in shown.stdout + shown.stderr or shown.returncode == 2
    (kept / "probe.json").unlink()


def facts(text):
    """Return a printed record without its time."""
    return {key: value for key, value in json.loads(text).items() if key != "created"}


def kept(workspace):
    """Return name -> bytes of the kept images and the record, without its time."""
    files = sorted((workspace / "results" / "probes").glob("*/*"))
    return {file.name: facts(file.read_text()) if file.suffix == ".json" else file.read_bytes() for file in files}


def test_workers_share_the_questions_and_keep_what_one_keeps(folder, here, drawn, monkeypatch):
    own = {name: folder / name for name in ("alone", "started", "torchrun")}
    for workspace in own.values():
        shutil.copytree(folder / "workspace" / "runs", workspace / "runs")

    def asked(name, *more):
        options = ("--rows", "3", "--json", "--threads", "1", *common(folder), "--workspace", own[name])
        return [*map(str, ("probe", "colours", "stub", *options, *more))]

    alone = here(*asked("alone"))
    assert alone.returncode == 0, alone.stderr
    assert len(kept(own["alone"])) == 7 and drawn == [9, 6]
    command = [sys.executable, "-m", "tests.unit.evaluation.stubs", *asked("started", "--workers", "2")]
    started = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert started.returncode == 0, started.stderr
    assert facts(started.stdout) == facts(alone.stdout) and kept(own["started"]) == kept(own["alone"])
    drawn.clear()
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank, said in ("1", None), ("0", facts(alone.stdout)):
        monkeypatch.setenv("RANK", rank)
        done = here(*asked("torchrun"))
        assert (facts(done.stdout) if done.stdout else None) == said, done.stderr
        assert drawn == [6, 9]  # the second worker begins with its own, and leaves nothing to the first
    assert kept(own["torchrun"]) == kept(own["alone"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("colour", "stub"), "Did you mean colours?"),
        (("colours", "stup"), "Did you mean stub?"),
        (("backgrounds", "stub"), "cannot be asked of squares: there is nothing behind a square"),
        (("objects", "stub"), "has no captions for squares"),
        (("colours", "stub", "--caption", "a red square"), "wants one place that changes"),
    ],
)
def test_mistakes_are_sentences(folder, here, arguments, said):
    done = here("probe", *arguments, *common(folder))
    assert done.returncode == 2 and said in sentence(done)


def test_a_dry_run_computes_nothing(folder, here, drawn):
    done = here("probe", "colours", "stub", "--dry-run", "--seed", "7", *common(folder))
    plan = json.loads(done.stdout)
    assert plan["seed"] == 7 and plan["rows"] == 20 and len(plan["questions"]) == 2 and drawn == []


def test_a_shipped_model_is_scored_beside_drawn_birds(tmp_path, here, drawn):
    asked = (
        "probe",
        "colours",
        "attngan",
        "--caption",
        CAPTION,
        "--rows",
        "3",
        "--workspace",
        tmp_path,
        "--threads",
        "1",
    )
    done = here(*asked)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(next(tmp_path.glob("reports/probe/*/probe.csv")).read_text())))
    found = {(row["row"], row["measure"], row["part"]): float(row["value"]) for row in rows}
    assert found["drawn", "asked", "wing"] >= 80 and found["drawn", "kept", ""] >= 80
    assert found["model", "asked", "wing"] >= 50  # what it learned of wings; deaf to the word it would be 50 at most
    assert found["model", "asked", ""] == found["model", "asked", "wing"]
    assert {row["deaf_at_most"] for row in rows if row["measure"] == "asked"} == {"50.0"}
    record = json.loads(next(Workspace.at(tmp_path).results.glob("probes/*/probe.json")).read_text())
    (read,) = (one["read_back"] for one in record["questions"])
    assert len(read) == 3 and all(len(row) == 2 and all("bird" in said for said in row) for row in read)
    assert "wing" in done.stdout and "Deaf to the words" in done.stdout
    assert drawn == [6] and any((Workspace.at(tmp_path).store / "probe-truth").iterdir())
