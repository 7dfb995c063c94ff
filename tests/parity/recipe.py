"""Golden sets: their arrays, the recipe that fills networks without stored weights, and the comparison.

A set is NAME.npz (arrays) with NAME.json (what they are, the networks' keys and shapes, tolerances).
"""

from __future__ import annotations

import functools
import json
import math
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from tests.parity.importing import fill_by_import
from tests.parity.understood import NotUnderstood, check_keys

_STRIDES = re.compile(r"\[((?:\s*:?\s*(?:::?\d+)?\s*,?)+)\]")
_FORWARD_FLOOR = 5e-5
_FIRST = re.compile(r"first (\d+) samples?")


@dataclass(frozen=True)
class Comparison:
    """One array compared: the largest difference and how much of the allowance it uses (1 is the limit)."""

    array: str
    difference: float
    share: float


class GoldenSet:
    """One set of golden data."""

    def __init__(self, sidecar: Path) -> None:
        self.folder = sidecar.parent
        self.name = sidecar.stem
        self.sidecar: dict[str, Any] = json.loads(sidecar.read_text(encoding="utf-8"))
        if not isinstance(self.sidecar.get("nets"), dict):
            raise NotUnderstood(self.name, "nets", "is missing")
        if not sidecar.with_suffix(".npz").is_file():
            raise NotUnderstood(self.name, "arrays", f"names arrays, but {self.name}.npz is not beside it")
        self._arrays = np.load(sidecar.with_suffix(".npz"))
        check_keys(self.name, self.sidecar)

    def __contains__(self, array: str) -> bool:
        return array in self._arrays

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all arrays."""
        return tuple(self._arrays.files)

    @property
    def networks(self) -> Mapping[str, Any]:
        """Network name -> salt, gain, keys."""
        return self.sidecar["nets"]  # type: ignore[no-any-return]

    @property
    def values(self) -> Mapping[str, Any]:
        """Named lists, as in the order of a network's parameters."""
        return self.sidecar["values"]  # type: ignore[no-any-return]

    def setting(self, path: str) -> Any:
        """Return a setting of the official configuration, as in "GAN.GF_DIM".

        Raises:
            NotUnderstood: the configuration has none.
        """
        try:
            return functools.reduce(lambda found, key: found[key], path.split("."), self.sidecar["config"])
        except (KeyError, TypeError):
            raise NotUnderstood(self.name, f"config.{path}", "is missing") from None

    def tensor(self, array: str) -> Tensor:
        """Return an array as a tensor."""
        return torch.from_numpy(np.array(self._arrays[array]))

    def images(self, name: str, number: int | None = None) -> Tensor:
        """Return images of the shared inputs, float32 in [-1, 1]."""
        pixels = _shared(self.folder / "shared_inputs.npz")[name][:number]
        return torch.from_numpy(pixels.astype(np.float32) / np.float32(127.5) - np.float32(1))

    def fill(self, network: nn.Module, name: str) -> None:
        """Fill a network by the recipe, through the import of official files; nothing may be missing or left over.

        The vectors of power iterations are buffers here and parameters there.
        """
        entry = self.networks[name]
        vectors = [value for key, value in network.named_buffers() if key.endswith(("weight_u", "weight_v"))]
        assert sum(value.numel() for value in (*network.parameters(), *vectors)) == entry["n_params"]
        official = {}
        for key, shape, _, first, total in entry["keys"]:
            value = drawn(key, tuple(shape), entry["salt"], entry["gain"])
            assert float(value.flatten()[0]) == first, f"the recipe differs at {key}"
            assert math.isclose(float(value.astype(np.float64).sum()), total, rel_tol=1e-9, abs_tol=1e-6)
            official[key] = torch.from_numpy(value)
        fill_by_import(network, official)

    def compare(self, array: str, value: Tensor) -> Comparison:
        """Return how far a computed value is from the set's array, by the set's own tolerance."""
        wanted = np.asarray(self._arrays[array], dtype=np.float64)
        found = reduced(value.detach(), wanted.shape, self.sidecar["arrays"][array]["doc"]).double().numpy()
        assert found.shape == wanted.shape, f"{array}: shape {found.shape} instead of {wanted.shape}"
        finite = np.isfinite(wanted)
        floor = _FORWARD_FLOOR * float(np.abs(wanted[finite]).max(initial=1e-9))
        tolerance = self.sidecar["tolerance"].get(array, {"suggested_atol": floor, "suggested_rtol": 0.0})
        assert np.array_equal(wanted[~finite], found[~finite]), f"{array}: infinities differ"
        difference = np.abs(found[finite] - wanted[finite])
        allowance = tolerance["suggested_atol"] + tolerance["suggested_rtol"] * np.abs(wanted[finite])
        if not difference.size:
            return Comparison(array, 0.0, 0.0)
        return Comparison(array, float(difference.max()), float((difference / allowance).max()))


@functools.cache
def _shared(path: Path) -> Mapping[str, np.ndarray]:
    with np.load(path) as arrays:
        return {name: arrays[name] for name in arrays.files}


def drawn(key: str, shape: tuple[int, ...], salt: str, gain: float) -> np.ndarray:
    """Return the recipe's value of a state-dict entry."""
    last = key.rsplit(".", 1)[-1]
    if last == "num_batches_tracked":
        return np.zeros(shape, dtype=np.int64)
    generator = np.random.Generator(np.random.PCG64(zlib.crc32((salt + key).encode())))
    normal = generator.standard_normal(shape).astype(np.float32)
    if last == "running_mean" or last.startswith("bias"):
        return np.float32(0.1) * normal
    if last == "running_var":
        return np.float32(1) + np.float32(0.1) * np.abs(normal)
    if last in ("weight_u", "weight_v"):
        return normal / np.float32(np.sqrt((normal.astype(np.float64) ** 2).sum()))
    if len(shape) == 1:
        return np.float32(1) + np.float32(0.1) * normal
    return normal * np.float32(gain / np.sqrt(np.prod(shape[1:])))


def reduced(value: Tensor, shape: tuple[int, ...], document: str) -> Tensor:
    """Return `value` cut as the set's array was: by strides, or to its first samples, as the array's document says.

    Where the document is silent, the stride of each axis is the smallest that gives the wanted shape.
    """
    if tuple(value.shape) == shape:
        return value
    first = _FIRST.search(document)
    if first:
        return value[: int(first.group(1))]
    written = [match.group(1) for match in _STRIDES.finditer(document) if "::" in match.group(1)]
    if written:
        strides = [int(part.strip().lstrip(":") or 1) for part in written[-1].split(",")]
    else:
        strides = [_stride(have, want) for have, want in zip(value.shape, shape, strict=True)]
    return value[tuple(slice(None, None, stride) for stride in strides)]


def _stride(have: int, want: int) -> int:
    return next((step for step in range(1, have + 1) if -(-have // step) == want), 1)
