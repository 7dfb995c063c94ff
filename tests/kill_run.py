"""Trains the stub model again and again in forked processes and kills them; prints what came of it as JSON.

    python -m tests.kill_run FOLDER SEED KILLS

One process imports torch and forks, since twenty imports would take a minute. Nothing is asserted here.
"""

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import sys
import time
import traceback
from pathlib import Path

import torch

from t2ibench.core.registry import registry
from t2ibench.testing.stub_model import StubGAN
from tests.stub_run import BENCHMARKS, register

STEPS = 40
INTERVAL = 4
"""Steps between checkpoints."""


class Marked(StubGAN):
    """Notes every step that it has finished, so that it is known what a kill has lost."""

    place: Path | None = None
    """The file for the note."""
    full_at = 0
    """From this step on (counted from 1) no file may become as large as a checkpoint's; 0 for never."""

    def updates(self, batch, noise):
        if batch.step + 1 == self.full_at:
            resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.RLIM_INFINITY))
        yield from super().updates(batch, noise)
        if self.place is not None:
            self.place.with_suffix(".new").write_text(str(batch.step + 1))
            self.place.with_suffix(".new").replace(self.place)


class Place:
    """A workspace with a run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        (folder / "benchmarks.toml").write_text(f'{BENCHMARKS}[models.marked]\nplugin = "marked"\nsteps = {STEPS}\n')

    def train(self, *, kill: tuple[int, float] | None = None, full_at: int = 0) -> dict:
        """Return what came of one process: how it ended, what it said, what the run's folder holds.

        Args:
            kill: when to kill it: after how many steps of its own, and how many seconds later; None lets it live.
            full_at: see Marked.
        """
        said = self.folder / "said"
        said.unlink(missing_ok=True)
        done_before = self.noted
        child = os.fork()
        if child == 0:
            self._child(said, full_at)
        ended, status = (0, 0) if kill is not None else os.waitpid(child, 0)
        while not ended and kill is not None:
            if self.noted >= done_before + kill[0]:
                time.sleep(kill[1])
                os.kill(child, signal.SIGKILL)
                kill = (STEPS, 0.0)
            time.sleep(0.004)
            ended, status = os.waitpid(child, os.WNOHANG)
        text = said.read_text() if said.exists() else ""  # killed before it could open it
        return {
            "killed": os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL,
            "status": os.waitstatus_to_exitcode(status),
            "said": text,
            "went on from": next((int(word) for word in text.partition("goes on from step ")[2].split(".")[:1]), 0)
            if "goes on from step " in text
            else 0,
            "done before": done_before,
            "done": self.noted,
            "checkpoints": sorted(path.name for path in self.run.glob("checkpoints/step-*")),
        }

    def _child(self, said: Path, full_at: int) -> None:
        from t2ibench.cli import main

        Marked.place, Marked.full_at = self.folder / "done", full_at
        handle = os.open(said, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        options = ["--data", "squares", "--encoder-steps", "2", "--device", "cpu", "--checkpoint-steps", str(INTERVAL)]
        where = ["--config", str(self.folder / "benchmarks.toml"), "--workspace", str(self.folder / "workspace")]
        sys.argv = ["t2ibench", "train", "marked", *options, *where]
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

    @property
    def noted(self) -> int:
        note = self.folder / "done"
        return int(note.read_text()) if note.exists() else 0

    @property
    def run(self) -> Path:
        """The run's folder, once there is one."""
        return next((self.folder / "workspace/runs/marked/squares").glob("*"), self.folder / "none")

    def outcome(self) -> dict:
        """Return digests of all that a finished run leaves behind, and which temporary files are left."""
        from t2ibench.core.files import digest_of_file

        last = self.run / f"checkpoints/step-{STEPS:06d}"
        log = [json.loads(line) for line in (self.run / "metrics.jsonl").read_text().splitlines()]
        return {
            "model": digest_of_file(self.run / f"model/step-{STEPS:06d}/weights.safetensors"),
            "weights": digest_of_file(last / "networks.safetensors"),
            "optimisers": digest_of_state(torch.load(last / "trainer.pt", weights_only=True)),
            "logged": [line["step"] for line in log],
            "leftovers": sorted(path.name for path in self.run.rglob("*.part*")),
        }

    def truncate_newest(self, random_: random.Random) -> str:
        """Cut a file of the newest checkpoint off; return the checkpoint's name."""
        newest = max(self.run.glob("checkpoints/step-*"))
        file = newest / random_.choice(["networks.safetensors", "trainer.pt", "manifest.json"])
        content = file.read_bytes()
        file.write_bytes(content[: random_.randrange(len(content))])
        return newest.name


def digest_of_state(state) -> str:
    """Return a digest of nested values; the file's own bytes depend on which equal strings are one object."""
    parts = []

    def walk(value):
        if isinstance(value, torch.Tensor):
            parts.append(value.numpy().tobytes())
        elif isinstance(value, dict):
            for key, inner in value.items():
                parts.append(repr(key).encode())
                walk(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                walk(inner)
        else:
            parts.append(repr(value).encode())

    walk(state)
    return hashlib.sha256(b"|".join(parts)).hexdigest()


def main(folder: Path, seed: int, kills: int) -> dict:
    """Return the outcomes: of an uninterrupted run, runs killed at random moments, a full disk, a cut checkpoint."""
    random_ = random.Random(seed)
    calm = Place(folder / "calm")
    first = calm.train()
    if first["status"]:
        raise SystemExit(f"The uninterrupted run ended with {first['status']}: {first['said']}")
    found = {"calm": calm.outcome() | {"status": first["status"]}, "runs": [], "kills": []}
    while len(found["kills"]) < kills:
        place = Place(folder / f"run-{len(found['runs'])}")
        while True:
            # Every fourth while it starts; a step takes some milliseconds, writing a checkpoint about as many.
            moment = (
                (0, random_.uniform(0, 0.4))
                if random_.random() < 0.25
                else (random_.randint(1, 12), random_.uniform(0, 0.02))
            )
            tried = place.train(kill=None if len(found["kills"]) >= kills else moment)
            if not tried["killed"]:
                break
            found["kills"].append(tried | {"run": len(found["runs"])})
        found["runs"].append(place.outcome() | {"status": tried["status"], "last": tried})
    found["full"] = {"first": (full := Place(folder / "full")).train(full_at=30)}
    found["full"] |= {"kept": sorted(path.name for path in full.run.rglob("*.part*")), "second": full.train()}
    found["full"]["outcome"] = full.outcome()
    cut = Place(folder / "cut")
    cut.train(full_at=30)
    name = cut.truncate_newest(random_)
    found["cut"] = {"name": name, "second": cut.train(), "outcome": cut.outcome()}
    shutil.rmtree(folder)
    return found


if __name__ == "__main__":
    from torch.utils.tensorboard import SummaryWriter  # noqa: F401  # imported before the forks: half a second each

    from t2ibench.core.machine.provenance import environment

    torch.set_num_threads(1)
    register()
    registry("models").add("marked", Marked)
    environment()  # keeps git's answer for all forks
    print(json.dumps(main(Path(sys.argv[1]) / "kills", int(sys.argv[2]), int(sys.argv[3]))))
