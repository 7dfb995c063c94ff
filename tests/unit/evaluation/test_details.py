"""What an evaluation and a comparison keep beside their records."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.place import Place
from t2ibench.core.records import Results
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.data.images import RealImages
from t2ibench.evaluation.compare import compare
from t2ibench.evaluation.details.details import READ_BACK, furthest
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.request.request import EvaluateRequest
from tests.unit.evaluation.stubs import write_config

N = 40


@pytest.fixture(scope="module")
def kept(place, trained, tmp_path_factory):
    """(results, benchmarks, workspace, records) of an evaluation of the stub model."""
    workspace, benchmarks = place
    folder = tmp_path_factory.mktemp("kept")

    class Apart(Workspace):
        store = folder / "store"
        results = folder / "results"

    apart = Apart(workspace.root)
    request = EvaluateRequest((str(trained.path),), ("squares",), samples=N)
    (evaluation,) = evaluate(request, Place(benchmarks, apart, device="cpu", batch_size=8))
    return Results(folder / "results"), benchmarks, apart, {one.source.name: one for one in evaluation.records}


def details(kept, name):
    results, _, _, records = kept
    return json.loads((results.details / records[name].images).with_suffix(".json").read_text())


def test_values_by_caption_average_to_the_rows_figure(kept):
    results, _, _, records = kept
    for name in ("stub", "ground-truth", "shuffled-captions", "noise"):
        values = details(kept, name)["values"][records[name].metric.digest]
        assert len(values) == N
        assert sum(values) / N == pytest.approx(records[name].value)
    captions = json.loads((results.details / details(kept, "stub")["captions"]).read_text())["captions"]
    assert len(captions) == N and all("square" in caption for caption in captions)


def test_the_worst_and_the_best_captions_have_their_images(kept):
    results, _, _, records = kept
    found = details(kept, "stub")
    values = found["values"][records["stub"].metric.digest]
    extremes = found["extremes"]
    worst, best = ([values[place] for place in extremes[resolution]] for resolution in ("worst", "best"))
    assert worst == sorted(values)[: len(worst)] and best == sorted(values, reverse=True)[: len(best)]
    with Image.open(results.details / extremes["image"]) as strip:
        assert strip.size == (16 * 2 * (len(worst) + len(best)), 16)
    assert "extremes" not in details(kept, "ground-truth")


def test_what_a_captioner_reads_is_kept_beside_what_it_reads_in_real_images(place, trained, tmp_path, monkeypatch):
    class Told:
        def __init__(self, context):
            self.identity = self.peek(context)

        @classmethod
        def peek(cls, context):
            return FeatureIdentity("told", 1, "none", "none", "none", captions="greedy")

        open = classmethod(lambda cls, context: cls(context))

        def caption(self, pixels):
            return [f"a square of level {int(one)}" for one in pixels.float().mean(dim=(1, 2, 3))]

    monkeypatch.setitem(registry("captioners")._added, "told", Told)
    table = """
