"""What a reader must know of the data set stands at every number made from it."""

import dataclasses

import pytest

from t2ibench.core.interfaces import ReportInput
from t2ibench.core.place import Place
from t2ibench.core.records import Results
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.request import open_table as evaluating
from t2ibench.evaluation.request.request import EvaluateRequest
from t2ibench.models.folder import read_model_folder
from t2ibench.training import train as training
from t2ibench.training.request import TrainRequest
from t2ibench.training.train import ensure_trained
from t2ibench_reports.leaderboard import Leaderboard


@pytest.fixture
def partial(monkeypatch, manifest):
    """The squares as if some were missing."""
    said = "squares is partial: 1 of its 25 images were left out, so numbers from it stand alone."
    changed = dataclasses.replace(manifest, missing=("999",), caveats=(said,))
    for module in (evaluating, training):
        monkeypatch.setattr(module, "open_dataset", lambda *_, **__: changed)
    return said


def test_a_partial_data_set_marks_records_and_leaderboard(place, trained, tmp_path, partial):
    workspace, benchmarks = place

    class Apart(Workspace):
        store = tmp_path / "store"
        results = tmp_path / "results"

    request = EvaluateRequest(models=(str(trained.path),), datasets=("squares",), samples=30, metrics=("is",))
    (found,) = evaluate(request, Place(benchmarks, Apart(workspace.root), device="cpu", batch_size=8))
    assert found.records and all(record.warnings[-1] == partial for record in found.records)
    records, faults = Results(tmp_path / "results").read()
    pages = Leaderboard().render(ReportInput(records, faults, tmp_path / "results" / "images", ("md", "html", "csv")))
    for name, content in pages.items():
        assert "squares is partial: 1 of its 25 images" in content.decode(), name


def test_a_model_that_learned_from_it_says_so(place, tmp_path, partial):
    _, benchmarks = place
    request = TrainRequest.of("stub", dataset="squares", steps=1, encoder_steps=1)
    folder = ensure_trained(request, Place(benchmarks, Workspace(tmp_path), device="cpu"))
    assert read_model_folder(folder).card.notes[-1] == f"Of what it learned from: {partial}"
