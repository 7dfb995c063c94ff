"""Diversity within captions: how much the images of one caption differ when only the noise does."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.alignment.r_precision import unit_codes
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.diversity.vendi import vendi
from t2ibench.metrics.intervals import mean_interval
from t2ibench.metrics.plain import PlainMetric


def cosine_spread(features: np.ndarray) -> float:
    """Return the mean of 1 - cosine over pairs of different rows of float n x d, n >= 2; 0 for equal rows, at most 2.

    Taken from differences of unit rows, so that equal images give exactly 0.
    """
    rows = unit_codes(features)
    first, second = np.triu_indices(len(rows), 1)
    apart = ((rows[first] - rows[second]) ** 2).sum(axis=1) / 2  # = 1 - cosine of unit rows
    dark = np.abs(rows).sum(axis=1) == 0
    if dark.any():  # a row of zeros has cosine 0 with everything but a copy of itself
        apart = np.where(dark[first] ^ dark[second], 1.0, apart)
    return float(apart.mean())


class _WithinCaptions(PlainMetric):
    """What both forms share: images of one caption are found by the caption they were made for."""

    version = 1
    higher_is_better = True
    needs_reference = False
    caption_linked = True
    needs_caption_codes = False
    needs_repeats = True
    _of: Callable[[np.ndarray], float]
    """Returns one caption's value from its images' features, n x d, n >= 2."""

    def _by_caption(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return (values of captions with two images or more, int N caption of each image or -1, the groups)."""
        features = np.asarray(self.features_of(given))
        if given.queries is None:
            raise UserError(
                f"{self.title} needs to know each image's caption, which images without captions cannot say."
            )
        _, member, sizes = np.unique(np.asarray(given.queries), return_inverse=True, return_counts=True)
        member = member.reshape(-1)
        repeated = np.flatnonzero(sizes >= 2)
        if not len(repeated):
            raise UserError(
                f"{self.title} needs two images or more of a caption, with different noise, and every caption has one: "
                "ask for more with --samples-per-caption."
            )
        values = np.array([self._of(features[member == caption]) for caption in repeated])
        place = np.full(len(sizes), -1)
        place[repeated] = np.arange(len(repeated))
        return values, place[member], groups_of(given, len(features))

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N whose mean is the mean over captions: a caption's value spread over its images.

        Raises:
            UserError: fewer than 10 images, no captions, no caption with two images, features that are not finite.
        """
        values, member, _ = self._by_caption(given)
        sizes = np.bincount(member[member >= 0], minlength=len(values))
        shares = values / sizes * len(member) / len(values)
        return np.where(member >= 0, shares[member], 0.0)

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the mean over captions with a bootstrap over them, clustered by image. Errors as above."""
        values, member, groups = self._by_caption(given)
        first = np.array([int(np.flatnonzero(member == caption)[0]) for caption in range(len(values))])
        alone = int((member < 0).sum())
        said = (f"{alone} images are the only ones of their caption and count for nothing.",) if alone else ()
        return Estimate(
            value=float(values.mean()),
            interval=mean_interval(values, groups[first], given.seed),
            n=len(member),
            warnings=said,
        )


class CaptionDiversity(_WithinCaptions):
    """Mean over captions of the mean 1 - cosine between a caption's images; 0 for a model that ignores its noise.

    Source: ours, after the pairwise distances of conditional GANs (as in Zhu et al. 2017, section 5.1, there LPIPS).
    Diversity without alignment is noise: read it beside R-precision.
    """

    name = "caption_diversity"
    title = "Diversity within captions"
    _of = staticmethod(cosine_spread)


class CaptionVendi(_WithinCaptions):
    """Mean over captions of the Vendi score of one caption's images; 1 for a model that ignores its noise.

    Source: dgm-eval takes it by class. Depends on the images a caption: compare equal numbers only.
    """

    name = "caption_vendi"
    title = "Vendi score within captions"
    _of = staticmethod(vendi)
