"""Kernel Inception Distance: the squared maximum mean discrepancy of two feature sets under a cubic kernel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Literal, get_args

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of, reference_pair
from t2ibench.metrics.intervals import jackknife_interval, jackknife_parts, keyed_order

if TYPE_CHECKING:
    import numpy as np

_CELLS = 4_000_000
"""Kernel values held at a time: 32 MB."""

Estimator = Literal["full", "subsets"]


def kernel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return float64 n x m, (x . y / d + 1)^3. Source: Bińkowski et al., Demystifying MMD GANs, 2018, section 4."""
    products: np.ndarray = first @ second.T / first.shape[1] + 1.0
    cubes: np.ndarray = products * products * products
    return cubes


def unbiased_mmd2(first: np.ndarray, second: np.ndarray) -> float:
    """Return the unbiased estimate of the squared MMD of float64 n x d and m x d; below 0 now and then.

    Pairs of an image with itself are left out. Source: Gretton et al., A Kernel Two-Sample Test, 2012, equation 3.
    """
    n, m = len(first), len(second)
    cross = sum(float(block.sum()) for _, block in _blocks(first, second))
    return _pairs(first) / (n * (n - 1)) + _pairs(second) / (m * (m - 1)) - 2 * cross / (n * m)


def subset_mmd2(
    features: np.ndarray, reference: np.ndarray, subsets: Iterable[tuple[np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Return float64, the unbiased estimate of every subset, as torch-fidelity and clean-fid take them.

    Args:
        features: float n x d.
        reference: float m x d.
        subsets: (rows of features, rows of reference), int arrays.
    """
    import numpy as np

    pairs = [(features[rows].astype(np.float64), reference[others].astype(np.float64)) for rows, others in subsets]
    return np.array([unbiased_mmd2(first, second) for first, second in pairs])


class KernelDistance:
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
    unit = ""
    higher_is_better = False
    layer = "pool"
    needs_reference = True
    caption_linked = False
    minimum_n = 10

    def __init__(self, *, estimator: Estimator = "full", subsets: int = 100, subset_size: int = 1000) -> None:
        if estimator not in get_args(Estimator):
            raise UserError(f"KID's estimator is one of {', '.join(get_args(Estimator))}; found {estimator!r}.")
        if subsets < (1 if estimator == "subsets" else 0) or subset_size < 2:
            raise UserError(f"KID needs subsets of 2 images or more; found {subsets} of {subset_size}.")
        self.estimator = estimator
        self.subsets = subsets
        self.subset_size = subset_size

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the full estimate, and it with each of the `jackknife_parts` left out, from one pass over the kernel.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        import numpy as np

        features, reference = _float64_pair(self, given)
        parts = jackknife_parts(groups_of(given, len(features)), given.seed)
        part_of = np.zeros(len(features), dtype=np.int64)
        for index, out in enumerate(parts):
            part_of[out] = index
        belongs = np.eye(max(len(parts), 1))[part_of]  # n x parts
        within = np.zeros((belongs.shape[1], belongs.shape[1]))  # sums of k(x, x') over two parts, without x = x'
        for rows, block in _blocks(features, features):
            block[np.arange(len(block)), np.arange(rows.start, rows.start + len(block))] = 0
            within += belongs[rows].T @ (block @ belongs)
        across = np.zeros(belongs.shape[1])  # sums of k(x, y) over a part and the reference
        for rows, block in _blocks(features, reference):
            across += belongs[rows].T @ block.sum(axis=1)
        m = len(reference)
        fixed = _pairs(reference) / (m * (m - 1))

        def distance(pairs: float, cross: float, n: int) -> float:
            return pairs / (n * (n - 1)) + fixed - 2 * cross / (n * m)

        n, pairs, cross = len(features), float(within.sum()), float(across.sum())
        left_out = [
            distance(
                pairs - float(within[at].sum() + within[:, at].sum() - within[at, at]),
                cross - float(across[at]),
                n - int(out.sum()),
            )
            for at, out in enumerate(parts)
        ]
        return distance(pairs, cross, n), left_out

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the distance with its interval and the std over subsets. Errors as above.

        The interval is centred on the value by shifting the jackknife of the full estimate.
        """
        value, left_out = self.jackknife(given)
        spread = {}
        if self.subsets:
            features, reference = _float64_pair(self, given)
            size = min(self.subset_size, len(features), len(reference))
            drawn = _keyed_subsets(len(features), len(reference), self.subsets, size, given.seed)
            values = subset_mmd2(features, reference, drawn)
            spread[f"std over {self.subsets} subsets of {size}"] = float(values.std())
            if self.estimator == "subsets":
                value = float(values.mean())
        what = "clustered by image, reference fixed"
        return Estimate(
            value=value,
            interval=jackknife_interval(value, left_out, low=float("-inf"), what=what),
            n=len(given.features[self.layer]),
            spread=spread,
        )


def _float64_pair(metric: KernelDistance, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
    import numpy as np

    features, reference = reference_pair(metric.title, given, metric.layer, metric.minimum_n)
    return features.astype(np.float64), reference.astype(np.float64)


def _blocks(first: np.ndarray, second: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield (rows of `first`, their kernel values with all of `second`), so that memory stays flat in n."""
    height = max(_CELLS // len(second), 1)
    for start in range(0, len(first), height):
        rows = slice(start, min(start + height, len(first)))
        yield rows, kernel(first[rows], second)


def _pairs(points: np.ndarray) -> float:
    """Return the sum of k(x, x') over all ordered pairs of different images."""
    import numpy as np

    own = (np.einsum("nd,nd->n", points, points) / points.shape[1] + 1.0) ** 3
    return sum(float(block.sum()) for _, block in _blocks(points, points)) - float(own.sum())


def _keyed_subsets(n: int, m: int, subsets: int, size: int, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for index in range(subsets):
        yield keyed_order(n, seed, "kid", index)[:size], keyed_order(m, seed, "kid reference", index)[:size]
