"""With torch.compile a run learns the same, up to rounding, under the same names; what cannot be compiled is said."""

import shutil

import pytest
import torch
from torch._dynamo.exc import TorchDynamoException

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.spec.benchmarks import TrainingSpec
from t2ibench.training.engine.compilation import compile_networks, faults_explained
from t2ibench.training.engine.engine import Engine

needs_compiler = pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile needs g++ on the CPU")


class Line(torch.nn.Module):
    """A module of ours: torch 2.6 leaves its own alone where they are called by themselves."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(2, 1)

    def forward(self, values):
        return self.layer(values)


def learned(subject, *, compiled):
    """Return the losses of two steps of the stub, which has BatchNorm, dropout and averages, and what it learned."""
    engine = Engine(subject.build(), seed=0, device=torch.device("cpu"), compiled=compiled)
    losses = []
    for step in range(2):
        engine.step(subject.batch(engine.model), step)
        losses.append(dict(engine.losses.flush()))
    with engine.ema_weights():
        pass  # nothing is compiled for a few images
    return losses, engine.weights()


@needs_compiler
def test_a_compiled_run_learns_the_same(subject):
    plain, weights = learned(subject, compiled=False)
    losses, compiled = learned(subject, compiled=True)
    assert compiled.keys() == weights.keys()
    for found, wanted in zip(losses, plain, strict=True):
        assert found == pytest.approx(wanted, rel=1e-3)


@needs_compiler
def test_gradients_of_gradients_are_refused_in_a_sentence():
    network = Line()
    compile_networks({"discriminator": network})
    images = torch.ones(3, 2, requires_grad=True)
    with pytest.raises(UserError, match="gradient penalty"), faults_explained():
        (gradient,) = torch.autograd.grad(network(images).sum(), images, create_graph=True)
        gradient.square().sum().backward()


def test_a_missing_compiler_is_told_and_other_errors_stay_as_they_are():
    with pytest.raises(RunFailedError, match="Leave --compile out"), faults_explained():
        raise TorchDynamoException("no C++ compiler found")
    with pytest.raises(RuntimeError, match="size of tensor"), faults_explained():
        raise RuntimeError("size of tensor a must match")


def test_uncompiled_networks_run_as_written():
    def backend(module, inputs):
        raise AssertionError("compiled")

    network = Line()
    network.compile(backend=backend)
    with torch.compiler.set_stance("force_eager"):
        network(torch.ones(1, 2))
    with pytest.raises(TorchDynamoException):
        network(torch.ones(1, 2))


def test_a_compiled_run_is_another_run_and_an_uncompiled_one_keeps_its_digest():
    given = {"kind": "model", "name": "a", "plugin": "a", "parameters": {}, "dataset": "d", "manifest": "m"}
    plain, compiled = TrainingSpec(**given), TrainingSpec(**given, compiled=True)
    assert plain.digest == TrainingSpec(**given, compiled=False).digest != compiled.digest
