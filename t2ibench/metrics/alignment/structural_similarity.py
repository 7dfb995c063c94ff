"""SSI: how far an image has the structure of the real image that its caption was written for."""

from __future__ import annotations

from math import isqrt
from typing import Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.plain import MeanMetric

_CHANNELS: Final = 3
_LUMINANCE, _CONTRAST = 0.01, 0.03
_ROWS: Final = 256
"""Images compared at once, so that memory stays flat."""


class StructuralSimilarity(MeanMetric):
    """Mean over images of their SSIM with the caption's own real image, in [-1, 1]; 1 is the same image.

    Source: Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity, 2004, equation 13:
    Gaussian windows, whole ones only, variances over n, the mean of the channels. Agrees with scikit-image's
    `structural_similarity(gaussian_weights=True, use_sample_covariance=False)`. Mansimov et al., 2016, table 1 has such
    a column whose window and size are not published. Blur raises it: it says little about how good images look.

    Args:
        taps: width of the window in pixels, odd.
        sigma: of the window.
        value_range: of the pixels, largest minus smallest possible.
    """

    name = "structural_similarity"
    version = 1
    title = "SSI"
    higher_is_better = True
    layer = "pixels"
    caption_linked = True
    own_reference = True
    minimum_n = 3

    def __init__(self, *, taps: int = 11, sigma: float = 1.5, value_range: float = 255.0) -> None:
        if taps < 3 or taps % 2 == 0 or not sigma > 0 or not value_range > 0:
            raise UserError(
                f"SSI needs an odd number of taps >= 3, sigma > 0 and value_range > 0; found {taps}, {sigma} and "
                f"{value_range}."
            )
        self.taps, self.sigma, self.value_range = taps, sigma, value_range

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N, each in [-1, 1].

        Raises:
            UserError: fewer than 3 images, other numbers of images and real ones, images smaller than the window, or
                numbers that are not finite.
        """
        images, real = self.pair_of(given, stored=True)
        if len(images) != len(real):
            raise UserError(f"SSI sets every image against one real image; found {len(images)} and {len(real)}.")
        side = isqrt(images.shape[1] // _CHANNELS)
        if _CHANNELS * side**2 != images.shape[1] or side < self.taps:
            raise UserError(
                f"SSI needs square images of three channels and {self.taps} pixels or more; found {images.shape[1]} "
                'numbers an image. Set `size` of the "pixels" features in benchmarks.toml.'
            )
        found = [np.empty(0)]
        for start in range(0, len(images), _ROWS):
            rows = slice(start, start + _ROWS)
            first, second = (
                np.asarray(part[rows], dtype=np.float64).reshape(-1, _CHANNELS, side, side) for part in (images, real)
            )
            found.append(self._similarity(first, second))
        return np.concatenate(found)

    def _similarity(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Return float64 N of images float64 N x C x S x S."""
        mean_1, mean_2 = self._windowed(first), self._windowed(second)
        variance_1 = self._windowed(first * first) - mean_1**2
        variance_2 = self._windowed(second * second) - mean_2**2
        covariance = self._windowed(first * second) - mean_1 * mean_2
        c1, c2 = (_LUMINANCE * self.value_range) ** 2, (_CONTRAST * self.value_range) ** 2
        above = (2 * mean_1 * mean_2 + c1) * (2 * covariance + c2)
        below = (mean_1**2 + mean_2**2 + c1) * (variance_1 + variance_2 + c2)
        values: np.ndarray = (above / below).mean(axis=(1, 2, 3))
        return values

    def _windowed(self, images: np.ndarray) -> np.ndarray:
        """Return the windows' weighted means, N x C x (S - taps + 1) x (S - taps + 1): those that lie inside."""
        from scipy.ndimage import correlate1d

        margin = self.taps // 2
        window = np.exp(-0.5 * (np.arange(-margin, margin + 1) / self.sigma) ** 2)
        for axis in (2, 3):
            images = correlate1d(images, window / window.sum(), axis=axis)
        return images[:, :, margin:-margin, margin:-margin]
