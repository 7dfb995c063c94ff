"""Pictures to features, in one pass and in chunks that are kept: a killed evaluation goes on where it was."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from t2ibench.evaluation.extractors import Extractor
from t2ibench.evaluation.sources import Source
from t2ibench.store import Store
from t2ibench.types import SamplePlan

if TYPE_CHECKING:
    import numpy as np

CHUNK: Final = 250
"""Pictures whose features are kept together."""

COLLECT_VERSION: Final = 1
"""Raised by hand whenever a change here could move a feature."""


@dataclass
class Collected:
    """Features of one source under one plan.

    Attributes:
        features: extractor name -> layer -> float32 array N x d, in the plan's order.
        images_digest: SHA-256 over the decoded pixels, in the plan's order.
        making_seconds: time the pictures took when they were made.
        feature_seconds: extractor name -> time its features took.
    """

    features: dict[str, dict[str, np.ndarray]]
    images_digest: str
    making_seconds: float
    feature_seconds: dict[str, float] = field(default_factory=dict)


def collect(
    source: Source,
    plan: SamplePlan,
    extractors: Sequence[Extractor],
    store: Store,
    *,
    settings: Mapping[str, Any],
    batch_size: int,
    on_chunk: Callable[[int], None] = lambda done: None,
) -> Collected:
    """Return the features of all pictures of a plan; each picture is made once for all extractors that lack it.

    Args:
        source: whose pictures.
        plan: which pictures.
        extractors: what looks at them.
        store: keeps every chunk.
        settings: what else the pixels depend on (resolution, quantisation); part of the key.
        batch_size: pictures made at a time; no feature depends on it.
        on_chunk: called with the number of pictures done after every chunk.

    Raises:
        UserError: a picture cannot be read, or an extractor cannot be used.
        RunFailedError: a model fails, or the disk is full.
    """
    import numpy as np

    parts: dict[str, list[dict[str, np.ndarray]]] = {extractor.name: [] for extractor in extractors}
    hasher = hashlib.sha256()
    making = 0.0
    spent = {extractor.name: 0.0 for extractor in extractors}
    for start in range(0, len(plan), CHUNK):
        stop = min(start + CHUNK, len(plan))
        chunk = SamplePlan(plan.items[start:stop], plan.seed, plan.dataset, plan.split)
        keys = {extractor.name: _key(source, chunk, extractor, settings) for extractor in extractors}
        found = {name: store.get("features", key) for name, key in keys.items()}
        lacking = [extractor for extractor in extractors if found[extractor.name] is None]
        if lacking:
            for name, arrays in _compute(source, chunk, lacking, batch_size).items():
                store.put("features", keys[name], arrays)
                found[name] = arrays
        for name, kept in found.items():
            assert kept is not None
            parts[name].append({layer: array for layer, array in kept.items() if not layer.startswith("_")})
            spent[name] += float(kept["_seconds"][1])
        one = next(kept for kept in found.values() if kept is not None)
        hasher.update(one["_pixels"].tobytes())
        making += float(one["_seconds"][0])
        on_chunk(stop)
    features = {
        name: {layer: np.concatenate([part[layer] for part in chunks]) for layer in chunks[0]}
        for name, chunks in parts.items()
    }
    return Collected(features, hasher.hexdigest(), making, spent)


def _key(source: Source, chunk: SamplePlan, extractor: Extractor, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return everything the features of a chunk depend on."""
    return {
        "version": COLLECT_VERSION,
        "source": source.identity,
        "chunk": chunk.digest,
        "extractor": extractor.describe(),
        "settings": dict(settings),
    }


def _compute(
    source: Source, chunk: SamplePlan, extractors: Sequence[Extractor], batch_size: int
) -> dict[str, dict[str, np.ndarray]]:
    """Return extractor name -> layer -> array of one chunk, with "_pixels" (a digest) and "_seconds" (two times)."""
    import numpy as np

    layers: dict[str, dict[str, list[np.ndarray]]] = {extractor.name: {} for extractor in extractors}
    networks = {extractor.name: extractor.opened() for extractor in extractors}
    spent = {extractor.name: 0.0 for extractor in extractors}
    hasher = hashlib.sha256()
    making = 0.0
    pictures = iter(source.images(chunk, batch_size=batch_size))
    while True:
        began = time.perf_counter()
        batch = next(pictures, None)
        making += time.perf_counter() - began
        if batch is None:
            break
        hasher.update(np.ascontiguousarray(batch.pixels.numpy()).tobytes())
        for name, network in networks.items():
            began = time.perf_counter()
            for layer, values in network.extract(batch.pixels).items():
                layers[name].setdefault(layer, []).append(values.numpy())
            spent[name] += time.perf_counter() - began
    pixels = np.frombuffer(hasher.digest(), dtype=np.uint8)
    return {
        name: {
            **{layer: np.concatenate(arrays) for layer, arrays in found.items()},
            "_pixels": pixels,
            "_seconds": np.array([making, spent[name]], dtype=np.float64),
        }
        for name, found in layers.items()
    }
