"""Submissions to a board: honest ones make a page, hostile ones are refused in a sentence."""

from __future__ import annotations

import base64
import io
import json
import sys

import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.records import Results
from t2ibench.studies.exchange import foreign
from t2ibench.studies.exchange.board import check_folder, check_submission
from t2ibench.studies.exchange.submission import Submission, make_submission
from tests.unit.studies.exchange_rows import COLUMNS, measured, place_in


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """(the checker's place, two submissions as JSON values)."""
    folder = tmp_path_factory.mktemp("board")
    made = []
    for name, strength, by in (("blurry", 40.0, "Ada"), ("noisy", 90.0, "Grace")):
        place, images = measured(folder / name, name, strength)
        made.append(make_submission(name, "squares", place, by=by, images=images).model_dump(mode="json"))
    return place_in(folder / "checker"), made


def signed(value):
    """The submission with the digest of what it holds now: a forger can do that too."""
    return value | {"digest": Submission.model_validate(value | {"digest": ""}).digest_of_content()}


def changed(value, change):
    copy = json.loads(json.dumps(value))
    change(copy)
    return copy


def written(folder, name, value):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    path.write_text(value if isinstance(value, str) else json.dumps(value), encoding="utf-8")
    return path


def row(value):
    return next(one for one in value["records"] if one["source"]["origin"] != "control")


def retitle(text):
    def change(value):
        for one in value["records"]:
            one["source"]["title"] = text

    return change


def test_an_honest_one_passes_and_all_its_columns_are_measured_again(honest, tmp_path):
    place, (first, _) = honest
    found = check_submission(written(tmp_path, "a", first), place)
    assert set(found.measured_again) == set(COLUMNS) and found.notes == () and found.by == "Ada"
    assert not (place.workspace.results / "records.jsonl").exists()  # a check leaves no rows behind


def forged_id(value):
    row(value)["value"] += 1
    row(value)["source"]["identity"] = "0" * 64


def better_than_real(value):
    for one in value["records"]:
        if one["metric"]["column"] == "fid":
            truth = one["source"]["name"] == "ground-truth"
            one["value"], one["interval"] = (5.0, None) if truth else (0.5, None)


def other_sample_value(value):
    value["sample"][0]["value"] += 0.1


def other_image(value):
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (1, 2, 3)).save(buffer, format="PNG")
    value["images"][0]["png"] = base64.b64encode(buffer.getvalue()).decode()


def path_elsewhere(value):
    row(value)["images"] = "../../etc/passwd"


def nan(value):
    row(value)["value"] = float("nan")


def without_controls(value):
    value["records"] = [one for one in value["records"] if one["source"]["origin"] != "control"]


def reported(value):
    row(value)["source"]["origin"] = "reported"


HOSTILE = (
    (retitle("<script>alert(1)</script>"), "holds markup"),
    (retitle("evil\u202etxt"), "control character"),
    (path_elsewhere, "lies outside"),
    (forged_id, "not the digest of its row"),
    (better_than_real, "nearer to real images than real images are"),
    (other_sample_value, "of its sample images, whose is"),
    (other_image, "another digest of its sample images"),
    (without_controls, "no measured control row of real images"),
    (reported, "printed figures come with the toolkit"),
    (lambda value: value.update(by="<b>me</b>"), "is no submission: by"),
    (lambda value: value["images"][0].update(png="bm8gcG5n"), "this is no PNG file"),
    (lambda value: value["images"].pop(), "wants 32"),
    (lambda value: value.update(dataset="sparrows"), "There is no data set called 'sparrows'"),
    (lambda value: value.update(extra=1), "is no submission: extra"),
)


@pytest.mark.parametrize(("change", "sentence"), HOSTILE, ids=[sentence for _, sentence in HOSTILE])
def test_a_hostile_one_is_refused_in_a_sentence(honest, tmp_path, change, sentence):
    place, (first, _) = honest
    value = changed(first, change)
    if "extra" not in value and "<" not in value["by"]:
        value = signed(value)
    with pytest.raises(UserError) as refused:
        check_submission(written(tmp_path, "x", value), place)
    assert sentence in str(refused.value) and "\n" not in str(refused.value) and str(tmp_path) not in str(refused.value)


