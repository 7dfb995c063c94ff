"""A metric that sits in a loop and is fed images batch by batch: update, compute, reset, as torchmetrics has them."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureExtractor, MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.functions import metric_of, numpy_of

_AT_ONCE: Final = 32
"""Images that an extractor sees at once, always: its sums may be ordered otherwise for other numbers of them."""


class RunningMetric:
    """A metric over all images since the last reset. Their order, and how they are cut into batches, change nothing.

    Features are kept, 4 bytes a number (30,000 images of 2,048 numbers: 250 MB). Metrics that read captions are
    functions only (`t2ibench.metrics.r_precision`).

    Args:
        metric: registered name, as in "fid", "kid", "inception_score", "precision", "vendi".
        extractor: images -> features: a feature extractor (`t2ibench.load_extractor`), whose layer the metric chooses,
            or a callable that returns N x d, in eval mode, of as many images; None if `update` is given features.
        seed: of what the metric draws.
        device: where it may compute.
        options: of the metric, as in splits=1.

    Raises:
        UserError: the name or an option is unknown, the metric reads captions or training images, or the extractor
            lacks its layer.
    """

    def __init__(
        self, metric: str, extractor: Any = None, *, seed: int = 0, device: str = "cpu", **options: Any
    ) -> None:
        self._metric = metric_of(metric, options)
        if self._metric.caption_linked or getattr(self._metric, "needs_training", False):
            raise UserError(
                f"{self._metric.title} reads more than images and reference images: it is a function, "
                f"t2ibench.metrics.{metric}(...)."
            )
        if isinstance(extractor, FeatureExtractor) and self._metric.layer not in extractor.layers:
            raise UserError(
                f"{self._metric.title} reads the layer {self._metric.layer!r}, and the extractor "
                f"{extractor.identity.name} has {', '.join(extractor.layers)}: take another one."
            )
        self._extractor = extractor
        self._seed, self._device = seed, device
        self._rows: dict[bool, list[tuple[bytes, np.ndarray]]] = {False: [], True: []}

    def update(self, images: Any, *, real: bool = False) -> None:
        """Take a batch.

        Args:
            images: N x 3 x H x W as the extractor wants them (feature extractors: uint8); features N x d without one.
            real: whether these are reference images.

        Raises:
            UserError: the extractor does not give a row an image.
        """
        if real and not self._metric.needs_reference:
            raise UserError(f"{self._metric.title} compares with no reference images: leave real=True out.")
        given = numpy_of(images)
        features = self._checked(given, len(given)) if self._extractor is None else self._features(images)
        rows = np.ascontiguousarray(features).astype(np.float32 if features.dtype.itemsize <= 4 else np.float64)
        keys = [hashlib.sha256(np.ascontiguousarray(one).tobytes()).digest() for one in given]
        self._rows[real] += zip(keys, rows, strict=True)

    def compute(self) -> Estimate:
        """Return the estimate over all images since the last reset.

        Raises:
            UserError: there are too few, or features are not finite.
        """
        layer = self._metric.layer
        return self._metric.estimate(
            MetricInput(
                features={layer: self._stacked(real=False)},
                reference={layer: self._stacked(real=True)} if self._metric.needs_reference else {},
                seed=self._seed,
                device=self._device,
            )
        )

    def reset(self, *, keep_real: bool = False) -> None:
        """Forget all images; with `keep_real` all but the reference images."""
        self._rows[False] = []
        if not keep_real:
            self._rows[True] = []

    def _stacked(self, *, real: bool) -> np.ndarray:
        """Return features N x d in an order that hangs on the images alone."""
        rows = self._rows[real]
        if not rows:
            which = "reference images (real=True)" if real else "images"
            raise UserError(f"{self._metric.title} was given no {which} yet: call update(...) first.")
        return np.stack([row for _, row in sorted(rows, key=lambda one: one[0])])

    def _features(self, images: Any) -> np.ndarray:
        """Return what the extractor gives, always asked for equally many images at once."""
        import torch

        given = images if isinstance(images, torch.Tensor) else torch.from_numpy(np.ascontiguousarray(images))
        parts = []
        with torch.no_grad():
            for start in range(0, len(given), _AT_ONCE):
                part = given[start : start + _AT_ONCE]
                filled = torch.cat([part, part[-1:].expand(_AT_ONCE - len(part), *part.shape[1:])])
                if isinstance(self._extractor, FeatureExtractor):
                    found: Any = self._extractor.extract(filled)[self._metric.layer]
                else:
                    found = self._extractor(filled)
                parts.append(self._checked(numpy_of(found), _AT_ONCE)[: len(part)])
        return np.concatenate(parts) if parts else np.zeros((0, 1), np.float32)

    def _checked(self, features: np.ndarray, count: int) -> np.ndarray:
        """Return features N x d; a UserError where they are of another form."""
        if features.ndim != 2 or len(features) != count:
            shape = " x ".join(map(str, features.shape)) or "one number"
            raise UserError(f"{self._metric.title} wants features N x d, a row an image; {count} images gave {shape}.")
        return features
