"""How often things happen beside the steps of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a run logs, saves and draws. Nothing here can change a weight.

    Attributes:
        log_steps: steps a line of metrics.jsonl.
        checkpoint_steps: steps between checkpoints; None leaves it to the clock.
        checkpoint_seconds: seconds between checkpoints.
        picture_steps: steps between sample pictures; None means ten times a run, every 50th at most.
    """

    log_steps: int = 10
    checkpoint_steps: int | None = None
    checkpoint_seconds: float = 60.0
    picture_steps: int | None = None


USUAL: Final = Rhythm()
