"""SSIM with the choices of other libraries, which the column SSI does not offer: uniform windows, mirrored borders."""

from __future__ import annotations

from typing import Literal

import numpy as np

Window = Literal["gaussian", "uniform"]
_SIGMA = 1.5
_REACH = 5


def structural_similarity(
    first: np.ndarray,
    second: np.ndarray,
    data_range: float,
    *,
    window: Window = "gaussian",
    border: bool = False,
    sample_covariance: bool = False,
    size: int = 7,
) -> float:
    """Return SSIM in [-1, 1] of float H x W x C (or H x W), the mean over windows and channels; 1 for equal images.

    The default is Wang et al. 2004: a Gaussian window of 11 taps, sigma 1.5, the border cut off. skimage's default is
    "uniform" with `sample_covariance`; torchmetrics' keeps the border, mirrored.

    Args:
        first: an image.
        second: of the same shape.
        data_range: the greatest value less the least that an image can have, not that these have.
        window: what a window weighs.
        border: whether windows that reach over the edge count.
        sample_covariance: divide by the window's size less one.
        size: of the uniform window, in pixels.
    """
    from scipy.ndimage import gaussian_filter, uniform_filter

    x, y = (np.asarray(one, dtype=np.float64).reshape(*one.shape[:2], -1) for one in (first, second))
    reach = _REACH if window == "gaussian" else size // 2
    mode = "mirror"

    def smooth(values: np.ndarray) -> np.ndarray:
        if window == "gaussian":
            return np.asarray(gaussian_filter(values, (_SIGMA, _SIGMA, 0), mode=mode, radius=(_REACH, _REACH, 0)))
        return np.asarray(uniform_filter(values, (size, size, 1), mode=mode))

    mean_x, mean_y = smooth(x), smooth(y)
    factor = size**2 / (size**2 - 1) if sample_covariance else 1.0
    spread_x = factor * (smooth(x * x) - mean_x**2)
    spread_y = factor * (smooth(y * y) - mean_y**2)
    shared = factor * (smooth(x * y) - mean_x * mean_y)
    small, little = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    values = (2 * mean_x * mean_y + small) * (2 * shared + little)
    values /= (mean_x**2 + mean_y**2 + small) * (spread_x + spread_y + little)
    return float((values if border else values[reach:-reach, reach:-reach]).mean())
