"""Where a request is carried out: made once from the command line, and handed on as it is."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.workers import Workers
from t2ibench.core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Place:
    """The rules, the folder and the machine of a piece of work. What is asked stands in requests.

    Attributes:
        benchmarks: content of benchmarks.toml.
        workspace: where everything is kept.
        device: "auto", "cpu", "cuda", "cuda:1", "mps".
        threads: of torch on the CPU; None leaves torch's own choice.
        batch_size: images made at a time in an evaluation; changes no number.
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
        from t2ibench.core.device import choose_device

        return str(choose_device(self.device, place=self.workers.local_rank if self.workers.count > 1 else 0))
