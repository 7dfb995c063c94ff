"""A small StackGAN on codes from files, which $STUB_STEP kills; as a script, the command line with it."""

import os
import signal
from pathlib import Path

from t2ibench.core.registry import registry
from t2ibench_baselines.stackgan_v1 import StackGANv1
from tests import stub_run

BENCHMARKS = """
schema = 1
[datasets.squares]
adapter = "squares"
protocol = "p"
[protocols.p]
metrics = []
[encoders.char_cnn_rnn]
plugin = "char_cnn_rnn"
steps = 0
[encoders.char_cnn_rnn.parameters]
dimension = 8
[models.stacked]
plugin = "killed-stackgan"
steps = 6
[models.stacked.parameters]
text = "char-cnn-rnn"
base_resolution = 16
generator_features = 16
discriminator_features = 4
residual_blocks = 1
latent = 6
condition = 12
batch_size = 4
halving_epochs = 1
ema_decay = 0.9
"""


class KilledStackGAN(StackGANv1):
    """Ends its own process between the two updates of step $STUB_STEP (counted from 1)."""

    def updates(self, batch, noise):
        for update in super().updates(batch, noise):
            yield update
            if str(batch.step + 1) == os.environ.get("STUB_STEP"):
                os.kill(os.getpid(), signal.SIGKILL)


def register() -> None:
    stub_run.register()
    if "killed-stackgan" not in registry("models"):
        registry("models").add("killed-stackgan", KilledStackGAN)


def write_benchmarks(folder: Path) -> None:
    (folder / "benchmarks.toml").write_text(BENCHMARKS)


if __name__ == "__main__":
    from t2ibench.cli import main

    register()
    main()
