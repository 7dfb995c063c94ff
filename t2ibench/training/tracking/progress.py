"""What a run shows on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_QUIET_SECONDS: Final = 30.0
"""Between two lines where stderr is not a terminal."""


def say(sentence: str) -> None:
    """Write a sentence to stderr without tearing a progress bar apart."""
    from tqdm import tqdm

    tqdm.write(sentence, file=sys.stderr)


class Progress:
    """The progress of one run; also a tracker, from which it learns the losses.

    Args:
        label: what is trained, as in "attngan on simbirds".
        first: steps done before.
        steps: steps in all.
        shown: False for a process that prints nothing.
    """

    def __init__(self, label: str, first: int, steps: int, *, shown: bool = True) -> None:
        from tqdm import tqdm

        self._label, self._first, self._steps = label, first, steps
        self._images = 0
        self._begun = self._told = time.monotonic()
        self._losses = ""
        self._bar: Any = None
        self._shown = shown
        if shown and sys.stderr.isatty():
            self._bar = tqdm(
                desc=label, initial=first, total=steps, unit="step", file=sys.stderr, dynamic_ncols=True, leave=False
            )

    def advance(self, done: int, images: int) -> None:
        """Show that `done` steps are done, the last of them on so many images."""
        self._images += images
        if self._bar is not None:
            self._bar.update(1)
            return
        now = time.monotonic()
        if self._shown and now - self._told >= _QUIET_SECONDS:
            from tqdm import tqdm

            self._told = now
            left = tqdm.format_interval((now - self._begun) / (done - self._first) * (self._steps - done))
            say(f"{self._label}: step {done}/{self._steps}, {self._rate:.1f} img/s, {left} left{self._losses}")

    def log(self, step: int, values: Mapping[str, float]) -> None:
        """Show the optimisers' losses."""
        main = {name.removesuffix("/loss"): value for name, value in values.items() if name.endswith("/loss")}
        self._losses = "".join(f", {name} {value:.3g}" for name, value in main.items())
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self._rate:.1f} img/s{self._losses}", refresh=False)

    def image(self, step: int, path: Path) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()

    @property
    def _rate(self) -> float:
        return self._images / max(time.monotonic() - self._begun, 1e-9)
