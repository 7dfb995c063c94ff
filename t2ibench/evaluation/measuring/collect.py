"""Images to features, in one pass and in chunks that are kept: a killed evaluation goes on where it was."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from t2ibench.core.errors import RunFailedError
from t2ibench.core.files import digest_of
from t2ibench.core.machine.threads import in_turn, side_by_side
from t2ibench.core.machine.workers import Workers
from t2ibench.core.storage.store import ARRAYS, Store
from t2ibench.core.storage.stored_rows import StoredRows
from t2ibench.core.types import SamplePlan
from t2ibench.evaluation.images.sources import AT_ONCE, Source
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.features.insides import LooksInside
from t2ibench.features.language.questions import Asked
from t2ibench.features.likelihood import Likelihood

if TYPE_CHECKING:
    from torch import Tensor

CHUNK: Final = 250
"""Images whose features are kept together: no feature depends on a batch size."""

PASS: Final = 32
"""Images of a chunk that an extractor sees at once on one thread."""

HELD_BYTES: Final = 2**26
"""A layer's features beyond this size stay in the store."""

COLLECT_VERSION: Final = 3
"""Raised by hand whenever a change here could move a feature."""


@dataclass(frozen=True)
class Making:
    """How features are made, and where they are kept.

    Attributes:
        store: keeps every chunk.
        settings: what else the pixels depend on (resolution, quantisation); part of the key.
        batch_size: images made at a time on a GPU; on a CPU no feature depends on it.
        device: where networks compute.
        workers: who else works on this evaluation.
    """

    store: Store
    settings: Mapping[str, Any]
    batch_size: int
    device: str = "cpu"
    workers: Workers = Workers()  # noqa: RUF009  # frozen


@dataclass
class Collected:
    """Features of one source under one plan.

    Attributes:
        features: extractor name -> layer -> float32 N x d, in the plan's order: arrays, or `StoredRows` where they are
            large.
        images_digest: SHA-256 over the decoded pixels, in the plan's order.
        making_seconds: time the images took when they were made, by all workers together.
        feature_seconds: extractor name -> time its features took, likewise.
    """

    features: dict[str, dict[str, np.ndarray]]
    images_digest: str
    making_seconds: float
    feature_seconds: dict[str, float] = field(default_factory=dict)


def collect(
    source: Source,
    plan: SamplePlan,
    extractors: Sequence[Extractor],
    making: Making,
    on_chunk: Callable[[int], None] = lambda done: None,
) -> Collected:
    """Return the features of all images of a plan; each image is made once for all extractors that lack it.

    Args:
        source: whose images.
        plan: which images.
        extractors: what looks at them.
        making: how, and by whom.
        on_chunk: called with the number of images done after every chunk.

    Raises:
        UserError: an image cannot be read, or an extractor cannot be used.
        RunFailedError: a model fails, or the disk is full.
    """
    chunks = _chunks(plan, source.together or 1)
    if making.workers.count > 1:
        assist(source, plan, extractors, making)
    rows = {extractor.name: _Rows(len(plan)) for extractor in extractors}
    hasher = hashlib.sha256()
    making_seconds, done = 0.0, 0
    spent = {extractor.name: 0.0 for extractor in extractors}

    def fill(chunk: SamplePlan) -> SamplePlan:
        _fill(source, chunk, extractors, making, wait=True)
        return chunk

    store = making.store
    for chunk in in_turn(fill, chunks, device=making.device):
        pixels, seconds = b"", 0.0
        for extractor in extractors:
            key = _key(source, chunk, extractor, making.settings)
            kept = store.get("features", key)
            if kept is None:  # damaged between two looks
                raise RunFailedError(f"{store.path('features', key)} was changed while it was in use. Ask again.")
            rows[extractor.name].add(kept, len(chunk), store, key)
            spent[extractor.name] += float(kept["_seconds"][1])
            pixels, seconds = kept["_pixels"].tobytes(), max(seconds, float(kept["_seconds"][0]))
        hasher.update(pixels)
        making_seconds += seconds
        done += len(chunk)
        on_chunk(done)
    features = {name: found.layers() for name, found in rows.items()}
    return Collected(features, hasher.hexdigest(), making_seconds, spent)


def assist(source: Source, plan: SamplePlan, extractors: Sequence[Extractor], making: Making) -> None:
    """Make the chunks that no other worker has made or is making. Arguments and errors as `collect`."""
    chunks = _chunks(plan, source.together or 1)
    for index in making.workers.order(len(chunks)):
        _fill(source, chunks[index], extractors, making, wait=False)


