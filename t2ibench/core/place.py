"""Where a request is carried out: made once from the command line, and handed on as it is."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.machine.device import choose_device
from t2ibench.core.machine.workers import Workers
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.workspace import Workspace

_PARTING_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Place:
    """The rules, the folder and the machine of a piece of work. What is asked stands in requests.

    Attributes:
        benchmarks: content of benchmarks.toml.
        workspace: where everything is kept.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        threads: of torch on the CPU; None leaves torch's own choice.
        batch_size: images made at a time in an evaluation on a GPU; changes no number on a CPU.
        data_root: folder of the data set's files, if not known yet.
        weights_dir: folder of weights files that cannot be shipped.
        download: whether missing weights may be fetched.
        workers: this process among those of one evaluation.
    """

    benchmarks: Benchmarks
    workspace: Workspace
    device: str = "auto"
    threads: int | None = None
    batch_size: int = 50
    data_root: Path | None = None
    weights_dir: Path | None = None
    download: bool = False
    workers: Workers = Workers()  # noqa: RUF009  # frozen

    @property
    def device_name(self) -> str:
        """The device's full name; "auto" is resolved without torch where torch would find no GPU anyway.

        Of several workers on one machine each has its own GPU.
        """
        no_gpu = not Path("/dev/nvidiactl").exists() and sys.platform != "darwin"
        if self.device == "cpu" or (self.device == "auto" and no_gpu):
            return "cpu"

        return str(choose_device(self.device, place=self.workers.local_rank if self.workers.count > 1 else 0))

    @contextmanager
    def shared(self, work: Callable[[Any, Place], object], request: Any) -> Iterator[None]:
        """Have other processes do their part of `work(request, place)` while a block does this one's.

        Only where this process has to start them (`Workers.starts`). Each computes with its share of the threads. They
        say nothing: what fails there fails here too, where it is told. They end with the block.
        """
        count = self.workers.count
        if not self.workers.starts:
            yield
            return
        import torch

        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        share, before = max(1, (self.threads or cores) // count), torch.get_num_threads()
        context = multiprocessing.get_context("spawn")
        others = [
            context.Process(
                target=_take_part,
                args=(work, request, replace(self, workers=Workers(rank, count, rank), threads=share)),
            )
            for rank in range(1, count)
        ]
        for one in others:
            one.start()
        torch.set_num_threads(min(share, before))
        try:
            yield
            for one in others:
                one.join(_PARTING_SECONDS)
        finally:
            torch.set_num_threads(before)
            for one in others:
                one.kill()  # not terminate: a frozen one would stay
                one.join()


def _take_part(work: Callable[[Any, Place], object], request: Any, place: Place) -> None:
    """Do a started worker's part. Ctrl-C reaches the process that started it, which ends this one."""
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(place.threads or 1)
    with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere), suppress(UserError):
        work(request, place)


def _end_with_parent() -> None:
    """End this process when the one that started it is gone, whatever ended it."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
