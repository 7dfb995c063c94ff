"""Which phase of a model's curriculum a step belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from t2ibench.core.errors import UserError
from t2ibench.core.types import Phase


class Phases:
    """The curriculum of a run of a given length.

    Attributes:
        ends: the step after which each phase ends; empty for one phase, whose length may grow between sessions.

    Raises:
        UserError: the shares do not sum to 1.
    """

    def __init__(self, curriculum: Sequence[Phase], steps: int) -> None:
        if not curriculum or abs(sum(phase.share for phase in curriculum) - 1) > 1e-6:
            raise UserError("The phases of a model's curriculum must have shares that sum to 1.")
        self._curriculum = tuple(curriculum)
        ends = [round(share * steps) for share in accumulate(phase.share for phase in curriculum)]
        self.ends: tuple[int, ...] = tuple(ends) if len(ends) > 1 else ()

    def start(self, step: int) -> int:
        """Return the first step of the phase that a step (from 0) belongs to."""
        return max((end for end in self.ends[:-1] if end <= step), default=0)

    def __call__(self, step: int) -> str:
        """Return the name of the phase of a step (from 0)."""
        for phase, end in zip(self._curriculum, self.ends, strict=False):
            if step < end:
                return phase.name
        return self._curriculum[-1].name