class _Rows:
    """The features of one extractor, gathered chunk by chunk."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._arrays: dict[str, np.ndarray] = {}
        self._pieces: list[tuple[Any, int]] = []
        self._widths: dict[str, int] = {}
        self._done = 0

    def add(self, kept: Mapping[str, np.ndarray], rows: int, store: Store, key: Mapping[str, Any]) -> None:
        self._pieces.append((store.path("features", key) / ARRAYS, rows))
        for layer, array in kept.items():
            if layer.startswith("_"):
                continue
            width = self._widths.setdefault(layer, array.shape[1])
            if self._count * width * 4 <= HELD_BYTES:
                whole = self._arrays.setdefault(layer, np.empty((self._count, width), dtype=np.float32))
                whole[self._done : self._done + rows] = array
        self._done += rows

    def layers(self) -> dict[str, np.ndarray]:
        """Return layer -> rows; stored rows pass for arrays with those who read them by slices."""
        return {
            layer: self._arrays[layer]
            if layer in self._arrays
            else cast("np.ndarray", StoredRows(self._pieces, layer, width))
            for layer, width in self._widths.items()
        }


def _chunks(plan: SamplePlan, together: int) -> list[SamplePlan]:
    """Return the plan in pieces of CHUNK images, or as many more as fill batches that must stay whole."""
    return _pieces(plan, -(-CHUNK // together) * together)


def _pieces(plan: SamplePlan, size: int) -> list[SamplePlan]:
    return [
        SamplePlan(plan.items[start : start + size], plan.seed, plan.dataset, plan.split)
        for start in range(0, len(plan), size)
    ]


def _fill(source: Source, chunk: SamplePlan, extractors: Sequence[Extractor], making: Making, *, wait: bool) -> None:
    """Make the features of a chunk that the store lacks, unless another worker is at it and `wait` is False."""
    store, workers = making.store, making.workers
    keys = {extractor.name: _key(source, chunk, extractor, making.settings) for extractor in extractors}

    def lacking() -> list[Extractor]:
        return [extractor for extractor in extractors if not store.has("features", keys[extractor.name])]

    missing = lacking()
    if not missing:
        return
    place = store.folder / "claims" / digest_of([source.identity, chunk.digest, dict(making.settings)])
    with workers.claim(place, wait=wait) as mine:
        missing = lacking() if mine and workers.count > 1 else missing
        if mine and missing:
            for name, arrays in _compute(source, chunk, missing, making.batch_size, making.device).items():
                store.put("features", keys[name], arrays)


def _key(source: Source, chunk: SamplePlan, extractor: Extractor, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything the features of a chunk depend on."""
    key = {
        "version": COLLECT_VERSION,
        "source": source.identity,
        "chunk": chunk.digest,
        "extractor": extractor.describe(),
        "settings": dict(settings),
    }
    return {**key, "weighed": source.weighs()} if extractor.reads_model else key


def _compute(
    source: Source, chunk: SamplePlan, extractors: Sequence[Extractor], batch_size: int, device: str
) -> dict[str, dict[str, np.ndarray]]:
    """Return extractor name -> layer -> array of one chunk, with "_pixels" (a digest) and "_seconds" (two times)."""
    import torch

    networks = {extractor.name: extractor.opened() for extractor in extractors}
    began = time.perf_counter()
    parts = _pieces(chunk, source.together or (AT_ONCE if device.startswith("cpu") else batch_size))
    pixels = torch.cat(side_by_side(partial(_pixels, source, batch_size), parts, device=device))
    making = time.perf_counter() - began
    digest = np.frombuffer(hashlib.sha256(np.ascontiguousarray(pixels.numpy()).tobytes()).digest(), dtype=np.uint8)
    found = {}
    for name, network in networks.items():
        began = time.perf_counter()
        if isinstance(network, Likelihood):
            read = [source.weigh(chunk, network)]
        elif isinstance(network, LooksInside):
            read = [source.look(chunk, network)]
        elif isinstance(network, Asked):
            read = [network.ask(pixels, [item.caption for item in chunk.items])]
        else:
            passes = [pixels[start : start + PASS] for start in range(0, len(pixels), PASS)]
            read = side_by_side(network.extract, passes, device=device)
        layers = {layer: torch.cat([one[layer] for one in read]).numpy() for layer in read[0]}
        spent = time.perf_counter() - began
        found[name] = {**layers, "_pixels": digest, "_seconds": np.array([making, spent], dtype=np.float64)}
    return found


def _pixels(source: Source, batch_size: int, plan: SamplePlan) -> Tensor:
    import torch

    return torch.cat([batch.pixels for batch in source.images(plan, batch_size=batch_size)])
