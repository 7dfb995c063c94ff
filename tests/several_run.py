"""Two processes that train together, for tests: under torchrun, or forked from one that has imported torch.

    torchrun --nproc-per-node 2 -m tests.several_run train plain ...      the command line, with the plug-ins below
    python -m tests.several_run FOLDER                                    everything the tests ask, as JSON

"plain" is the stub without BatchNorm and dropout: its losses are means over rows, or of the rows of all processes, so
several processes compute what one does, up to rounding.
"""

import hashlib
import json
import os
import signal
import socket
import sys
import traceback
from dataclasses import replace
from pathlib import Path

import torch
from torch.nn import Identity

from t2ibench.core.registry import registry
from t2ibench.testing.stub_model import StubGAN
from t2ibench.text.damsm import Gammas, sentence_loss
from tests.stub_run import BENCHMARKS, register

STEPS = 12
SEVERAL = f"""{BENCHMARKS}
[models.plain]
plugin = "plain"
steps = {STEPS}
parameters = {{ dropout = 0.0 }}
[models.seen]
plugin = "seen"
steps = {STEPS}
"""


class Seen(StubGAN):
    """Notes what each process is given and what it holds, in a file a process beside $SEEN."""

    def updates(self, batch, noise):
        rank = os.environ.get("RANK", "0")
        line = {
            "step": batch.step,
            "captions": [caption.id for caption in batch.captions],
            "latents": noise.draw("z", (self.parameters.latent,)).tolist(),
            "dropped": torch.rand(3).tolist(),
            "state": self._state(),
        }
        with Path(f"{os.environ['SEEN']}-{rank}").open("a") as file:
            file.write(json.dumps(line) + "\n")
        torch.manual_seed(batch.step * 1000 + int(rank))  # as if nothing had been drawn above
        yield from super().updates(batch, noise)
        if str(batch.step + 1) == os.environ.get("STUB_STEP") and rank == "1":
            os.kill(os.getpid(), signal.SIGTERM)

    def _state(self) -> str:
        networks = [self.generator, self.discriminator]
        tensors = [tensor for network in networks for tensor in network.state_dict().values()]
        return hashlib.sha256(
            b"".join(tensor.detach().contiguous().numpy().tobytes() for tensor in tensors)
        ).hexdigest()


class Plain(Seen):
    """The stub without BatchNorm; its generator learns from a loss over all pairs of images and captions too."""

    def __init__(self, parameters, encoder) -> None:
        super().__init__(parameters, encoder)
        self.generator[1] = Identity()
        self.discriminator[1] = Identity()

    def updates(self, batch, noise):
        for update in super().updates(batch, noise):
            yield self._matched(update, batch, noise) if update.optimizer == "generator" else update

    def _matched(self, update, batch, noise):
        text = self.encoder.sentences(batch.captions)
        codes = self.discriminator(self._draw(text, noise))
        loss = sentence_loss(batch.together(codes), batch.together(text), batch.together(batch.class_ids), Gammas())
        return replace(update, loss=update.loss + loss.total)


def register_several() -> None:
    register()
    for name, value in (("plain", Plain), ("seen", Seen)):
        if name not in registry("models"):
            registry("models").add(name, value)


def train(folder: Path, model: str, count: int, *options: str, **environment: str) -> dict:
    """Return status, output and notes of `count` processes that train a model together in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "benchmarks.toml").write_text(SEVERAL)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    torchrun = {"TORCHELASTIC_RUN_ID": "test", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    children = []
    for rank in range(count):
        child = os.fork()
        if child == 0:
            several = torchrun | {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
            os.environ |= (several if count > 1 else {}) | {"SEEN": str(folder / "seen")} | environment
            _command(folder, folder / f"said-{rank}", model, options)
        children.append(child)
    statuses = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    return {
        "status": statuses,
        "said": [(folder / f"said-{rank}").read_text() for rank in range(count)],
        "seen": [
            [json.loads(line) for line in (folder / f"seen-{rank}").read_text().splitlines()]
            if (folder / f"seen-{rank}").exists()
            else []
            for rank in range(count)
        ],
        "runs": sorted(str(path) for path in (folder / f"workspace/runs/{model}/squares").glob("*")),
    }


def _command(folder: Path, said: Path, model: str, options: tuple[str, ...]) -> None:
    from t2ibench.cli import main

    handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    where = ["--config", str(folder / "benchmarks.toml"), "--workspace", str(folder / "workspace"), "--device", "cpu"]
    usual = ["--data", "squares", "--encoder-steps", "2", "--checkpoint-steps", "4"]
    sys.argv = ["t2ibench", "train", model, *usual, *where, *options]
    status = 1
    try:
        main()
    except SystemExit as left:
        status = left.code if isinstance(left.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main(folder: Path) -> dict:
    """Return what came of every case."""
    found = {
        "one": train(folder / "one", "plain", 1),
        "two": train(folder / "two", "plain", 2),
        "seen": train(folder / "seen", "seen", 2),
        "stopped": train(folder / "stopped", "seen", 2, STUB_STEP="6"),
        "odd": train(folder / "odd", "seen", 2, "--batch-size", "5"),
    }
    found["again"] = train(folder / "stopped", "seen", 2)
    found["encoder"] = train(folder / "odd", "stub-encoder", 2)
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    register_several()
    if len(sys.argv) > 1 and sys.argv[1] == "train":
        from t2ibench.cli import main as command

        command()
    else:
        from torch.utils.tensorboard import SummaryWriter  # noqa: F401  # before the forks: half a second each

        from t2ibench.core.machine.provenance import environment

        environment()
        print(json.dumps(main(Path(sys.argv[1]))))
