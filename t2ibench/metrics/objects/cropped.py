"""O-FID and O-IS: FID and the Inception Score of the objects that a detector finds, cut out of the images."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.inception_score import InceptionScore
from t2ibench.metrics.plain import PlainMetric


def unpacked(rows: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (float objects x d, int objects: the image of each) of rows N x most (1 + d), crop by crop a flag and d.

    Raises:
        UserError: the rows do not hold so many crops.
    """
    if rows.shape[1] % most:
        raise UserError(f"{rows.shape[1]} numbers an image are not {most} crops: `most` is another in [features.*].")
    blocks = np.asarray(rows).reshape(len(rows), most, -1)
    there = blocks[:, :, 0] > 0
    return blocks[there][:, 1:], np.nonzero(there)[0]


class _OfObjects(PlainMetric):
    """What both share: the objects take the images' place, and those of one image stay together."""

    version = 1
    needs_reference = False
    minimum_n = 20
    inner: FrechetDistance | InceptionScore

    def __init__(self, *, most: int = 5) -> None:
        if most < 1:
            raise UserError(f"{self.title} needs most >= 1; found {most}.")
        self.most = most

    def _objects(self, given: MetricInput) -> MetricInput:
        """Return the input of the metric within.

        Raises:
            UserError: fewer than 20 images, or numbers that are not finite.
        """
        rows = self.features_of(given)
        features, image = unpacked(rows, self.most)
        reference = {}
        if self.needs_reference:
            theirs = self.features_of(given, reference=True)
            reference = {self.inner.layer: unpacked(theirs, self.most)[0]}
        groups = groups_of(given, len(rows))[image]
        return replace(given, features={self.inner.layer: features}, reference=reference, groups=groups)

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the value, and it without each part of the images. Errors as the metric within, of objects."""
        return self.inner.jackknife(self._objects(given))

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the value with a jackknife over images. Errors as the metric within, of objects."""
        found = self.inner.estimate(self._objects(given))
        count = len(given.features[self.layer])
        return replace(found, n=count, spread={**found.spread, "objects found": float(found.n)})


class ObjectFID(_OfObjects):
    """FID of the objects found in the images to those found in the reference images.

    Source: Dinh et al., TISE, 2022, section 3.4. Differs: the detector and the network are any, and part of the
    identity; at most `most` objects an image, the surest; the reference is the data set's images by the same detector.

    Args:
        most: crops an image, as in the features' entry.
    """

    name = "object_fid"
    title = "O-FID"
    layer = "crops pool"
    higher_is_better = False
    needs_reference = True
    inner = FrechetDistance()


class ObjectIS(_OfObjects):
    """Inception Score of the objects found in the images, logits over a temperature.

    Source: TISE, section 3.4, whose temperature 2.1737587451934814 belongs to a classifier of COCO's 80 labels that
    lies on a personal drive. Differs as O-FID; the shuffle is keyed and nothing is dropped.

    Args:
        most: crops an image, as in the features' entry.
        splits: of the objects.
        temperature: that calibrates the classifier.
    """

    name = "object_is"
    title = "O-IS"
    layer = "crops logits"
    higher_is_better = True

    def __init__(self, *, most: int = 5, splits: int = 10, temperature: float = 1.0) -> None:
        super().__init__(most=most)
        self.inner = InceptionScore(splits=splits, temperature=temperature)
