"""The stub plug-ins for tests; as a script, the command line with them (python -m tests.stub_run train stub ...)."""

import os
import signal
from pathlib import Path

import torch

from t2ibench.core.registry import registry
from t2ibench.testing.squares import Squares
from t2ibench.testing.stub_encoder import StubEncoder
from t2ibench.testing.stub_model import StubGAN

BENCHMARKS = """
schema = 1
[datasets.squares]
adapter = "squares"
protocol = "p"
[protocols.p]
metrics = []
[encoders.stub-encoder]
plugin = "stub-encoder"
steps = 6
[models.stub]
plugin = "stub"
title = "Stub"
steps = 12
[models.stub.variants.small]
title = "Stub, small"
parameters = { features = 4 }
[models.poisoned]
plugin = "poisoned"
steps = 12
[models.killed]
plugin = "killed"
steps = 12
"""


class Poisoned(StubGAN):
    """Its generator's loss is NaN at step 8 (counted from 1)."""

    def updates(self, batch, noise):
        for update in super().updates(batch, noise):
            if update.optimizer == "generator" and batch.step == 7:
                update.loss.data.fill_(float("nan"))
            yield update


class Killed(StubGAN):
    """Sends $STUB_SIGNAL to its own process in the middle of step $STUB_STEP (counted from 1)."""

    def updates(self, batch, noise):
        for update in super().updates(batch, noise):
            yield update
            if update.optimizer == "discriminator" and str(batch.step + 1) == os.environ.get("STUB_STEP"):
                os.kill(os.getpid(), getattr(signal, os.environ["STUB_SIGNAL"]))


def register() -> None:
    for kind, name, value in (
        ("datasets", "squares", Squares),
        ("encoders", "stub-encoder", StubEncoder),
        ("models", "stub", StubGAN),
        ("models", "poisoned", Poisoned),
        ("models", "killed", Killed),
    ):
        if name not in registry(kind):
            registry(kind).add(name, value)


def write_benchmarks(folder: Path) -> Path:
    path = folder / "benchmarks.toml"
    path.write_text(BENCHMARKS)
    return path


if __name__ == "__main__":
    from t2ibench.cli import main

    torch.set_num_threads(1)
    register()
    main()
