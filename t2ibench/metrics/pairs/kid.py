"""Kernel Inception Distance: the squared maximum mean discrepancy of two feature sets under a cubic kernel."""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.intervals import keyed_order
from t2ibench.metrics.pairs.kernel_sums import Kernel, KernelSums, polynomial_kernel
from t2ibench.metrics.pairs.one_pass import after_the_pass
from t2ibench.metrics.plain import JackknifeMetric

Estimator = Literal["full", "subsets"]


class KernelDistance(JackknifeMetric):
    """Unbiased squared MMD on all images of both sides.

    Source: Bińkowski et al. 2018. Differs from torch-fidelity and clean-fid, which average over random subsets of
    1,000: all pairs are used, so nothing is drawn and the value is what their mean tends to. Their form is the option
    `estimator = "subsets"`; its spread stands beside either value. Has no bias in n, unlike FID; may fall below 0.

    Args:
        estimator: "full" for all images; "subsets" for the mean over subsets, drawn by the protocol's seed.
        subsets: how many are drawn; 0 for none (then no spread is given).
        subset_size: images of each side in a subset; as many as there are where there are fewer.
    """

    name = "kid"
    version = 1
    title = "KID"
    higher_is_better = False
    least = -math.inf

    def __init__(self, *, estimator: Estimator = "full", subsets: int = 100, subset_size: int = 1000) -> None:
        if estimator not in get_args(Estimator):
            raise UserError(f"KID's estimator is one of {', '.join(get_args(Estimator))}; found {estimator!r}.")
        if subsets < (1 if estimator == "subsets" else 0) or subset_size < 2:
            raise UserError(f"KID needs subsets of 2 images or more; found {subsets} of {subset_size}.")
        self.estimator = estimator
        self.subsets = subsets
        self.subset_size = subset_size

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> KernelSums:
        """Return what sums the kernel, over drawn subsets too."""
        size = min(self.subset_size, *sizes)
        subsets = [
            (
                keyed_order(sizes[0], seed, "kid", index)[:size],
                keyed_order(sizes[1], seed, "kid reference", index)[:size],
            )
            for index in range(self.subsets)
        ]
        return KernelSums(sizes, self.kernel(), parts, subsets)

    def kernel(self) -> Kernel:
        """Return the cubic kernel."""
        return polynomial_kernel()

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the full estimate, and it with each of the `jackknife_parts` left out, from one pass over the kernel.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        sums = after_the_pass(self, given)
        return sums.whole(), sums.left_out()

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the distance with its interval and the std over subsets. Errors as above.

        The interval is centred on the value by shifting the jackknife of the full estimate.
        """
        sums = after_the_pass(self, given)
        value, left_out = self.jackknife(given)
        spread = {}
        if self.subsets:
            size = min(self.subset_size, len(given.features[self.layer]), len(given.reference[self.layer]))
            values = sums.over_subsets()
            spread[f"std over {self.subsets} subsets of {size}"] = float(values.std())
            if self.estimator == "subsets":
                value = float(values.mean())
        return self.with_interval(given, value, left_out, spread=spread)
