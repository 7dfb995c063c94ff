"""Clipped coverage: the share of real images that would cover the reference as well."""

from __future__ import annotations

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.manifolds.clipped import calibrated_coverage, expected_coverage, raw_coverage
from t2ibench.metrics.pairs.coverage import Coverage
from t2ibench.metrics.pairs.one_pass import after_the_pass


class ClippedCoverage(Coverage):
    """Mean over reference balls of the images inside, cut at k, over k, on the scale of real images: 0.7 is as 70 %.

    Source: arXiv 2507.01761.

    Args:
        neighbour: k, which of a reference image's nearest others sets its radius, and how many images fill a ball.
    """

    name = "clipped_coverage"
    version = 1
    title = "Clipped coverage"

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the coverage, and it with each of the `jackknife_parts` left out, each calibrated for its own n.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        reader = after_the_pass(self, given)
        inside, reference = reader.counts.sum(dim=1), len(given.reference[self.layer])
        expected = expected_coverage(len(given.features[self.layer]), reference, self.neighbour)
        value = calibrated_coverage(raw_coverage(inside.cpu().numpy(), self.neighbour), expected)
        left_out = [
            calibrated_coverage(
                raw_coverage((inside - out).cpu().numpy(), self.neighbour), expected[: len(expected) - int(size)]
            )
            for out, size in zip(reader.counts.T, reader.sizes, strict=True)
            if reader.has_parts
        ]
        return value, left_out
