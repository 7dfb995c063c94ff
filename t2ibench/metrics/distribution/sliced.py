"""MIND: the sliced Wasserstein distance of two feature sets, direction by direction, rank by rank."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.plain import JackknifeMetric

SEED = 2020
"""torch-fidelity's: directions and the cut of the larger set are the same in every table."""


def directions(projections: int, width: int, larger: int, fewer: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (float32 `projections` x width of unit length, int `fewer`: rows kept of the larger set).

    Drawn by torch's CPU generator: first the cut, where the sizes differ, then the directions, as torch-fidelity does.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    kept = torch.randperm(larger, generator=generator)[:fewer] if larger != fewer else torch.arange(fewer)
    drawn = torch.randn(projections, width, generator=generator, dtype=torch.float32)
    return np.asarray((drawn / drawn.norm(dim=1, keepdim=True)).numpy()), np.asarray(kept.numpy())


def sliced_distance(first: np.ndarray, second: np.ndarray, along: np.ndarray) -> float:
    """Return 3 d times the mean over directions and ranks of the squared difference of sorted projections, >= 0.

    Source: MIND, arXiv 2605.06797, as torch-fidelity computes it.

    Args:
        first: float N x d.
        second: float N x d: as many rows.
        along: float P x d, of unit length.
    """
    ours = np.sort(first @ along.T, axis=0)
    theirs = np.sort(second @ along.T, axis=0)
    return float(3 * first.shape[1] * ((ours - theirs) ** 2).mean(dtype=np.float64))


def mind(first: np.ndarray, second: np.ndarray, *, projections: int = 1000, seed: int = SEED) -> float:
    """Return MIND of float N x d and M x d, in float32; the larger set is cut to the smaller one's size by the seed."""
    fewer, larger = sorted((len(first), len(second)))
    along, kept = directions(projections, first.shape[1], larger, fewer, seed)
    ours = first if len(first) == fewer else first[kept]
    theirs = second if len(second) == fewer else second[kept]
    return sliced_distance(np.asarray(ours, np.float32), np.asarray(theirs, np.float32), along)


class SlicedDistance(JackknifeMetric):
    """MIND of the judged images' features against the reference's.

    Args:
        projections: directions drawn.
        seed: of the directions, not the protocol's: one column, one set of directions.
    """

    name = "mind"
    version = 1
    title = "MIND"
    higher_is_better = False
    held = "clustered by image, reference and directions fixed"

    def __init__(self, *, projections: int = 1000, seed: int = SEED) -> None:
        if projections < 1:
            raise UserError(f"MIND needs projections >= 1; found {projections}.")
        self.projections = projections
        self.seed = seed

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the distance, and it with each of the `jackknife_parts` left out.

        Without a part, the reference's sorted projections are read at as many evenly spaced ranks, so that no cut is
        drawn anew.

        Raises:
            UserError: fewer than 10 images on a side, features that are not finite or of different widths.
        """
        features, reference = (np.asarray(one) for one in self.pair_of(given))
        value = mind(features, reference, projections=self.projections, seed=self.seed)
        fewer, larger = sorted((len(features), len(reference)))
        along, kept = directions(self.projections, features.shape[1], larger, fewer, self.seed)
        ours = features.astype(np.float32) @ along.T
        theirs = np.sort(
            (reference if len(reference) == fewer else reference[kept]).astype(np.float32) @ along.T, axis=0
        )
        chosen = np.full(len(features), len(features) == fewer)
        if len(features) > fewer:
            chosen[kept] = True
        left_out = []
        for out in self.parts_of(given, len(features)):
            rest = np.sort(ours[chosen & ~out], axis=0)
            if not len(rest):
                continue
            at = ((np.arange(len(rest)) + 0.5) * len(theirs) / len(rest)).astype(np.int64)
            left_out.append(3 * features.shape[1] * float(((rest - theirs[at]) ** 2).mean(dtype=np.float64)))
        return value, left_out
