"""When a run's checkpoints are due, and that there is room for them."""

from __future__ import annotations

import time
from pathlib import Path

from t2ibench.training.checkpoints.checkpoint import Checkpoints, require_space
from t2ibench.training.compute import Compute
from t2ibench.training.engine.engine import Engine


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
