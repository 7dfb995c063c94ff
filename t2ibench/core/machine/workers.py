"""Several processes that share one evaluation: `--workers 3`, `torchrun --nproc-per-node 3 -m t2ibench eval` or srun.

There is no talk between them but by the store and the results. Each begins with its own share of the rows; who is done
helps the others with chunks of theirs; the first one waits for the rest and does what they could not. A number is the
same whoever makes it, so the records are those of one process, and what a killed worker had finished is not made again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.storage.claims import claimed

_TORCHRUN: Final = ("RANK", "WORLD_SIZE", "LOCAL_RANK")
_SRUN: Final = ("SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID")


@dataclass(frozen=True)
class Workers:
    """This process among those of one evaluation.

    Attributes:
        rank: from 0; the first one answers, prints and tells what fails.
        count: how many there are.
        local_rank: among those of this machine, for the choice of its GPU.
        starts: whether this process has to start the others; torchrun and srun do it for theirs.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    starts: bool = False

    @classmethod
    def asked(cls, count: int, environment: Mapping[str, str] = os.environ) -> Workers:
        """Return this process among `count` of this machine; among those of torchrun or srun where they are at work.

        Raises:
            UserError: both were asked for, or their variables do not fit together.
        """
        found = cls.of_environment(environment)
        if count > 1 and found.count > 1:
            raise UserError(f"torchrun or srun started {found.count} workers already: leave --workers out.")
        return replace(found, count=count, starts=True) if count > 1 else found

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
        """Whether this process answers and prints."""
        return self.rank == 0

    def order(self, pieces: int) -> list[int]:
        """Return the numbers of all pieces of work, this worker's own range first, then those of the workers after."""
        start = self.rank * pieces // self.count
        return [*range(start, pieces), *range(start)]

    @contextmanager
    def claim(self, place: Path, *, wait: bool) -> Iterator[bool]:
        """Yield whether a piece of work is this worker's to do, see `claimed`; one worker alone claims nothing."""
        if self.count == 1:
            yield True
            return
        with claimed(place, wait=wait) as mine:
            yield mine
