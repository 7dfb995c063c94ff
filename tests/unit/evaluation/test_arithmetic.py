"""Images made in bf16 or by torch.compile: near those of 32 bits, never taken for them, and said to be so."""

import shutil

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.machine.arithmetic import FULL, MIXED, Arithmetic, precision_named
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import GenerationOptions
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.images.sources import ModelSource
from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables
from t2ibench.sampling.sample import draw_sheet
from tests.unit.evaluation.small_models import PLAN, small_model
from tests.unit.evaluation.stubs import Colours

BF16 = Arithmetic(MIXED)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return small_model("attngan", tmp_path_factory.mktemp("models") / "attngan")


def made(folder, **options):
    generation = GenerationOptions(**options)
    source = ModelSource(folder, device="cpu", resolution=32, quantise="round", generation=generation)
    return source, torch.cat([batch.pixels for batch in source.images(PLAN, batch_size=10)]).float()


def test_names():
    assert precision_named("BF16") == MIXED and precision_named("32") == precision_named("32-true") == FULL
    with pytest.raises(UserError, match="leave their range"):
        precision_named("fp16")
    with pytest.raises(UserError, match="bf16"):
        precision_named("bf8")
    assert Arithmetic().identity == {} and Arithmetic().words == ()


def test_bf16_images_are_near_and_another_source(folder):
    plain, expected = made(folder)
    mixed, found = made(folder, precision=MIXED)
    assert 0 < (found - expected).abs().mean() < 3 and (found - expected).abs().max() < 40
    assert mixed.identity != plain.identity and mixed.card.title == f"{plain.card.title}, bf16"
    assert mixed.card.notes[-1] == "Its networks made the images bf16, as was asked."
    assert made(folder, precision=FULL)[0].identity == plain.identity


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs g++ on the CPU")
def test_compiled_networks_make_the_same_images_but_for_rounding(folder, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda network: compiled.append(type(network).__name__))
    source, found = made(folder, compiled=True)
    plain, expected = made(folder)
    assert compiled and source.identity != plain.identity and "compiled" in source.card.title
    assert torch.equal(found, expected)  # the compiler itself is torch's, and tested in training


def test_a_sheet_with_attention_in_bf16(folder):
    options = {"samples": 1, "seed": 0, "attention": True, "device": "cpu"}
    text = PLAN.items[0].caption.text
    sheets = [draw_sheet(folder, [text], **options, arithmetic=one) for one in (Arithmetic(), BF16)]
    assert sheets[0] != sheets[1] and all(sheet.startswith(b"\x89PNG") for sheet in sheets)


def test_tables_of_two_precisions_share_nothing_but_real_images(place, trained, tmp_path):
    workspace, benchmarks = place

    class Apart(Workspace):
        store = tmp_path / "store"
        results = tmp_path / "results"

    here = Place(benchmarks, Apart(workspace.root), device="cpu")
    request = {"models": (str(trained.path),), "datasets": ("squares",), "samples": 20, "metrics": ("fid",)}
    (plain,) = evaluate(EvaluateRequest(**request), here)
    before = Colours.seen
    (mixed,) = evaluate(EvaluateRequest(**request, arithmetic=BF16), here)
    assert Colours.seen - before == 40  # the model's and its untrained twin's; controls are read from the store
    found, usual = ({record.source.name: record for record in one.records} for one in (mixed, plain))
    assert found["stub"].source.title == "Stub, bf16" and usual["stub"].source.title == "Stub"
    assert found["stub"].images_digest != usual["stub"].images_digest
    assert found["noise"].images_digest == usual["noise"].images_digest
    assert found["noise"].plan.rules != usual["noise"].plan.rules  # two tables
    assert found.keys() == usual.keys() and mixed.measured == len(found)


def test_a_table_without_models_has_no_precision(place):
    workspace, benchmarks = place
    request = EvaluateRequest(models=(), datasets=("squares",), arithmetic=BF16)
    with pytest.raises(UserError, match="name some with --models"):
        list(resolve_tables(request, Place(benchmarks, workspace, device="cpu"), rows_named=True))
