"""Checkpoints of a run: all that going on needs, complete or absent, the last few and the milestones kept.

Whether the disk has room for them is asked before, not found out in the middle.
"""

from __future__ import annotations

import io
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import torch
from safetensors.torch import load_file
from torch import Tensor

from t2ibench.core import files
from t2ibench.core.errors import UserError
from t2ibench.core.files import read_json
from t2ibench.core.storage.folders import MANIFEST, complete_folder, fault_of, remove_leftovers
from t2ibench.core.storage.named_tensors import write_tensors
from t2ibench.training.compute import Compute
from t2ibench.training.engine.engine import Engine
from t2ibench.training.engine.losses import check_finite

NETWORKS: Final = "networks.safetensors"
TRAINER: Final = "trainer.pt"
_MILESTONE: Final = "milestone"
"""In the manifest of a checkpoint that stays for good, whatever later sessions of the run are asked to keep."""

_MOMENTS: Final = 2
"""Numbers a parameter in the state of an Adam that has made no step yet; most optimisers keep as many or fewer."""
_SLACK: Final = 1.02
"""Names, shapes and file systems' blocks."""


class Checkpoints:
    """The checkpoints/ folder of a run. Its owner holds the run's lock.

    Args:
        folder: where they lie.
        say: told in a sentence about damaged ones.
        keep: how many of the newest stay, milestones not counted.
    """

    def __init__(self, folder: Path, say: Callable[[str], None], keep: int = 2) -> None:
        self.folder = folder
        self._say = say
        self._keep = keep
        remove_leftovers(folder)

    def path(self, step: int) -> Path:
        """Return the folder of the checkpoint after `step` steps."""
        return self.folder / f"step-{step:06d}"

    def steps(self) -> list[int]:
        """Return the steps of all checkpoints, ascending, checked or not."""
        return sorted(
            int(path.name.removeprefix("step-"))
            for path in self.folder.glob("step-*")
            if path.is_dir() and path.name.removeprefix("step-").isdigit()
        )

    def milestones(self) -> list[int]:
        """Return the steps of those that stay for good, ascending."""
        return [step for step in self.steps() if self._is_milestone(step)]

    def save(self, engine: Engine, step: int, phase_ends: tuple[int, ...] = (), *, milestone: bool = False) -> Path:
        """Write the checkpoint after `step` steps, drop the oldest beyond those kept, and return the new one's folder.

        Raises:
            NotFiniteError: a weight is not finite; nothing is written, the checkpoint before stays the last good one.
            UserError: the folder cannot be written.
            RunFailedError: the disk is full, or has too little space; the checkpoints before are as they were.
        """
        weights = {name: tensor.detach() for name, tensor in engine.weights().items()}
        check_finite(weights, step)
        require_space(self.folder, engine, what=f"the checkpoint after step {step}")
        trainer = io.BytesIO()
        torch.save({"step": step, "phase_ends": list(phase_ends), "optimizers": engine.optimizer_states()}, trainer)
        target = self.path(step)
        facts = {"step": step} | ({_MILESTONE: True} if milestone else {})
        with complete_folder(target, what="the checkpoint", facts=facts) as temporary:
            write_tensors(temporary / NETWORKS, weights)
            (temporary / TRAINER).write_bytes(trainer.getbuffer())
        passing = [other for other in self.steps() if other <= step and not self._is_milestone(other)]
        for old in passing[: -self._keep]:
            shutil.rmtree(self.path(old), ignore_errors=True)
        return target

    def newest(self, at_most: int) -> int:
        """Return the step of the newest sound checkpoint of at most `at_most` steps, 0 for none.

        A damaged one is named, removed and passed over.
        """
        for step in reversed(self.steps()):
            if step > at_most:
                continue
            fault = fault_of(self.path(step))
            if not fault:
                return step
            self._say(
                f"The checkpoint {self.path(step)} cannot be used: {fault}. It is removed; training goes on from the "
                "one before it."
            )
            shutil.rmtree(self.path(step), ignore_errors=True)
        return 0

    def load(self, engine: Engine, step: int, phase_ends: tuple[int, ...] = ()) -> None:
        """Fill the engine from the checkpoint after `step` steps, found sound by `newest`.

        Raises:
            UserError: the run was begun with a number of steps that puts the phases' ends elsewhere.
            RunFailedError: it does not fit the model.
        """
        weights = load_file(self.path(step) / NETWORKS)
        trainer = torch.load(self.path(step) / TRAINER, map_location="cpu", weights_only=True)
        if tuple(trainer["phase_ends"]) != tuple(phase_ends):
            raise UserError(
                f"The run in {self.folder.parent} was begun for another number of steps. This model is trained in "
                "phases, whose ends depend on that number: ask for the same one, or use another --seed or --workspace."
            )
        engine.load(weights, trainer["optimizers"])

    def _is_milestone(self, step: int) -> bool:
        try:
            return bool(read_json(self.path(step) / MANIFEST, what="a checkpoint's digests").get(_MILESTONE))
        except (UserError, AttributeError):
            return False


