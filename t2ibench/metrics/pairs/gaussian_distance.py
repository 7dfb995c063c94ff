"""CMMD, and KID with a Gaussian kernel: the squared MMD under exp(-|x - y|^2 / (2 sigma^2))."""

from __future__ import annotations

import math

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.r_precision import unit_codes
from t2ibench.metrics.pairs.kernel_sums import Kernel, gaussian_kernel, kernel_sums
from t2ibench.metrics.pairs.kid import Estimator, KernelDistance
from t2ibench.metrics.plain import JackknifeMetric


class CLIPDiscrepancy(JackknifeMetric):
    """1000 times the squared MMD of unit image codes under a Gaussian kernel of sigma 10, from 0 to 39.6.

    Source: Jayasumana et al., Rethinking FID, 2024. The paper's estimator is unbiased (`diagonal = false`); the code of
    its authors, and every figure in print, keeps the diagonal (the default), which adds about 1000 (1 - mean k) (1/n +
    1/m): compare equal n only. In float64; the authors' float32 wanders by 1e-4.

    Args:
        sigma: of the kernel.
        scale: factor of the printed figure.
        diagonal: whether pairs of an image with itself count.
        unit_length: whether codes are brought to length 1 first, as CLIP's are.
    """

    name = "cmmd"
    version = 2
    title = "CMMD"
    higher_is_better = False
    layer = "image"

    def __init__(
        self, *, sigma: float = 10.0, scale: float = 1000.0, diagonal: bool = True, unit_length: bool = True
    ) -> None:
        if not sigma > 0 or not scale > 0:
            raise UserError(f"{self.title} needs sigma > 0 and scale > 0; found {sigma} and {scale}.")
        self.sigma = sigma
        self.scale = scale
        self.diagonal = diagonal
        self.least = 0.0 if diagonal else -math.inf
        self.unit_length = unit_length

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the distance, and it with each of the `jackknife_parts` left out. The pass is its own: of unit codes.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        features, reference = self.pair_of(given)
        if self.unit_length:
            features, reference = unit_codes(features), unit_codes(reference)
        parts = self.parts_of(given, len(features))
        kernel = gaussian_kernel(self.sigma)
        sums = kernel_sums(features, reference, kernel, parts, diagonal=self.diagonal, device=given.device)
        return self.scale * sums.whole(), [self.scale * one for one in sums.left_out()]


class GaussianKernelDistance(KernelDistance):
    """KID with a Gaussian kernel: the unbiased squared MMD on all images of both sides; may fall below 0.

    Source: Bińkowski et al. 2018 for the estimator, torch-fidelity's `kid_kernel="rbf"` for the kernel (sigma 10).

    Args:
        sigma: of the kernel; its fit depends on the features' scale.
        estimator: as for KID, and so are subsets and subset_size.
    """

    name = "kid_rbf"
    version = 2
    title = "KID (RBF)"

    def __init__(
        self, *, sigma: float = 10.0, estimator: Estimator = "full", subsets: int = 100, subset_size: int = 1000
    ) -> None:
        if not sigma > 0:
            raise UserError(f"{self.title} needs sigma > 0; found {sigma}.")
        super().__init__(estimator=estimator, subsets=subsets, subset_size=subset_size)
        self.sigma = sigma

    def kernel(self) -> Kernel:
        """Return the Gaussian."""
        return gaussian_kernel(self.sigma)
