"""A clock for the phases of a training step, and for a network's share of it forwards and backwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


class PhaseClock:
    """Seconds by phase of the present step.

    Attributes:
        seconds: phase -> seconds since `begin`.

    Args:
        now: seconds from some moment on.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now = now
        self.seconds: dict[str, float] = {}
        self._last = 0.0
        self._entered: float | None = None

    def begin(self) -> None:
        """Forget the step before."""
        self.seconds = {}
        self._last = self._now()

    def mark(self, phase: str) -> None:
        """Count the time since `begin` or the last mark to a phase."""
        now = self._now()
        self.seconds[phase] = self.seconds.get(phase, 0.0) + now - self._last
        self._last = now

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the block's time to a phase."""
        self._last = self._now()
        yield
        self.mark(name)

    def watch(self, network: nn.Module, name: str) -> None:
        """Count the time within a network, forwards and backwards; it is part of another phase's too.

        Backwards it is the time from the gradients of its outputs to those of its inputs, in which autograd does
        nothing else where the network was called last.
        """

        def enter(*_: Any) -> None:
            self._entered = self._now()

        def leave(*_: Any) -> None:
            assert self._entered is not None
            self.seconds[name] = self.seconds.get(name, 0.0) + self._now() - self._entered

        network.register_forward_pre_hook(enter)
        network.register_forward_hook(leave)
        network.register_full_backward_pre_hook(enter)
        network.register_full_backward_hook(leave)