[features.told]
plugin = "caption-back"
options = { captioner = "told" }
[metrics.told]
metric = "caption_back_cider"
features = "told"
"""
    benchmarks = load_benchmarks(write_config(tmp_path, lambda text: text + table)).content

    class Apart(Workspace):
        store = tmp_path / "store"
        results = tmp_path / "results"

    apart = Apart(place[0].root)
    request = EvaluateRequest((str(trained.path),), ("squares",), samples=12, metrics=("told",), controls=False)
    (evaluation,) = evaluate(request, Place(benchmarks, apart, device="cpu", batch_size=8))
    (record,) = evaluation.records
    assert record.status == "ok", record.error
    found = json.loads((Results(apart.results).details / record.images).with_suffix(".json").read_text())["read_back"]
    assert found["by"] == "by told, greedy" and len(found["rows"]) == READ_BACK
    with Image.open(Results(apart.results).details / found["image"]) as strip:
        side, strip = strip.height, strip.convert("RGB")
    tiles = [strip.crop((side * at, 0, side * (at + 1), side)) for at in range(strip.width // side)]
    levels = [int(torch.from_numpy(np.asarray(tile).copy()).float().mean()) for tile in tiles]
    assert [int(said.rsplit(" ", 1)[1]) for said in [row[1] for row in found["rows"]]] == levels[:READ_BACK]
    assert [int(said.rsplit(" ", 1)[1]) for said in [row[2] for row in found["rows"]]] == levels[READ_BACK:]


def test_a_model_shows_its_inner_life_and_its_training(kept):
    found = details(kept, "stub")
    views = found["inside"]["seen"][0]["views"]
    assert any("Attention" in view["title"] for view in views)
    with Image.open(kept[0].details / found["inside"]["image"]) as strip:
        assert strip.width == found["inside"]["tiles"] * strip.height
    assert found["training"]["curves"]
    assert "inside" not in details(kept, "untrained") and "training" not in details(kept, "noise")


def test_a_comparison_keeps_the_captions_on_which_rows_differ(kept):
    results, benchmarks, workspace, _ = kept
    request = EvaluateRequest((), ("squares",), samples=N)
    compare("ground-truth", "noise", request, Place(benchmarks, workspace, device="cpu", batch_size=8))
    (path,) = results.details.glob("pair-*.json")
    pair = json.loads(path.read_text())
    digest = pair["metric"]
    first, second = (details(kept, name)["values"][digest] for name in ("ground-truth", "noise"))
    gains = [one - other for one, other in zip(first, second, strict=True)]
    assert [gains[place] for place in pair["ahead"]] == sorted((one for one in gains if one > 0), reverse=True)[:6]
    assert all(gains[place] < 0 for place in pair["behind"])
    with Image.open(results.details / pair["image"]) as strip:
        assert strip.width == 16 * 3 * len(pair["ahead"] + pair["behind"])


def test_the_furthest():
    assert furthest([0.0, 2.0, -1.0, 2.0, 5.0], 3) == [4, 1, 3]
    assert furthest([-1.0], 3) == []


def test_an_inner_life_of_an_older_version_is_made_anew_and_nothing_else(kept, trained):
    results, benchmarks, workspace, records = kept
    path = (results.details / records["stub"].images).with_suffix(".json")
    before = json.loads(path.read_text())
    older = {key: value for key, value in before.items() if key not in ("inside", "inside_version")}
    path.write_text(json.dumps({**older, "extremes": {"kept": "as it was"}}))
    request = EvaluateRequest((str(trained.path),), ("squares",), samples=N)
    evaluate(request, Place(benchmarks, workspace, device="cpu", batch_size=8))
    assert json.loads(path.read_text()) == {**before, "extremes": {"kept": "as it was"}}
    path.write_text(json.dumps(before))


def test_the_images_nearest_to_training_images_lie_beside_them(place, trained, tmp_path, manifest):
    workspace, benchmarks = place

    class Apart(Workspace):
        store = tmp_path / "store"
        results = tmp_path / "results"

    rules = benchmarks.protocols["p"].model_copy(update={"split": "test", "metrics": ("near",), "controls": ()})
    changed = benchmarks.model_copy(update={"protocols": {**benchmarks.protocols, "p": rules}})
    request = EvaluateRequest((str(trained.path),), ("squares",), samples=12)
    (evaluation,) = evaluate(request, Place(changed, Apart(workspace.root), device="cpu", batch_size=8))
    (record,) = evaluation.records
    folder = Results(tmp_path / "results").details
    found = json.loads((folder / record.images).with_suffix(".json").read_text())["nearest"]
    assert len(found["places"]) == 8 and found["shares"] == sorted(found["shares"]) and found["shares"][0] < 1
    training = {image.id for image in manifest.split("train")}
    assert set(found["training"]) <= training and found["metric"] == record.metric.digest
    with Image.open(folder / found["image"]) as strip:
        assert strip.size == (16 * 16, 16)
        real = RealImages(manifest).load(found["training"][:1], 16)[0].permute(1, 2, 0).numpy()
        assert (np.asarray(strip.convert("RGB"))[:, 16 * 8 : 16 * 9] == real).all()
