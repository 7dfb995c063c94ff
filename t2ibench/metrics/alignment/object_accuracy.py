"""Semantic object accuracy: whether a detector finds in an image the objects that its caption names."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.named import NamedThings, ShareShown
from t2ibench.metrics.plain import JackknifeMetric


class _ObjectAccuracy(NamedThings):
    """What both forms share. Images without any detection stay in the denominator (TISE's code drops them)."""

    version = 1
    layer = "objects"

    def __init__(self, *, threshold: float = 0.5) -> None:
        if not 0 < threshold <= 1:
            raise UserError(f"{self.title} needs a threshold in (0, 1]; found {threshold}.")
        self.threshold = threshold


class ObjectAccuracyPerImage(_ObjectAccuracy, ShareShown):
    """Share of all (image, object its caption names) pairs in which the object is found, in %.

    Source: Hinz et al., Semantic Object Accuracy, 2020, equation 2 (SOA-I). Differs: on the plan's captions, one
    image each, instead of three images of every caption that names the label; the detector is any, and part of the
    identity: TISE's figures (Mask R-CNN) and the authors' (YOLOv3) are two metrics.

    Args:
        threshold: least score at which an object counts as found.
    """

    name = "soa_i"
    title = "SOA-I"


class ObjectAccuracyPerClass(_ObjectAccuracy, JackknifeMetric):
    """Mean over labels of the share of images, of those whose caption names the label, in which it is found, in %.

    Source: Hinz et al. 2020, equation 1 (SOA-C). Labels that no caption of the plan names are left out; a warning says
    how many. Differs as SOA-I.

    Args:
        threshold: least score at which an object counts as found.
    """

    name = "soa_c"
    title = "SOA-C"
    most = 100.0
    held = "clustered by image"

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the mean share in %, and it with each of the `jackknife_parts` left out.

        Raises:
            UserError: fewer than 10 images, no caption labels, numbers that are not finite, or no label at all.
        """
        named, shown = self._named_and_shown(given)
        parts = self.parts_of(given, len(named))
        left_out = [_mean_share(named[~out], shown[~out]) for out in parts if named[~out].any()]
        return _mean_share(named, shown), left_out

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the mean with a jackknife over images. Errors as above."""
        named, _ = self._named_and_shown(given)
        absent = int((~named.any(axis=0)).sum())
        said = f"{absent} of {named.shape[1]} labels are named by no caption of the plan; left out."
        return self.with_interval(given, *self.jackknife(given), warnings=(said,) if absent else ())


def _mean_share(named: np.ndarray, shown: np.ndarray) -> float:
    times = named.sum(axis=0)
    return 100 * float(((named & shown).sum(axis=0)[times > 0] / times[times > 0]).mean())
