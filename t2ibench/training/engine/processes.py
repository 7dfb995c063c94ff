"""Several processes that train one model: `torchrun --nproc-per-node 2 -m t2ibench train ...`, or srun of SLURM.

Each computes its rows of every batch; gradients are averaged before an optimiser steps, so all hold the same weights.
Networks are not wrapped in DistributedDataParallel: a step's updates call them several times and ask for the gradients
of one optimiser's parameters only (`backward(inputs=...)`); its hooks would wait for the others. Gradients are averaged
in flat buckets after each backward pass instead: exact, but not overlapped with it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final, TypeVar, cast

import torch
import torch.distributed
from torch import Tensor

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.types import BatchShare

Result = TypeVar("Result")

dist: Any = torch.distributed
"""Most of its functions carry no types."""

_BUCKET_BYTES: Final = 2**26
_MEETING: Final = timedelta(minutes=10)
"""How long to wait for processes that do not start."""
_PATIENCE: Final = timedelta(days=30)
"""How long to wait for the first process, which may train an encoder meanwhile. One that ends is noticed at once."""
_FLAGS: Final = torch.uint8
"""What truth values travel as: gloo knows no bool."""


@dataclass
class Processes:
    """This process among those that train together; one process alone needs no `joined`, and nothing here costs it.

    Attributes:
        rank: from 0; the first one writes checkpoints, log, images and models, and prints.
        count: how many there are.
        local_rank: among those of this machine, for the choice of its GPU.
        address: host and port where they meet; "" for one process.
    """

    rank: int = 0
    count: int = 1
    local_rank: int = 0
    address: str = ""
    _control: Any = field(default=None, repr=False)
    _gradients: Any = field(default=None, repr=False)

    @classmethod
    def of_environment(cls) -> Processes:
        """Return what torchrun's or SLURM's variables say, as Lightning Fabric reads them; one process otherwise.

        Raises:
            UserError: they do not fit together.
        """
        from lightning_fabric.plugins.environments import SLURMEnvironment, TorchElasticEnvironment

        try:
            if TorchElasticEnvironment.detect():
                place: Any = TorchElasticEnvironment()
            elif int(os.environ.get("SLURM_NTASKS", "1")) > 1 and SLURMEnvironment.detect():
                place = SLURMEnvironment()
            else:
                return cls()
            rank, count, local = place.global_rank(), place.world_size(), place.local_rank()
            address = f"{place.main_address}:{place.main_port}" if count > 1 else ""
        except (KeyError, ValueError, RuntimeError) as error:
            reason = " ".join(str(error).split()).rstrip(".")
            raise UserError(f"The variables that torchrun or srun set do not fit together: {reason}.") from error
        if not 0 <= rank < count:
            raise UserError(f"Process {rank} does not fit {count} processes: start them with torchrun or srun.")
        return cls(rank, count, local, address)

    @property
    def leads(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    @property
    def share(self) -> BatchShare:
        """Which rows of every batch are its own."""
        return BatchShare(self.rank, self.count)

    @contextmanager
    def joined(self, device: torch.device) -> Iterator[None]:
        """Meet the other processes for the length of a block.

        Messages go over gloo; gradients over NCCL where every process has a GPU of its own, else over gloo.

        Raises:
            UserError: they did not all come.
        """
        if self.count == 1:
            yield
            return
        try:
            dist.init_process_group(
                "gloo", init_method=f"tcp://{self.address}", rank=self.rank, world_size=self.count, timeout=_MEETING
            )
            self._control = dist.new_group(backend="gloo", timeout=_PATIENCE)
            own = device.type == "cuda" and self.every(torch.cuda.device_count() > self.local_rank)
            self._gradients = dist.new_group(backend="nccl") if own else self._control
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"The {self.count} processes did not meet at {self.address}: {reason}") from error
        try:
            yield
        finally:
            self._control = self._gradients = None
            with suppress(RuntimeError):
                dist.destroy_process_group()

    @contextmanager
    def alike(self) -> Iterator[None]:
        """A block that all processes run alike: a mistake found in it is told by the first one only."""
        try:
            yield
        except UserError as error:
            if self.leads:
                raise
            raise SystemExit(error.exit_code) from None

    def first(self, work: Callable[[], Result]) -> Result:
        """Return what `work` returned in the first process, the only one that does it; the others wait for it.

        Where it fails the error is raised there, and the others leave with the same status, saying nothing.
        """
        if self.count == 1:
            return work()
        outcome: list[Any] = [None, None]
        if self.leads:
            try:
                outcome = [0, work()]
            except BaseException as error:
                status = 130 if isinstance(error, KeyboardInterrupt) else getattr(error, "exit_code", 1)
                with suppress(RuntimeError):
                    dist.broadcast_object_list([status, None], src=0, group=self._control)
                raise
        with self._company():
            dist.broadcast_object_list(outcome, src=0, group=self._control)
        status, value = outcome
        if status:
            raise SystemExit(status)
        return cast(Result, value)

    def any(self, *flags: bool) -> tuple[bool, ...]:
        """Return for each flag whether it is set in any process."""
        if self.count == 1:
            return flags
        found = torch.tensor(flags, dtype=_FLAGS)
        with self._company():
            dist.all_reduce(found, op=dist.ReduceOp.MAX, group=self._control)
        return tuple(map(bool, found.tolist()))

    def every(self, flag: bool) -> bool:
        """Return whether the flag is set in all processes."""
        return not self.any(not flag)[0]

    def mean(self, values: Tensor) -> Tensor:
        """Return the mean over the processes."""
        if self.count == 1:
            return values
        total = values.clone()
        with self._company():
            dist.all_reduce(total, group=self._group(values))
        return total / self.count

    def together(self, tensor: Tensor, /, fill: float | None = None) -> Tensor:
        """Return the rows of all processes, in the order of the whole batch, with gradients; see `TrainBatch.together`.

        Every process is to compute the same loss of them. Gradients reach a process's own rows only, multiplied by the
        number of processes: averaged over these, as the engine does, they are those of one process with the whole
        batch.

        Args:
            tensor: N x ..., N the same in all processes.
            fill: where given, tensors of a shorter last dimension are filled up with it to the longest.
        """
        if self.count == 1:
            return tensor
        if tensor.dtype == torch.bool:
            return self.together(tensor.to(_FLAGS), fill).to(torch.bool)
        if fill is not None:
            missing = self.largest(tensor.shape[-1]) - tensor.shape[-1]
            tensor = torch.nn.functional.pad(tensor, (0, missing), value=fill)
        gathered: Tensor = _Gathered.apply(tensor, self)
        return gathered

    def largest(self, number: int) -> int:
        """Return the largest of all processes' numbers."""
        found = torch.tensor(number)
        with self._company():
            dist.all_reduce(found, op=dist.ReduceOp.MAX, group=self._control)
        return int(found)

    def exchange(self, pieces: Sequence[Tensor], own: Tensor) -> None:
        """Put each process's `own` into `pieces`, by rank; all are of one shape."""
        with self._company():
            dist.all_gather(list(pieces), own, group=self._group(own))

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Put the mean over the processes into the tensors. All processes give the same shapes in the same order."""
        if self.count > 1:
            self._by_bucket(tensors, self._mean_of_flat)

    def equalise(self, tensors: Sequence[Tensor]) -> None:
        """Put the first process's values into the tensors of all."""
        if self.count > 1:
            self._by_bucket(tensors, self._first_of_flat)

    def _mean_of_flat(self, flat: Tensor) -> None:
        dist.all_reduce(flat, group=self._group(flat))
        flat.div_(self.count)

    def _first_of_flat(self, flat: Tensor) -> None:
        dist.broadcast(flat, src=0, group=self._group(flat))

    @torch.no_grad()
    def _by_bucket(self, tensors: Sequence[Tensor], exchange: Callable[[Tensor], None]) -> None:
        """Exchange tensors in flat buckets: few messages, and any memory layout."""
        for bucket in _buckets(tensors):
            flat = torch.cat([tensor.reshape(-1) for tensor in bucket])
            with self._company():
                exchange(flat)
            pieces = torch.split(flat, [tensor.numel() for tensor in bucket])
            for tensor, piece in zip(bucket, pieces, strict=True):
                tensor.copy_(piece.view(tensor.shape))

    def _group(self, tensor: Tensor) -> Any:
        return self._control if tensor.device.type == "cpu" else self._gradients

    @contextmanager
    def _company(self) -> Iterator[None]:
        """Turn the loss of another process into a sentence."""
        try:
            yield
        except RuntimeError as error:
            raise RunFailedError(
                f"Process {self.rank + 1} of {self.count} lost another one, which says why above or in its own log. "
                "Ask again: training goes on from the last checkpoint."
            ) from error


ALONE: Final = Processes()


class _Gathered(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, tensor: Tensor, processes: Processes) -> Tensor:
        context.processes = processes
        pieces = [torch.empty(tensor.shape, dtype=tensor.dtype, device=tensor.device) for _ in range(processes.count)]
        processes.exchange(pieces, tensor.contiguous())
        return torch.cat(pieces)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:
        processes: Processes = context.processes
        return gradient.chunk(processes.count)[processes.rank] * processes.count, None


def _buckets(tensors: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Yield the tensors in order, those of one kind and device together, up to _BUCKET_BYTES or one tensor."""
    kinds: dict[tuple[torch.dtype, torch.device], list[Tensor]] = {}
    for tensor in tensors:
        kinds.setdefault((tensor.dtype, tensor.device), []).append(tensor)
    for alike in kinds.values():
        bucket: list[Tensor] = []
        size = 0
        for tensor in alike:
            if bucket and size + tensor.nbytes > _BUCKET_BYTES:
                yield bucket
                bucket, size = [], 0
            bucket.append(tensor)
            size += tensor.nbytes
        yield bucket
