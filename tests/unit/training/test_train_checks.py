"""What a training cannot do is told before its encoders are trained."""

import dataclasses

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.testing.stub_model import StubGAN
from t2ibench.training.request import TrainRequest, plan_training
from t2ibench.training.train import ensure_trained
from tests.stub_run import BENCHMARKS, register
from tests.unit.conftest import COMPUTE

MORE = """
[models.boxed]
plugin = "boxed"
steps = 12
[models.idle]
plugin = "idle"
steps = 0
"""


class Boxed(StubGAN):
    """Learns from boxes, which the squares come without."""

    def data_request(self):
        return dataclasses.replace(super().data_request(), boxes=True)


class Idle:
    """Has nothing to learn: made around a trained model."""

    Parameters = StubGAN.Parameters

    @classmethod
    def card(cls):
        return StubGAN.card()

    @classmethod
    def requirements(cls, parameters):
        return ()

    @classmethod
    def wrapped_selector(cls, parameters):
        return "stub"

    @classmethod
    def with_wrapped(cls, parameters, identity):
        return parameters


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    register()
    for name, plugin in (("boxed", Boxed), ("idle", Idle)):
        if name not in registry("models"):
            registry("models").add(name, plugin)
    folder = tmp_path_factory.mktemp("checks")
    (folder / "benchmarks.toml").write_text(BENCHMARKS + MORE)
    return Workspace(folder / "workspace"), load_benchmarks(folder / "benchmarks.toml").content


def test_boxes_that_are_missing_are_told_before_the_encoder_is_trained(place, capsys):
    workspace, benchmarks = place
    with pytest.raises(UserError, match="squares has no bounding boxes"):
        ensure_trained(
            TrainRequest.of("boxed", dataset="squares"),
            Place(benchmarks, workspace, device="cpu", threads=1),
            compute=COMPUTE,
        )
    assert not workspace.runs.exists() and "training it" not in capsys.readouterr().err


def test_a_batch_larger_than_the_split_too(place):
    workspace, benchmarks = place
    request = TrainRequest.of("stub", dataset="squares", batch_size=100)
    with pytest.raises(UserError, match="18 images, fewer than a batch of 100"):
        ensure_trained(request, Place(benchmarks, workspace, device="cpu", threads=1), compute=COMPUTE)
    assert not workspace.runs.exists()


def test_steps_of_what_learns_nothing_are_refused(place):
    workspace, benchmarks = place
    ensure_trained(
        TrainRequest.of("stub", dataset="squares", steps=1),
        Place(benchmarks, workspace, device="cpu", threads=1),
        compute=COMPUTE,
    )
    request = TrainRequest.of("idle", dataset="squares", steps=5)
    for ask in (ensure_trained, plan_training):
        with pytest.raises(UserError, match="idle has nothing to learn, so --steps 5 means nothing"):
            ask(request, Place(benchmarks, workspace))
    assert plan_training(TrainRequest.of("idle", dataset="squares"), Place(benchmarks, workspace)).steps == 0
