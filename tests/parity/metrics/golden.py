"""A file of golden values: its inputs, built and checked, and the comparison of what we make of them."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

_FLOAT32 = 2e-4
"""Allowance of CMMD as the authors' float32 code printed it: the file's note says it wanders by about 1e-4."""


class GoldenFile:
    """A file's cases and arrays; each array is checked against its recorded sum, first values and digest."""

    def __init__(self, path: Path) -> None:
        self.content: dict[str, Any] = json.loads(path.read_text())
        self._built: dict[str, Any] = {}

    @cached_property
    def cases(self) -> list[dict[str, Any]]:
        return list(self.content["cases"])

    def features(self, name: str) -> np.ndarray:
        """Return the float32 array of a name."""
        if name not in self._built:
            entry = self.content["arrays"][name]
            self._built[name] = self._feature(entry)
            assert np.allclose(self._built[name].ravel()[: len(entry["first"])], entry["first"], rtol=1e-6), name
            digest = hashlib.sha256(np.ascontiguousarray(self._built[name], dtype="<f4").tobytes()).hexdigest()
            assert digest == entry["sha256_f32_le"], name
        return self._built[name]

    def wide(self, name: str) -> np.ndarray:
        """Return the same as float64."""
        return self.features(name).astype(np.float64)

    def entry(self, name: str) -> dict[str, Any]:
        return dict(self.content["arrays"][name])

    def _feature(self, entry: Mapping[str, Any]) -> np.ndarray:
        n, d = entry["n"], entry["d"]
        drawn = np.random.Generator(np.random.PCG64(entry["seed"])).standard_normal((n, d))
        values = drawn * (entry["s0"] + entry["s1"] * np.arange(d) / d) + entry["shift"]
        start = 0
        for column, size in enumerate(entry.get("blobs", ())):
            values[start : start + size, column] += 8.0
            start += size
        if entry.get("relu"):
            values = np.maximum(values, 0)
        if copies := entry.get("copies"):
            rows = copies["rows"]
            noise = np.random.Generator(np.random.PCG64(copies["seed"])).standard_normal((rows, d))
            values[:rows] = self.wide(copies["of"])[:rows] + copies["eps"] * noise
        if entry.get("unit"):
            values = values / np.linalg.norm(values, axis=1, keepdims=True)
        return values.astype(np.float32)

    def ssim_images(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        entry = self.entry(name)
        h, w, rng = entry["h"], entry["w"], np.random.Generator(np.random.PCG64(entry["seed"]))
        image = np.kron(rng.integers(0, 256, (h // 4, w // 4, 3)), np.ones((4, 4, 1), dtype=np.int64))
        noise = np.round(rng.standard_normal((h, w, 3)) * entry["noise"])
        pair = image.astype(np.uint8), np.clip(image + noise, 0, 255).astype(np.uint8)
        assert [int(one.sum()) for one in pair] == entry["sum"]
        return pair

    def image(self, name: str) -> np.ndarray:
        """Return the uint8 H x W x 3 image of a recipe."""
        entry = self.entry(name)
        h, w, rng = entry["h"], entry["w"], np.random.Generator(np.random.PCG64(entry["seed"]))
        if entry["recipe"].startswith("kron"):
            image = np.kron(rng.integers(0, 256, (h // 8, w // 8, 3)), np.ones((8, 8, 1), dtype=np.int64))
        else:
            image = rng.integers(0, 256, (h, w, 3))
        assert int(image.sum()) == entry["sum"]
        return image.astype(np.uint8)

    def table(self, name: str) -> np.ndarray:
        entry = self.entry(name)
        rng = np.random.Generator(np.random.PCG64(entry["seed"]))
        table = np.round(rng.standard_normal((entry["blocks"], entry["k"])) + 0.5 * np.arange(entry["k"]), 4)
        assert math.isclose(float(table.sum()), entry["sum"], rel_tol=1e-9)
        return table


@dataclass(frozen=True)
class Compared:
    """A value and how much of its allowance it uses; infinite where we have none, or none was asked for."""

    name: str
    ours: Any
    golden: Any
    share: float


def compared(golden: GoldenFile, case: Mapping[str, Any]) -> list[Compared]:
    """Return every golden value of a case beside ours."""
    from tests.parity.metrics.cases import outputs_of

    ours = dict(_leaves("", outputs_of(golden, case)))
    theirs = dict(_leaves("", case["outputs"]))
    rows = []
    for name, value in theirs.items():
        mine = ours.get(name)
        atol = _FLOAT32 if name.endswith("_float32_as_run") else case["atol"]
        rows.append(Compared(name, mine, value, _share(mine, value, case["rtol"], atol)))
    return rows


def _share(ours: Any, golden: Any, rtol: float, atol: float) -> float:
    if isinstance(golden, bool | str) or golden is None or ours is None:
        return 0.0 if type(ours) is type(golden) and ours == golden else math.inf
    difference = abs(float(ours) - float(golden))
    allowed = atol + rtol * abs(float(golden))
    share = 0.0 if difference == 0 else difference / allowed if allowed else math.inf
    return share if math.isfinite(difference) else math.inf


def _leaves(prefix: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        if not value:
            yield f"{prefix}{{}}", 0
        for key, one in value.items():
            yield from _leaves(f"{prefix}.{key}" if prefix else str(key), one)
    elif isinstance(value, list | tuple | np.ndarray):
        yield f"{prefix}.length", len(value)
        for at, one in enumerate(value):
            yield from _leaves(f"{prefix}[{at}]", one)
    else:
        yield prefix, value.item() if isinstance(value, np.generic) else value
