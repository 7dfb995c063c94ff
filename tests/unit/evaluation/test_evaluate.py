"""Tables of the squares: a record for every row and column, whatever happens to the others."""

import dataclasses
import json
from functools import partial

import numpy as np
import pytest
from PIL import Image

import t2ibench.models.folder as folders
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.records import Results
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.data.images import RealImages
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables
from tests.unit.evaluation.stubs import Colours, Oracle

CONTROLS = ("ground-truth", "real-test", "shuffled-captions", "noise", "untrained")


@pytest.fixture
def table(place, trained, tmp_path):
    """Evaluates the stub model; features and records go to a folder of this test's own."""
    workspace, benchmarks = place

    class Apart(Workspace):
        store = tmp_path / "store"
        results = tmp_path / "results"

    def run(*, change=None, weights_dir=None, **rest):
        request = EvaluateRequest(**{"models": (str(trained.path),), "datasets": ("squares",), "samples": 90, **rest})
        entries = {**benchmarks.protocols, "p": benchmarks.protocols["p"].model_copy(update=change or {})}
        changed = benchmarks.model_copy(update={"protocols": entries})
        apart = Apart(workspace.root)
        (evaluation,) = evaluate(request, Place(changed, apart, device="cpu", batch_size=8, weights_dir=weights_dir))
        return evaluation

    run.results = Results(tmp_path / "results")
    return run


@pytest.fixture
def full_table(table):
    return table()


def cells(evaluation):
    return {(record.source.name, record.metric.column): record for record in evaluation.records}


def test_every_row_has_every_column(full_table, trained):
    found = cells(full_table)
    linked = [row for row in ("stub", *CONTROLS) if row != "real-test"]
    assert list(found) == [
        (row, column)
        for row in ("stub", *CONTROLS)
        for column in (("is", "fid", "r") if row in linked else ("is", "fid"))  # its images belong to no caption
    ]
    assert full_table.measured == len(found) == 17 and not full_table.failed
    for record in found.values():
        assert record.n == 90 and record.plan.split == "train" and record.images_digest
        assert record.interval.low <= record.value <= record.interval.high
    assert len({record.id for record in found.values()}) == 17
    assert {record.images_digest for record in found.values()} == {found[row, "is"].images_digest for row, _ in found}
    assert len({record.images_digest for record in found.values()}) == 6
    origins = {row: found[row, "is"].source.origin for row, _ in found}
    assert origins == {"stub": Origin.RETRAINED} | dict.fromkeys(CONTROLS, Origin.CONTROL)


def test_the_controls_lie_where_they_must(full_table):
    found = cells(full_table)
    assert found["ground-truth", "fid"].value < found["noise", "fid"].value
    assert found["ground-truth", "r"].value > 35
    # Chance is one of ten.
    shuffled, noise = (found[row, "r"].interval for row in ("shuffled-captions", "noise"))
    assert shuffled.low <= 10 <= shuffled.high < found["ground-truth", "r"].value
    assert noise.low <= 10 <= noise.high < found["ground-truth", "r"].value


def test_the_untrained_row_is_the_model_before_its_first_step(full_table):
    source = cells(full_table)["untrained", "fid"].source
    assert source.steps == 0 and source.trained_on == "squares" and source.title == "Untrained (Stub)"
    model = cells(full_table)["stub", "fid"]
    assert model.source.steps == 4 and model.images_digest != cells(full_table)["untrained", "fid"].images_digest


def test_a_second_asking_measures_nothing_and_loads_no_model(table, full_table, monkeypatch):
    opened, lines = Colours.opened + Oracle.opened, len(table.results.read()[0])

    def never(*_, **__):
        raise AssertionError("a model was loaded")

    monkeypatch.setattr(folders, "load_model", never)
    again = table()
    assert again.measured == 0 and again.records == full_table.records
    assert Colours.opened + Oracle.opened == opened and len(table.results.read()[0]) == lines == 17


def test_a_new_column_measures_itself_alone(table):
    table(metrics=("is",))
    assert table(metrics=("is", "fid", "fid")).measured == 6
    assert len(table(metrics=("is", "fid")).records) == 12


def test_a_metric_with_its_own_reference_sets_every_image_against_its_captions(table):
    done = table(metrics=("ssi",))
    found = {row: record for (row, _), record in cells(done).items()}
    assert not done.failed and set(found) == {"stub", *CONTROLS} - {"real-test"}  # whose images belong to no caption
    assert found["ground-truth"].value == pytest.approx(1) and found["ground-truth"].n == 90
    assert found["noise"].value < 0.3 and found["shuffled-captions"].value < 0.99
    assert "with the caption's image" in found["stub"].metric.subtitle and found["stub"].metric.reference
    assert found["stub"].metric.features["resize"] == "Pillow bilinear 16"


