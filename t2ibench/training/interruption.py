"""Stopping at a step's end when asked to, instead of in its middle."""

from __future__ import annotations

import os
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any, Final, Self

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """While entered, the first SIGINT or SIGTERM only sets `requested`; a second one acts as it always does.

    Outside the main thread, where Python allows no handlers, it does nothing.

    Args:
        echo: seconds in which a second one counts as the first. torchrun passes on what the terminal sends to all, so
            one Ctrl-C reaches each process twice.
    """

    def __init__(self, echo: float = 0.0) -> None:
        self.requested = False
        self._echo = echo
        self._first = 0.0
        self._process = os.getpid()
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._restore()

    def _note(self, number: int, frame: FrameType | None) -> None:
        if os.getpid() != self._process:
            # A worker process that inherited this handler: Ctrl-C is for its parent, which will end it.
            if number == signal.SIGTERM:
                os._exit(128 + number)
            return
        now = time.monotonic()
        if self.requested and now - self._first >= self._echo:
            self._restore()
            os.kill(self._process, number)
            return
        if not self.requested:
            self.requested, self._first = True, now
        if self._echo <= 0:
            self._restore()

    def _restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
