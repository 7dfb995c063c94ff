"""Keyed noise: every number a model draws depends on (seed, caption id, sample, name) and on nothing else.

So an image is the same whatever the batch size, the order, the number of devices or the other captions of a run. After
EDM's one generator a sample, with names added: AttnGAN draws "z" and "ca", alignDRAW a sequence.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

from t2ibench.core.types import WHOLE_BATCH, BatchShare

if TYPE_CHECKING:
    from torch import Tensor
    from torch.types import Device

SCHEME = "keyed-noise-1"


def seed_of(*key: object) -> int:
    """Return a 63-bit seed from any key, the same on every machine."""
    text = "\0".join(str(part) for part in (SCHEME, *key))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


class Noise:
    """The noise of one seed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def draw(self, caption_id: str, sample: int, name: str, shape: tuple[int, ...]) -> Tensor:
        """Return standard normal float32 numbers of `shape` on the CPU."""
        import torch

        generator = torch.Generator().manual_seed(seed_of(self.seed, caption_id, sample, name))
        return torch.randn(shape, generator=generator)

    def bind(self, ids: Sequence[tuple[str, int]], device: Device = None) -> SampleNoise:
        """Return the noise of a batch of images, (caption id, sample) each."""
        return SampleNoise(self, tuple(ids), device)

    def bind_step(self, step: int, size: int, device: Device = None, *, share: BatchShare = WHOLE_BATCH) -> StepNoise:
        """Return the noise of a training step: one generator a name, since training has no captions to key by.

        Args:
            step: from 0.
            size: rows of the batch, those of this process where several share it.
            device: where to put the numbers.
            share: which rows of the whole batch's noise these are: a row's noise does not depend on who computes it.
        """
        return StepNoise(self.seed, step, size, device, share)


class SampleNoise:
    """Noise of a batch of images to be made; see `Noise.bind`."""

    def __init__(self, noise: Noise, ids: tuple[tuple[str, int], ...], device: Device) -> None:
        self._noise = noise
        self._ids = ids
        self._device = device

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Return standard normal numbers, N x shape; row i depends on image i's key and `name` alone."""
        import torch

        rows = [self._noise.draw(caption_id, sample, name, shape) for caption_id, sample in self._ids]
        return torch.stack(rows).to(self._device)


class StepNoise:
    """Noise of a training step; see `Noise.bind_step`."""

    def __init__(self, seed: int, step: int, size: int, device: Device, share: BatchShare = WHOLE_BATCH) -> None:
        self._seed = seed
        self._step = step
        self._size = size * share.count
        self._rows = share.rows(self._size)
        self._device = device

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Return standard normal numbers, N x shape, that depend on (seed, step, name)."""
        import torch

        generator = torch.Generator().manual_seed(seed_of(self._seed, "training step", self._step, name))
        return torch.randn((self._size, *shape), generator=generator)[self._rows].to(self._device)
