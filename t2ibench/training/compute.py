"""How a run is carried out: how often things happen beside its steps, and which checkpoints stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Compute:
    """How to train. Nothing here is part of a spec, nor can it change a weight.

    Attributes:
        workers: threads that load images.
        log_steps: steps a line of metrics.jsonl.
        checkpoint_steps: steps between checkpoints; None leaves it to the clock.
        checkpoint_seconds: seconds between checkpoints.
        image_steps: steps between sample images; None means ten times a run, every 50th at most.
        quick_steps: steps between quick metrics; None for none.
        keep_checkpoints: how many of the newest checkpoints stay. With one only, a damaged one means to begin anew.
        keep_every: every so many steps a checkpoint is written that stays for good; None for none.
        track: where losses and images go besides JSON lines; None for TensorBoard where it is installed.
    """

    workers: int = 1
    log_steps: int = 10
    checkpoint_steps: int | None = None
    checkpoint_seconds: float = 60.0
    image_steps: int | None = None
    quick_steps: int | None = None
    keep_checkpoints: int = 2
    keep_every: int | None = None
    track: tuple[str, ...] | None = None

    def keeps(self, step: int) -> bool:
        """Return whether the checkpoint after `step` steps stays for good."""
        return self.keep_every is not None and step % self.keep_every == 0


USUAL: Final = Compute()
