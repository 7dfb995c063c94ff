"""The losses of the last few steps: checked to be finite, averaged for the log."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor


class NotFiniteError(Exception):
    """A number that is NaN or infinite. The loop turns it into a sentence with the last good checkpoint."""


@dataclass(frozen=True, slots=True)
class _Entry:
    step: int
    optimizer: str
    part: str
    value: Tensor


class LossLog:
    """Losses since the last `flush`.

    On a GPU reading a number makes the processor wait for all queued work, so numbers are read together, once a flush.
    On a CPU there is nothing to wait for: each loss is checked before its backward pass.

    Args:
        mean: takes a tensor's mean over the processes that train together, so that all of them find the same faults.
    """

    def __init__(self, mean: Callable[[Tensor], Tensor] = lambda values: values) -> None:
        self._mean = mean
        self._waiting: list[_Entry] = []
        self._sums: dict[str, float] = {}
        self._counts: dict[str, int] = {}

    def add(self, step: int, optimizer: str, loss: Tensor, parts: Mapping[str, Tensor]) -> None:
        """Note one update's loss and its named parts, all scalars.

        Raises:
            NotFiniteError: one of them is not finite (on a GPU: raised by the next `flush`).
        """
        # Parts first: if both are bad, the part says more.
        for part, value in parts.items():
            self._waiting.append(_Entry(step, optimizer, part, torch.as_tensor(value).detach()))
        self._waiting.append(_Entry(step, optimizer, "loss", loss.detach()))
        if loss.device.type == "cpu":
            self._read()

    def flush(self) -> dict[str, float]:
        """Return "<optimiser>/<part>" -> mean since the last flush, and begin anew.

        Raises:
            NotFiniteError: a loss was not finite.
        """
        self._read()
        means = {name: self._sums[name] / self._counts[name] for name in self._sums}
        self._sums, self._counts = {}, {}
        return means

    def _read(self) -> None:
        if not self._waiting:
            return
        device = self._waiting[-1].value.device
        stacked = torch.stack([entry.value.reshape(()).to(device, torch.float32) for entry in self._waiting])
        for entry, value in zip(self._waiting, self._mean(stacked).tolist(), strict=True):
            if not math.isfinite(value):
                what = "the loss" if entry.part == "loss" else f"part {entry.part!r} of the loss"
                raise NotFiniteError(f"at step {entry.step + 1} {what} of optimiser {entry.optimizer!r} is {value}")
            name = f"{entry.optimizer}/{entry.part}"
            self._sums[name] = self._sums.get(name, 0.0) + value
            self._counts[name] = self._counts.get(name, 0) + 1
        self._waiting = []


def check_finite(tensors: Mapping[str, Tensor], step: int) -> None:
    """Check that all floating-point tensors are finite, with one read from the device.

    Raises:
        NotFiniteError: one is not.
    """
    names = [name for name, tensor in tensors.items() if tensor.is_floating_point()]
    if not names:
        return
    # x - x is 0 for finite numbers and NaN for all others, and a sum keeps a NaN.
    sums = torch.stack([(tensors[name] - tensors[name]).sum(dtype=torch.float32) for name in names]).tolist()
    bad = [name for name, value in zip(names, sums, strict=True) if not math.isfinite(value)]
    if bad:
        raise NotFiniteError(f"at step {step} the weights {bad[0]!r} are not finite (a gradient was not)")
