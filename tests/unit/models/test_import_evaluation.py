"""An imported model in a table: a row of official weights without steps, and its untrained twin among the controls."""

import pytest
import torch

from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.request.request import EvaluateRequest
from t2ibench.models.importing.import_official import ImportRequest, import_official
from tests.unit.evaluation.stubs import register_all, write_config
from tests.unit.models.official_files import generator, save, save_captions, text_encoder

ENTRY = '[models.attngan]\nplugin = "attngan"\nsteps = 1\n[encoders.damsm]\nplugin = "damsm"\nsteps = 1\n'


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    register_all()
    folder = tmp_path_factory.mktemp("imported")
    benchmarks = load_benchmarks(write_config(folder, lambda text: text + ENTRY)).content
    workspace = Workspace(folder / "workspace")
    words = open_dataset("squares", benchmarks, workspace).vocabulary
    torch.manual_seed(0)
    paths = (save(folder / "g.pth", generator()), save(folder / "t.pth", text_encoder(len(words))))
    captions = save_captions(folder / "captions.pickle", words)
    import_official(ImportRequest("attngan", paths, captions, dataset="squares"), benchmarks, workspace)
    asked = EvaluateRequest(models=("attngan",), samples=40, metrics=("is", "r"))
    (evaluation,) = evaluate(asked, Place(benchmarks, workspace, device="cpu"))
    return {(record.source.name, record.metric.column): record for record in evaluation.records}


def test_its_row_is_of_official_weights(records):
    for column in ("is", "r"):
        record = records["attngan", column]
        assert record.status == "ok" and record.n == 40
        assert record.source.origin is Origin.OFFICIAL_WEIGHTS and record.source.steps is None
        assert record.source.title == "AttnGAN" and record.source.licence == "MIT"


def test_its_untrained_twin_is_a_control(records):
    control = records["untrained", "is"]
    assert control.status == "ok" and control.source.origin is Origin.CONTROL and control.source.steps == 0
    assert control.source.title == "Untrained (AttnGAN)"
    assert control.source.identity != records["attngan", "is"].source.identity
