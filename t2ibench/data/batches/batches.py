"""Training batches. A batch is a function of (seed, step) alone: resuming needs no random state, threads cannot matter.

The official loaders draw from numpy's global generator inside worker processes that all start in the same state, so
workers repeat each other. Here every epoch has one table of random numbers, keyed by (seed, epoch), a row an image.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final, Literal

import numpy as np
import torch
from torch import Tensor

from t2ibench.core.errors import UserError
from t2ibench.core.noise import seed_of
from t2ibench.core.types import WHOLE_BATCH, BatchShare, Caption, DataRequest, TrainBatch
from t2ibench.data.batches.object_places import ObjectBoxes, ObjectKeypoints
from t2ibench.data.batches.transforms import pyramid
from t2ibench.data.images import BaseImages
from t2ibench.data.manifest import Manifest

CACHE_BYTES: Final = 1 << 30
"""Decoded images are kept in memory up to this many bytes."""

Kind = Literal["right", "wrong"]


class TrainingData:
    """The training batches of one split for one model.

    Every epoch visits the images in a new order; an incomplete last batch is left out, as in the official code. Each
    visit draws one of the image's captions, a crop and a flip, uniformly; images that a data set shows whole are
    neither cropped nor flipped.

    Args:
        manifest: the prepared data set.
        request: what the model needs of a batch.
        seed: everything drawn hangs on it.
        split: the split trained on.
        cache_bytes: see CACHE_BYTES.
        share: which rows of every batch to return, where several processes share it; the others are not read.

    Raises:
        UserError: fewer images than a batch holds, a batch that cannot be shared evenly, wrong images wanted of a
            single image, or boxes or keypoints of a data set without any.
    """

    def __init__(
        self,
        manifest: Manifest,
        request: DataRequest,
        seed: int,
        *,
        split: str = "train",
        cache_bytes: int = CACHE_BYTES,
        share: BatchShare = WHOLE_BATCH,
    ) -> None:
        self._manifest = manifest
        self._request = request
        self._seed = seed
        self._images = manifest.split(split)
        self._split = split
        self._share = share
        count = len(self._images)
        share.require_even(request.batch_size)
        if count < request.batch_size:
            raise UserError(
                f"The split {split!r} of {manifest.name} has {count} images, fewer than a batch of "
                f"{request.batch_size}. Use a smaller batch_size or a larger data set."
            )
        if request.wrong_images and count < 2:
            raise UserError(f"The split {split!r} of {manifest.name} has one image only; wrong images need another.")
        classes = [index if image.class_id is None else image.class_id for index, image in enumerate(self._images)]
        self._classes = np.asarray(classes, dtype=np.int64)
        self._caption_counts = np.asarray([len(image.captions) for image in self._images])
        self._resolution = max(request.resolutions)
        self._bases = _Bases(manifest, split, self._resolution, cache_bytes, whole=request.whole)
        self._boxes = ObjectBoxes(manifest, split, whole=request.whole) if request.boxes else None
        self._keypoints = ObjectKeypoints(manifest, split, whole=request.whole) if request.keypoints else None
        self._epoch = functools.lru_cache(maxsize=2)(self._draw_epoch)  # an epoch's end needs the next one too

    @property
    def steps_per_epoch(self) -> int:
        """Whole batches in one pass over the split."""
        return len(self._images) // self._request.batch_size

    def batch(self, step: int, phase: str) -> TrainBatch:
        """Return the batch of a step (from 0), on the CPU. A pure function of the seed and the step.

        Raises:
            UserError: an image is missing or damaged.
        """
        rows, table = self._rows(step)
        wrong = None
        if self._request.wrong_images:
            pixels, _ = self._crops(self._wrong(rows, table), table[rows], "wrong")
            wrong = pyramid(pixels, self._request.resolutions)
        pixels, places = self._crops(rows, table[rows], "right")
        return TrainBatch(
            step=step,
            phase=phase,
            captions=self._captions(rows, table),
            images=pyramid(pixels, self._request.resolutions),
            class_ids=torch.from_numpy(self._classes[rows]),
            wrong_images=wrong,
            boxes=None if self._boxes is None else self._boxes.in_crops(rows, places, self._resolution),
            keypoints=None if self._keypoints is None else self._keypoints.in_crops(rows, places, self._resolution),
        )

    def iterate(
        self, first_step: int, last_step: int, phase_of: Callable[[int], str], workers: int = 0
    ) -> Iterator[TrainBatch]:
        """Yield the batches of first_step, ..., last_step - 1.

        Images not in memory yet are decoded two batches ahead by max(1, workers) threads, which PIL lets run beside
        the training; their number changes no value.
        """
        with ThreadPoolExecutor(max(1, workers), thread_name_prefix="images") as pool:
            try:
                for step in range(first_step, last_step):
                    for ahead in range(step, min(step + 3, last_step)):
                        self._bases.fetch(self._needed(ahead), pool)
                    yield self.batch(step, phase_of(step))
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self._bases.forget()

    def _rows(self, step: int) -> tuple[np.ndarray, np.ndarray]:
        epoch, place = divmod(step, self.steps_per_epoch)
        order, table = self._epoch(epoch)
        size = self._request.batch_size
        return order[place * size : (place + 1) * size][self._share.rows(size)], table

    def _draw_epoch(self, epoch: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the order of the images and, a row an image, uniform numbers in [0, 1), columns as in _COLUMNS."""
        generator = torch.Generator().manual_seed(seed_of(self._seed, "training data", self._split, epoch))
        count = len(self._images)
        order = torch.randperm(count, generator=generator).numpy()
        table = torch.rand((count, len(_COLUMNS)), generator=generator, dtype=torch.float64).numpy()
        return order, table

    def _captions(self, rows: np.ndarray, table: np.ndarray) -> tuple[Caption, ...]:
        chosen = (table[rows, _COLUMNS["caption"]] * self._caption_counts[rows]).astype(np.int64)
        return tuple(
            self._manifest.caption(self._images[row], int(index)) for row, index in zip(rows, chosen, strict=True)
        )

    def _needed(self, step: int) -> list[int]:
        rows, table = self._rows(step)
        wrong = self._wrong(rows, table).tolist() if self._request.wrong_images else []
        return [*rows.tolist(), *wrong]

    def _crops(self, rows: np.ndarray, numbers: np.ndarray, kind: Kind) -> tuple[Tensor, np.ndarray]:
        """Return uint8 crops, N x 3 x S x S in channels_last, of the images in `rows`, and where they lie.

        The places are N x 5: left and top in the working image, its width and height, and 1 where it was flipped.
        """
        resolution = self._resolution
        u, v, w = (numbers[:, _COLUMNS[f"{kind} {name}"]] for name in ("x", "y", "flip"))
        pixels = np.empty((len(rows), resolution, resolution, 3), dtype=np.uint8)
        places = np.empty((len(rows), 5), dtype=np.int64)
        for place, base in enumerate(self._bases.get(rows.tolist())):
            top = int(v[place] * (base.shape[0] - resolution + 1))
            left = int(u[place] * (base.shape[1] - resolution + 1))
            crop = base[top : top + resolution, left : left + resolution]
            flipped = w[place] < 0.5 and not self._manifest.whole
            pixels[place] = crop[:, ::-1] if flipped else crop
            places[place] = left, top, base.shape[1], base.shape[0], flipped
        return torch.from_numpy(pixels).permute(0, 3, 1, 2), places

    def _wrong(self, rows: np.ndarray, table: np.ndarray) -> np.ndarray:
        """Return for every row another image's row, of another class where there is one.

        Differs from StackGAN-v2's official code, which draws any image and once more if its class is the caption's.
        """
        first, count = table[rows, _COLUMNS["wrong image"]], len(self._images)
        by_class, start, size = self._blocks
        others = count - size[rows]
        drawn = (first * others).astype(np.int64)
        other_class = by_class[(drawn + np.where(drawn >= start[rows], size[rows], 0)) % count]
        drawn = (first * (count - 1)).astype(np.int64)
        other_image = drawn + (drawn >= rows)
        chosen: np.ndarray = np.where(others > 0, other_class, other_image)
        return chosen

    @functools.cached_property
    def _blocks(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Rows sorted by class; and, for every row, where its class starts in that order and how many it has."""
        by_class = np.argsort(self._classes, kind="stable")
        _, inverse, sizes = np.unique(self._classes, return_inverse=True, return_counts=True)
        starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
        return by_class, starts[inverse], sizes[inverse]


_NAMES: Final = ("caption", "right x", "right y", "right flip", "wrong image", "", "wrong x", "wrong y", "wrong flip")
"""What the numbers drawn for an image are for; one is for nothing any more, and without it others would be drawn."""
_COLUMNS: Final = {name: column for column, name in enumerate(_NAMES)}


class _Bases:
    """Images decoded, cropped around the object and resized: kept in memory as far as the limit allows.

    Those of a cache on disk are not kept: the system does that.
    """

    def __init__(self, manifest: Manifest, split: str, resolution: int, limit: int, *, whole: bool) -> None:
        self._images = manifest.split(split)
        self._decoded = BaseImages(manifest, resolution, whole=whole)
        self._limit = limit
        self._bytes = 0
        self._kept: dict[int, np.ndarray] = {}
        self._coming: dict[int, Future[np.ndarray]] = {}
        self._lock = threading.Lock()

    def fetch(self, rows: Sequence[int], pool: ThreadPoolExecutor) -> None:
        """Start reading the images that are not in memory."""
        for row in rows:
            if row not in self._kept and row not in self._coming:
                self._coming[row] = pool.submit(self._ahead, row)

    def forget(self) -> None:
        """Drop what was started and not used."""
        self._coming.clear()

    def get(self, rows: Sequence[int]) -> Iterator[np.ndarray]:
        """Yield uint8 arrays H x W x 3, the shorter side being the working size."""
        for row in rows:
            kept = self._kept.get(row)
            if kept is None:
                coming = self._coming.pop(row, None)
                kept = self._read(row) if coming is None else coming.result()
            yield kept

    def _ahead(self, row: int) -> np.ndarray:
        pixels = self._read(row)
        if self._decoded.cached:
            pixels[:: max(1, 4096 // pixels[0].nbytes)].max()  # touches every page: the disk is waited for here
        return pixels

    def _read(self, row: int) -> np.ndarray:
        pixels = self._decoded.pixels(self._images[row])
        if self._decoded.cached:
            return pixels
        with self._lock:
            if row not in self._kept and self._bytes + pixels.nbytes <= self._limit:
                self._kept[row] = pixels
                self._bytes += pixels.nbytes
        return pixels
