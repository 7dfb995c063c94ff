"""A judge reads the captions that a metric needs, each once, and what it cut is told."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from t2ibench.core.storage.store import Store
from t2ibench.core.types import Caption
from t2ibench.evaluation.measuring import caption_codes as module
from t2ibench.evaluation.measuring.caption_codes import read_captions

CAPTIONS = [Caption(str(number), "word " * (number + 1)) for number in range(25)]


class Judge:
    name = "judge"
    layers: ClassVar = {"image": 2}
    identity = None

    def __init__(self):
        self.asked = []

    def opened(self):
        return self

    def describe(self):
        return {"name": "judge"}

    def extract(self, pixels):
        raise AssertionError

    def read(self, captions):
        self.asked.append(len(captions))
        return torch.tensor([[len(caption.text), 1.0] for caption in captions])

    def cut(self, captions):
        return [len(caption.text.split()) > 20 for caption in captions]


def test_pieces_are_kept_and_reported(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PIECE", 10)
    judge, store, said = Judge(), Store(tmp_path), []
    found = read_captions(judge, CAPTIONS, store, title="x", on_piece=said.append)
    assert judge.asked == [10, 10, 5] and said == [10, 20, 25]
    np.testing.assert_array_equal(found.codes[:, 0], [len(caption.text) for caption in CAPTIONS])
    assert found.cut.sum() == 5 and found.cut[20:].all()
    again = read_captions(judge, CAPTIONS[:20], store, title="x")
    assert len(judge.asked) == 3 and not again.cut.any()
    np.testing.assert_array_equal(again.codes, found.codes[:20])


@pytest.mark.parametrize("samples", [12])
def test_a_metric_that_ranks_nothing_reads_the_captions_of_its_images_alone(
    place, trained, tmp_path, monkeypatch, samples
):
    from t2ibench.core.place import Place
    from t2ibench.core.workspace import Workspace
    from t2ibench.evaluation.evaluate import evaluate
    from t2ibench.evaluation.request.request import EvaluateRequest
    from tests.unit.evaluation.stubs import Oracle

    read = []
    original = Oracle.read
    monkeypatch.setattr(Oracle, "read", lambda self, captions: read.append(len(captions)) or original(self, captions))
    monkeypatch.setattr(Oracle, "cut", lambda self, captions: [True] * len(captions), raising=False)
    benchmarks = place[1]
    metric = next(iter(benchmarks.metrics.values())).model_copy(
        update={"metric": "clip_score", "features": "oracle", "options": {}}
    )
    benchmarks = benchmarks.model_copy(update={"metrics": {**benchmarks.metrics, "clip": metric}})
    request = EvaluateRequest((str(trained.path),), ("squares",), metrics=("clip",), samples=samples)
    (found,) = evaluate(request, Place(benchmarks, Workspace(tmp_path / "ws"), device="cpu"))
    assert read and max(read) <= samples
    (record,) = [one for one in found.records if one.source.name == "ground-truth"]
    assert any("read the beginning alone of" in warning for warning in record.warnings)