def test_a_digest_that_does_not_fit_no_number_and_a_giant_are_refused(honest, tmp_path):
    place, (first, _) = honest
    with pytest.raises(UserError, match="changed after it was made"):
        check_submission(written(tmp_path, "x", changed(first, lambda value: row(value).update(value=3.0))), place)
    with pytest.raises(UserError, match="NaN or infinity"):
        check_submission(written(tmp_path, "n", changed(first, nan)), place)
    path = tmp_path / "giant.json"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(UserError, match="has 1,024 MiB, and a submission has 64 MiB at most: not read"):
        check_submission(path, place)
    for text in ("[" * 100_000, '{"by": 1, "by": 2}', "\x00\x01", ""):
        with pytest.raises(UserError):
            check_submission(written(tmp_path, "t", text), place)


def test_two_honest_ones_and_a_hostile_one_make_a_page_with_two(honest, tmp_path, monkeypatch, capsys):
    from t2ibench.cli import main

    place, (first, second) = honest
    config = place.workspace.root.parent / "benchmarks.toml"
    written(tmp_path / "in", "a", first)
    written(tmp_path / "in", "b", second)
    written(tmp_path / "in", "c", signed(changed(first, retitle("<img src=x onerror=alert(1)>"))))
    site = tmp_path / "site"
    places = ["--workspace", str(place.workspace.root), "--config", str(config), "--device", "cpu"]
    monkeypatch.setattr(sys, "argv", ["t2ibench", "board", "build", str(tmp_path / "in"), "-o", str(site), *places])
    with pytest.raises(SystemExit) as left:
        main()
    said = capsys.readouterr().out
    assert left.value.code == 0
    assert "passed: a.json by Ada" in said and "passed: b.json by Grace" in said and "Refused: c.json, record" in said
    page = (site / "index.html").read_text("utf-8")
    assert "blurry (by Ada)" in page and "noisy (by Grace)" in page and "<img src=x" not in page
    assert "Refused: c.json" in page
    checks = json.loads((site / "checks.json").read_text("utf-8"))
    assert [one["file"] for one in checks["passed"]] == ["a.json", "b.json"] and list(checks["refused"]) == ["c.json"]


def test_of_two_numbers_for_one_question_the_later_is_refused(honest, tmp_path):
    place, (first, _) = honest
    better = signed(changed(first, lambda value: row(value).update(value=row(value)["value"] + 0.5)))
    written(tmp_path, "a", first)
    written(tmp_path, "b", better)
    passed, refused = check_folder(tmp_path, place)
    assert [one.name for one in passed] == ["a.json"] and "of which a.json states" in refused["b.json"]


def test_records_of_another_workspace_are_taken_over_marked_and_once(honest, tmp_path):
    source, _ = measured(tmp_path / "theirs", "elsewhere", 60.0)
    results = place_in(tmp_path / "mine").workspace
    mine = Results(results.results)
    taken, said = foreign.import_records(source.workspace.root, mine)
    records, faults = mine.latest()
    assert taken == len(records) > 10 and said == [] and faults == []
    assert all("Measured in another workspace (theirs)" in record.warnings[-1] for record in records.values())
    assert foreign.import_records(source.workspace.root, mine) == (0, [])
    lines = (source.workspace.results / "records.jsonl").read_text("utf-8").splitlines()
    forged = json.loads(lines[0])
    forged["source"]["name"] = "mine"
    (tmp_path / "records.jsonl").write_text(json.dumps(forged), encoding="utf-8")
    with pytest.raises(UserError, match="line 1: has an id that is not the digest"):
        foreign.import_records(tmp_path, mine)
    with pytest.raises(UserError, match=r"has no records\.jsonl"):
        foreign.import_records(tmp_path / "nothing", mine)


def test_a_number_measured_here_stays(tmp_path):
    place, _ = measured(tmp_path / "here", "row", 60.0)
    own = Results(place.workspace.results)
    theirs = Results(tmp_path / "there")
    others = [
        record.model_copy(update={"value": record.value + 1}) if record.metric.column == "is" else record
        for record in own.latest()[0].values()
        if record.status == "ok"
    ]
    theirs.append(others)
    taken, said = foreign.import_records(tmp_path / "there", own)
    assert taken == 0 and said and all("the own number was kept" in sentence for sentence in said)
