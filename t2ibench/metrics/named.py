"""Things that captions name and images show: what attribute accuracy and semantic object accuracy count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.checks import caption_codes_of, checked_features

if TYPE_CHECKING:
    import numpy as np


def named_and_shown(
    title: str,
    given: MetricInput,
    layer: str,
    minimum_n: int,
    threshold: float,
    *,
    columns: slice = slice(None),
) -> tuple[np.ndarray, np.ndarray]:
    """Return (named, shown), bool N x K: which of K things an image's caption names, and which the image shows.

    An image that shows nothing is a row of False in `shown` and stays in every denominator.

    Args:
        title: of the metric, for the errors.
        given: features N x K: how surely each thing is shown; caption codes M x K: above 0 where it is named.
        layer: the layer of the features.
        minimum_n: images needed.
        threshold: at least this sure counts as shown.
        columns: which of the K things are asked after; all by default.

    Raises:
        UserError: too few images, no caption codes, numbers that are not finite, or no caption names anything.
    """
    scores = checked_features(title, given, layer, minimum_n)
    codes, queries = caption_codes_of(title, given, scores.shape[1])
    named: np.ndarray = codes[queries][:, columns] > 0
    if not named.any():
        raise UserError(f"{title} has nothing to look for: no caption of the plan names anything that its judge knows.")
    return named, scores[:, columns] >= threshold


def share_per_image(named: np.ndarray, shown: np.ndarray) -> np.ndarray:
    """Return float64 N whose mean is the share of all named things that are shown.

    Captions of more things weigh more: the value is the number shown over the mean number named.
    """
    import numpy as np

    found: np.ndarray = (named & shown).sum(axis=1).astype(np.float64)
    return found / float(named.sum(axis=1).mean())