def test_a_metric_that_refuses_stands_alone(table):
    done = table(samples=15, controls=False, change={"negatives": 5})
    assert not done.failed
    few = table(samples=9, controls=False, metrics=("is", "fid", "r"))
    found = cells(few)
    assert found["stub", "is"].status == "ok"
    for column in ("fid", "r"):
        record = found["stub", column]
        assert record.status == "failed" and record.value is None and record.n == 9
        assert "needs at least 10 images and was given 9" in record.error


def test_a_column_without_negatives_takes_no_other_with_it(table):
    done = table(change={"negatives": 5000}, controls=False, metrics=("r", "is", "fid"))
    assert [record.status for record in done.records] == ["failed", "ok", "ok"]
    assert "needs 5000 captions" in done.records[0].error


def test_without_negatives_there_is_no_shuffled_row_and_all_others(table, capsys):
    found = cells(table(change={"negatives": 5000}, metrics=("fid", "r")))
    assert {row for row, _ in found} == {"stub", *CONTROLS} - {"shuffled-captions"}
    assert all(record.status == ("failed" if column == "r" else "ok") for (_, column), record in found.items())
    assert "No shuffled-captions row: R-precision needs 5000 captions" in capsys.readouterr().err


def test_missing_weights_are_one_sentence_and_failed_records(table, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    ask = partial(table, metrics=("fid-brought", "is", "fid"))
    done = ask(controls=False)
    assert [record.status for record in done.records] == ["failed", "ok", "ok"]
    assert "brought.bin" in done.records[0].error and "--weights-dir" in done.records[0].error
    assert capsys.readouterr().err.count(done.records[0].error) == 1
    (tmp_path / "brought.bin").write_bytes(b"weights")
    brought = ask(controls=False, weights_dir=tmp_path)
    assert brought.measured == 1 and not brought.failed
    assert brought.records[0].value == pytest.approx(brought.records[2].value)


def test_an_extractor_that_fails_when_opened_takes_no_other_with_it(table, monkeypatch):
    @classmethod
    def broken(cls, context):
        raise UserError("The oracle's weights are damaged.")

    monkeypatch.setattr(Oracle, "open", broken)
    done = table(controls=False)
    assert [record.status for record in done.records] == ["ok", "ok", "failed"]
    assert done.records[2].error == "The oracle's weights are damaged."
    monkeypatch.undo()
    again = table(controls=False)  # what failed is tried anew
    assert again.measured == 1 and not again.failed


def test_features_that_cannot_read(table):
    done = table(controls=False, metrics=("r-deaf", "r"))
    assert [record.status for record in done.records] == ["failed", "ok"]


def test_a_diverged_model_fails_and_the_controls_do_not(table, monkeypatch):
    from t2ibench.testing.stub_model import StubGAN

    generate = StubGAN.generate

    def diverged(self, captions, noise, **rest):
        return generate(self, captions, noise, **rest) * float("nan")

    monkeypatch.setattr(StubGAN, "generate", diverged)
    found = cells(table())
    for (row, _), record in found.items():
        assert record.status == ("failed" if row in ("stub", "untrained") else "ok")
    assert "not finite" in found["stub", "is"].error


def test_costs_add_up(table, monkeypatch):
    from t2ibench.evaluation.measuring import table as module

    collecting = module.collect

    def collect(*arguments, **rest):
        found = collecting(*arguments, **rest)
        return dataclasses.replace(found, making_seconds=600.0, feature_seconds={"colours": 60.0, "oracle": 7.0})

    monkeypatch.setattr(module, "collect", collect)
    done = table(controls=False)
    # Making is shared by three columns, colours by two; what is left over is the metric's own, far below a second.
    for record, expected in zip(done.records, (200 + 30, 200 + 30, 200 + 7), strict=True):
        assert expected < record.cost.seconds < expected + 5
        assert record.cost.images_per_second == pytest.approx(90 / 600)
        assert record.cost.peak_memory_bytes > 10_000_000


def test_a_judge_seen_in_training_is_marked(table, trained):
    found = cells(table(metrics=("r", "r-judge")))
    assert found["stub", "r-judge"].metric.features["weights"] in trained.card.trained_with
    marked = {key for key, record in found.items() if record.judge_seen_in_training}
    assert marked == {("stub", "r-judge"), ("untrained", "r-judge")}


def test_sample_strips_have_their_captions(full_table, table):
    found = cells(full_table)
    images = table.results.folder / "images"
    assert len({record.images for record in found.values()}) == 6
    for record in found.values():
        strip = np.asarray(Image.open(images / record.images))
        assert strip.shape == (16, 16 * 16, 3)
        captions = json.loads((images / record.images).with_suffix(".json").read_text())["captions"]
        assert len(captions) == 16
    truth = json.loads((images / found["ground-truth", "is"].images).with_suffix(".json").read_text())["captions"]
    strip = np.asarray(Image.open(images / found["ground-truth", "is"].images)).astype(int)
    for place, caption in enumerate(truth):
        pixel = strip[6, 16 * place + 7]
        named = "red" if "red" in caption else "green" if "green" in caption else "blue" if "blue" in caption else ""
        if named:
            assert int(pixel.argmax()) == ["red", "green", "blue"].index(named)


def test_seed_and_resolution_are_other_questions(table):
    first = table(controls=False)
    for rest in ({"seed": 5}, {"change": {"resolution": 24}}, {"change": {"quantise": "truncate"}}):
        other = table(controls=False, **rest)
        assert other.measured == 3 and not {r.id for r in other.records} & {r.id for r in first.records}
    assert table(controls=False).measured == 0


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"datasets": ("square",)}, "Did you mean squares"),
        ({"metrics": ("fdi",)}, "Did you mean fid"),
        ({"protocol": "q"}, "no protocol called 'q'"),
        ({"models": ()}, "No model was named"),
        ({"models": ("stbu",)}, "Did you mean stub"),
        ({"models": ("stub-encoder",)}, "stub-encoder is an encoder, which makes no images"),
        ({"change": {"controls": ("ground-thruth",)}}, "Did you mean ground-truth"),
    ],
)
def test_faults_are_sentences(table, change, sentence):
    with pytest.raises(UserError, match=sentence):
        table(**change)
    assert not table.results.folder.exists()


