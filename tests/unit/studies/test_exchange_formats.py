"""Results in the formats of others, and a data set's metadata: what they hold, to the digit."""

from __future__ import annotations

import json
import sys

import pytest
import yaml

from t2ibench.core.files import digest_of_file
from t2ibench.core.types import Origin
from t2ibench.data.croissant import write_croissant
from t2ibench.data.open import open_dataset
from t2ibench.studies.exchange.formats import SCHEMA_VERSION, every_eval_ever, hugging_face
from tests.reports.sample_results import FID, R, plan, record, sample_records, source, write_sample
from tests.unit.studies.exchange_rows import place_in

MODEL = source("attngan", title="AttnGAN", variant="", steps=12_000, paper='Xu: "AttnGAN" # 2018\n- x', seed=3)
ASKED = plan("cub", 600)
RECORDS = [
    record(MODEL, FID, 41.25, 1.5, ASKED, spread={"std over 10 splits": 0.5}),
    record(MODEL, R, 61.5, 2.0, ASKED),
    record(MODEL, R.model_copy(update={"column": "r-2"}), None, None, ASKED),
    record(source("noise", Origin.CONTROL), FID, 400.0, 1.0, ASKED),
]


def test_the_hubs_yaml_has_value_interval_n_and_method():
    files = hugging_face(RECORDS, "our-lab")
    (fid,) = [text for name, text in files.items() if name.endswith(f"-{FID.column}.yaml")]
    assert len(files) == 2 and all("/.eval_results/cub-" in name for name in files)
    (entry,) = yaml.safe_load(fid)
    assert entry["dataset"] == {"id": "our-lab/cub", "task_id": FID.column}
    assert entry["value"] == 41.25 and str(entry["date"]).startswith("2026-11-20")
    for part in ("n 600", "95% interval 39.75 to 42.75, jackknife", "std over 10 splits 0.5", RECORDS[0].id):
        assert part in entry["notes"]


def test_every_eval_ever_keeps_intervals_n_and_method():
    ((name, text),) = every_eval_ever(RECORDS, "Our lab").items()
    value = json.loads(text)
    assert name.startswith("t2ibench-cub/attngan-") and name.endswith(".json")
    assert value["schema_version"] == SCHEMA_VERSION and value["evaluation_id"] == "t2ibench-cub/attngan/1795168800"
    assert value["model_info"]["additional_details"]["training_seed"] == "3"
    fid, r = value["evaluation_results"]
    assert fid["score_details"]["score"] == 41.25 and fid["metric_config"]["lower_is_better"]
    assert fid["score_details"]["uncertainty"] == {
        "num_samples": 600,
        "confidence_interval": {
            "lower": 39.75,
            "upper": 42.75,
            "confidence_level": 0.95,
            "method": RECORDS[0].interval.method,
        },
    }
    assert (r["metric_config"]["min_score"], r["metric_config"]["max_score"]) == (0.0, 100.0)
    details = [value["model_info"], fid["source_data"], fid["metric_config"]]
    strings = [text for one in details for text in one["additional_details"].values()]
    assert all(isinstance(text, str) for text in (*strings, *fid["score_details"]["details"].values()))


def test_names_of_rows_cannot_leave_the_folder():
    evil = record(source("../../x", title="x"), FID, 1.0, 0.1, ASKED)
    for files in (hugging_face([evil], "a"), every_eval_ever([evil], "a")):
        assert all(".." not in name.split("/") and not name.startswith("/") for name in files)


@pytest.mark.parametrize("form", ["hugging-face", "every-eval-ever"])
def test_the_command_writes_them(tmp_path, monkeypatch, capsys, form):
    from t2ibench.cli import main

    write_sample(tmp_path / "workspace" / "results", sample_records())
    arguments = [
        "--format",
        form,
        "--by",
        "lab",
        "-o",
        str(tmp_path / "out"),
        "--workspace",
        str(tmp_path / "workspace"),
    ]
    monkeypatch.setattr(sys, "argv", ["t2ibench", "export", "results", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    names = capsys.readouterr().out.split()
    assert left.value.code == 0 and len(names) > 8
    assert sorted(names) == sorted(str(path) for path in (tmp_path / "out").rglob("*.*") if path.is_file())


def test_croissant_describes_the_manifest_beside_it(tmp_path):
    place = place_in(tmp_path)
    manifest = open_dataset("squares", place.benchmarks, place.workspace)
    path = write_croissant(manifest, "Squares", tmp_path / "out")
    value = json.loads(path.read_text("utf-8"))
    assert value["conformsTo"] == "http://mlcommons.org/croissant/1.0" and value["name"] == "squares"
    (file,) = value["distribution"]
    there = tmp_path / "out" / file["contentUrl"]
    assert file["sha256"] == digest_of_file(there) and file["contentSize"] == f"{there.stat().st_size} B"
    (records,) = value["recordSet"]
    written = json.loads(there.read_text("utf-8"))
    assert str(tmp_path) not in there.read_text("utf-8") and len(written["images"]) == len(manifest.images)
    for field in records["field"]:
        name = field["source"]["extract"]["jsonPath"].removeprefix("$.images[*].")
        assert name in written["images"][0]