def checkpoint_bytes(engine: Engine) -> int:
    """Return about how many bytes a checkpoint takes: all weights and averages, and the optimisers' state.

    Before the first step the optimisers have none; then it is that of Adam.
    """
    weights = sum(tensor.nbytes for tensor in engine.weights().values())
    state = sum(
        value.nbytes
        for optimizer in engine.optimizer_states().values()
        for values in optimizer["state"].values()
        for value in values.values()
        if isinstance(value, Tensor)
    )
    if not state:
        networks = engine.model.networks().values()
        learning = {id(p): p.nbytes for network in networks for p in network.parameters() if p.requires_grad}
        state = _MOMENTS * sum(learning.values())
    return int((weights + state) * _SLACK)


def require_space(folder: Path, engine: Engine, *, what: str, checkpoints: int = 1, advice: str = "") -> None:
    """Refuse to go on where the disk has too little space.

    Args:
        folder: where it will be written; it need not exist yet.
        engine: whose checkpoints.
        what: for the sentence, as in "the checkpoint after step 600".
        checkpoints: how many there must be room for.
        advice: a further way out.

    Raises:
        RunFailedError: there is too little; nothing was written.
    """
    files.require_space(
        folder,
        checkpoints * checkpoint_bytes(engine),
        what,
        f"Nothing was written, earlier checkpoints are as they were: free some space{advice} and ask again.",
    )


class Saver:
    """Writes the checkpoints of a run that goes on after `first` steps.

    Attributes:
        enabled: False where nothing is to be written.
    """

    def __init__(
        self, checkpoints: Checkpoints, engine: Engine, compute: Compute, first: int, ends: tuple[int, ...]
    ) -> None:
        self.enabled = True
        self._ends = ends
        self._checkpoints, self._engine, self._compute = checkpoints, engine, compute
        self._last_step, self._last_time = first, time.monotonic()
        self._pause = compute.checkpoint_seconds

    def require_space(self, steps: int) -> None:
        """Refuse a run up to `steps` whose checkpoints the disk has no room for.

        Raises:
            RunFailedError: there is none.
        """
        first, every = self._last_step, self._compute.keep_every
        milestones = 0 if every is None else steps // every - first // every
        there = len(set(self._checkpoints.steps()) - set(self._checkpoints.milestones()))
        keep = self._compute.keep_checkpoints
        # One more than are kept: the oldest goes when the newest is complete.
        count = milestones + max(keep + 1 - min(there, keep), 1)
        require_space(
            self._checkpoints.folder,
            self._engine,
            what=f"training up to step {steps} ({count} more checkpoint{'s' if count > 1 else ''})",
            checkpoints=count,
            advice=", choose another --workspace or keep fewer with --keep-checkpoints",
        )

    def due(self, done: int) -> bool:
        """Return whether it is time."""
        every = self._compute.checkpoint_steps
        return (
            self._compute.keeps(done)
            or (every is not None and done - self._last_step >= every)
            or time.monotonic() - self._last_time >= self._pause
        )

    def save(self, done: int) -> Path:
        """Return the checkpoint just written. Errors as `Checkpoints.save`.

        The next one waits long enough that saving takes less than 5 % of the time.
        """
        begun = time.monotonic()
        path = self._checkpoints.save(self._engine, done, self._ends, milestone=self._compute.keeps(done))
        self._last_step, self._last_time = done, time.monotonic()
        self._pause = max(self._compute.checkpoint_seconds, 20 * (self._last_time - begun))
        return path
