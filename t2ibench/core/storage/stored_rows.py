"""Feature rows that stay on disk: too many for the memory, read a stretch at a time by what can add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np


class StoredRows:
    """A float32 matrix N x d in pieces, one safetensors file each. It reads like an array and holds nothing.

    `numpy.asarray` of it reads everything; slices and masks read the pieces they touch.

    Args:
        pieces: (file, rows in it), in order.
        layer: name of the array in every file.
        width: d.
    """

    def __init__(self, pieces: Sequence[tuple[Path, int]], layer: str, width: int) -> None:
        self._pieces = tuple(pieces)
        self._layer = layer
        self.shape = (sum(rows for _, rows in self._pieces), width)
        self.ndim = 2

    def __len__(self) -> int:
        return self.shape[0]

    def blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield (which rows, float32 rows x d), piece by piece."""
        start = 0
        for path, rows in self._pieces:
            yield slice(start, start + rows), self._read(path)
            start += rows

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        whole = np.empty(self.shape, dtype=np.float32)
        for rows, block in self.blocks():
            whole[rows] = block
        return whole if dtype is None else whole.astype(dtype, copy=False)

    def __getitem__(self, wanted: Any) -> np.ndarray:
        """Return float32 rows: of a slice with step 1, or of a bool mask N."""
        if isinstance(wanted, slice):
            start, stop, step = wanted.indices(len(self))
            if step != 1:
                raise IndexError("stored rows are read in order: give a slice with step 1, or a mask")
            mask = np.zeros(len(self), dtype=bool)
            mask[start:stop] = True
        else:
            mask = np.asarray(wanted)
            if mask.dtype != bool or mask.shape != (len(self),):
                raise IndexError("stored rows are read by a slice or by a mask of all rows")
        found, begin = [np.empty((0, self.shape[1]), dtype=np.float32)], 0
        for path, rows in self._pieces:
            here = mask[begin : begin + rows]
            if here.any():
                found.append(self._read(path)[here])
            begin += rows
        return np.concatenate(found)

    def _read(self, path: Path) -> np.ndarray:
        from safetensors import safe_open

        with safe_open(path, framework="numpy") as file:
            rows: np.ndarray = file.get_tensor(self._layer)
        return rows
