"""Tensors of all processes put together, with gradients: for losses that set each row of a batch against all."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor

from t2ibench.training.engine.processes import Processes

_FLAGS: Final = torch.uint8
"""What truth values travel as: gloo knows no bool."""


def gathered(tensor: Tensor, processes: Processes, fill: float | None = None) -> Tensor:
    """Return the rows of all processes, in the order of the whole batch; the tensor itself where there is one process.

    Every process is to compute the same loss of them. Gradients reach a process's own rows only, multiplied by the
    number of processes: averaged over these, as the engine does, they are those of one process with the whole batch.

    Args:
        tensor: N x ..., N the same in all processes.
        processes: that train together.
        fill: where given, tensors of a shorter last dimension are filled up with it to the longest.
    """
    if processes.count == 1:
        return tensor
    if tensor.dtype == torch.bool:
        return gathered(tensor.to(_FLAGS), processes, fill).to(torch.bool)
    if fill is not None:
        missing = processes.largest(tensor.shape[-1]) - tensor.shape[-1]
        tensor = torch.nn.functional.pad(tensor, (0, missing), value=fill)
    together: Tensor = _Gathered.apply(tensor, processes)
    return together


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