def test_options_that_do_not_fit(place, trained):
    workspace, benchmarks = place
    wrong = benchmarks.metrics["is"].model_copy(update={"options": {"folds": 3}})
    changed = benchmarks.model_copy(update={"metrics": {**benchmarks.metrics, "is": wrong}})
    with pytest.raises(UserError, match=r"options of \[metrics.is\] .* 'folds'"):
        evaluate(
            EvaluateRequest(models=(str(trained.path),), datasets=("squares",)), Place(changed, workspace, device="cpu")
        )


def test_without_data_sets_those_learned_from_are_taken(place, trained, tmp_path):
    workspace, benchmarks = place
    twin = workspace.data / "other"
    twin.mkdir(exist_ok=True)
    (twin / "manifest.json").write_bytes((workspace.data / "squares" / "manifest.json").read_bytes())
    both = {**benchmarks.datasets, "other": benchmarks.datasets["squares"]}
    benchmarks = benchmarks.model_copy(update={"datasets": both})
    for selector in ("stub", str(trained.path), "stub,stub"):
        request = EvaluateRequest(models=tuple(selector.split(",")))
        planned = [one.describe() for one in resolve_tables(request, Place(benchmarks, workspace))]
        assert [(one["dataset"], len(one["models"])) for one in planned] == [("squares", 1)]
    with pytest.raises(UserError, match="not trained yet"):
        list(resolve_tables(EvaluateRequest(models=("poisoned",)), Place(benchmarks, workspace)))


def test_nothing_of_a_plan_is_the_request_object(place, trained):
    asked = EvaluateRequest(models=("stub",), datasets=("squares",), seed=7)
    (planned,) = (one.describe() for one in resolve_tables(asked, Place(place[1], place[0])))
    assert planned["protocol"]["seed"] == 7 and planned["metrics"] == ["is", "fid", "r"]
    (bare,) = resolve_tables(dataclasses.replace(asked, controls=False), Place(place[1], place[0]))
    assert bare.describe()["controls"] == []


def test_fjd_finds_the_reference_images_captions_whatever_captions_are_judged(table):
    (record,) = table(samples=20, metrics=("joint",), controls=False).records
    assert record.status == "ok" and record.value > 0


def test_a_metric_of_memorisation_names_its_training_images(table, manifest):
    found = {}
    for split in ("train", "test"):
        (record,) = table(samples=20, metrics=("near",), controls=False, change={"split": split}).records
        found[split] = record
    assert "training" not in found["train"].metric.options and "no training split" in found["train"].error
    ids = [image.id for image in manifest.split("train")]
    assert found["test"].metric.options["training"] == RealImages(manifest).digest(ids, 16)
    assert "training squares/train" in found["test"].metric.subtitle and found["test"].status == "ok"


def test_samples_per_caption_repeats_captions_with_other_noise(table):
    (record,) = table(samples=24, samples_per_caption=4, metrics=("vary",), controls=False).records
    assert record.status == "ok" and record.n == 24 and record.value > 0
    (alone,) = table(samples=24, metrics=("vary",), controls=False).records
    assert "--samples-per-caption" in alone.error
    with pytest.raises(UserError, match="--samples-per-caption"):
        table(samples_per_caption=2, change={"captions": "passes"})
