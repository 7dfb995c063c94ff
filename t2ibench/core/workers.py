"""Several processes that share one evaluation: `torchrun --nproc-per-node 3 -m t2ibench eval ...`, or `srun -n 3`.

There is no talk between them but by the store. Each takes a range of the plan's chunks and keeps their features there;
who is done helps the others; the first one waits for the rest and measures. A chunk is the same whoever makes it, so
the numbers are those of one process, and what a killed worker had finished is not made again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError

_TORCHRUN: Final = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
_SRUN: Final = ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID")


@dataclass(frozen=True)
class Workers:
    """This process among those of one evaluation.

    Attributes:
        rank: from 0; the first one measures, writes records and prints.
        count: how many there are.
        local_rank: among those of this machine, for the choice of its GPU.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Workers:
        """Return what torchrun's RANK, WORLD_SIZE and LOCAL_RANK say, else srun's; one worker where none is set.

        Raises:
            UserError: they do not fit together.
        """
        names, starter = _TORCHRUN, "torchrun"
        if not any(name in environment for name in _TORCHRUN[:2]) and "SLURM_PROCID" in environment:
            names, starter = _SRUN, "srun"
        try:
            rank, count = int(environment.get(names[0], "0")), int(environment.get(names[1], "1"))
            local_rank = int(environment.get(names[2], str(rank)))
        except ValueError as error:
            raise UserError(f"{', '.join(names)}, which {starter} sets, should be whole numbers.") from error
        if not 0 <= rank < count or local_rank < 0:
            raise UserError(f"{names[0]} {rank} does not fit {names[1]} {count}: start the workers with {starter}.")
        return cls(rank, count, local_rank)

    @property
    def leads(self) -> bool:
        """Whether this process measures and writes."""
        return self.rank == 0

    def order(self, chunks: int) -> list[int]:
        """Return all chunk numbers, this worker's own range first, then those of the workers after it."""
        start = self.rank * chunks // self.count
        return [*range(start, chunks), *range(start)]

    @contextmanager
    def claim(self, place: Path, *, wait: bool) -> Iterator[bool]:
        """Yield whether an artefact is this worker's to make; the claim ends with the block, or with the process.

        Args:
            place: the artefact's folder.
            wait: wait for the worker that has it; otherwise yield False at once.
        """
        if self.count == 1:
            yield True
            return
        from filelock import FileLock, Timeout

        place.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(place.with_name(f".{place.name}.lock"))
        try:
            lock.acquire(timeout=-1 if wait else 0)
        except Timeout:
            yield False
            return
        try:
            yield True
        finally:
            lock.release()
