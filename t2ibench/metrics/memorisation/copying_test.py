"""C_T: whether generated images lie nearer to the training images than held-out real ones do, cell by cell."""

from __future__ import annotations

import math

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.noise import seed_of
from t2ibench.metrics.memorisation.nearest import held_out_of, nearest_two, training_and
from t2ibench.metrics.plain import JackknifeMetric

_PLAIN_WIDTH = 64
"""Features that k-means looks at: the first principal components of the training images."""


def rank_score(held_out: np.ndarray, generated: np.ndarray) -> float:
    """Return Z of the Mann-Whitney U of two sets of distances: below 0 where `generated` (float M) lie nearer.

    Source: Meehan et al., A Non-Parametric Test to Detect Data-Copying, 2020, section 3; continuity as in their code.
    """
    from scipy.stats import rankdata

    n, m = len(held_out), len(generated)
    ranks = rankdata([*generated, *held_out])
    u = float(ranks[:m].sum()) - m * (m + 1) / 2
    return (u - (n * m / 2 - 0.5)) / math.sqrt(n * m * (n + m + 1) / 12)


def cell_scores(
    distances: tuple[np.ndarray, np.ndarray], cells: tuple[np.ndarray, np.ndarray], least: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return (Z of every cell that has more than the share `least` of the generated images, held-out share of it).

    Args:
        distances: float n of the held-out images, float m of the generated ones, to the training images of their cell.
        cells: int n and int m.
        least: share of the generated images.
    """
    (held_out, generated), (held_cells, cells_of) = distances, cells
    used = [int(cell) for cell in np.unique(cells_of) if (cells_of == cell).mean() > least]
    scores = [rank_score(held_out[held_cells == cell], generated[cells_of == cell]) for cell in used]
    return np.array(scores), np.array([float((held_cells == cell).mean()) for cell in used])


def copying_score(scores: np.ndarray, shares: np.ndarray) -> float:
    """Return C_T: the mean of the cells' Z, weighted by their shares of the held-out images."""
    return float((scores * shares).sum() / shares.sum())


def cell_distances(
    features: np.ndarray, cells: np.ndarray, training: np.ndarray, of_training: np.ndarray
) -> np.ndarray:
    """Return float64 N: each image's distance to the nearest training row of its own cell; inf where there is none."""
    found = np.full(len(features), np.inf)
    for cell in np.unique(cells):
        mine, theirs = cells == cell, of_training == cell
        if theirs.sum() >= 2:
            found[mine] = nearest_two(features[mine], training[theirs])[1]
        elif theirs.any():
            found[mine] = np.linalg.norm(features[mine] - training[theirs], axis=1)
    return found


def training_cells(training: np.ndarray, clusters: int, seed: int, tries: int = 10) -> tuple[np.ndarray, np.ndarray]:
    """Return (float64 d x p, float64 clusters x p): axes to look along and the k-means centres, the best of `tries`.

    Centres start at training rows drawn far from one another, by the seed, the same with every version of NumPy.
    """
    _, vectors = np.linalg.eigh(np.cov(training, rowvar=False))
    axes = vectors[:, ::-1][:, :_PLAIN_WIDTH]
    points = training @ axes
    best, best_cost = points[:clusters], math.inf
    for turn in range(tries):
        words = np.random.PCG64(seed_of(seed, "cells", turn)).random_raw(clusters)
        shares = np.asarray(words, dtype=np.float64) / 2.0**64
        centres = points[[int(shares[0] * len(points))]]
        while len(centres) < clusters:
            apart = ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1).cumsum()
            at = int(np.searchsorted(apart, shares[len(centres)] * apart[-1]))
            centres = np.concatenate([centres, points[[min(at, len(points) - 1)]]])
        for _ in range(300):
            belongs = (nearest_cell(points, centres) == np.arange(clusters)[:, None]).astype(np.float64)
            sizes = belongs.sum(axis=1)[:, None]
            moved = np.where(sizes > 0, belongs @ points / np.maximum(sizes, 1), centres)
            if np.allclose(moved, centres, rtol=0, atol=1e-12):
                break
            centres = moved
        cost = float(((points - centres[nearest_cell(points, centres)]) ** 2).sum())
        if cost < best_cost:
            best, best_cost = centres, cost
    return axes, best


def nearest_cell(points: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Return int N: the nearest centre of each of float64 N x p."""
    # |p - c|^2 without |p|^2, which is the same for every centre.
    nearest: np.ndarray = np.argmin((centres**2).sum(axis=1) - 2 * (points @ centres.T), axis=1)
    return nearest


class CopyingTest(JackknifeMetric):
    """C_T of the judged images against the reference images, which must be held out of training.

    Far below 0: copying; near 0: as held-out images; far above 0: farther from the training images than real ones, as a
    bad generator is. Higher counts as better only up to 0. Data sets whose test classes are unseen have held-out images
    that lie far from training, so a good model may stand below 0 there without copying: set it beside `real-train`.

    A cell counts with 20 images or more; where there are few images, with half its even share.

    Args:
        cells: k-means cells of the training images, which are compared one by one.
    """

    name = "copying_test"
    version = 1
    title = "C_T"
    higher_is_better = True
    least = -math.inf
    held = "clustered by image, training and held-out images fixed"
    needs_training = True
    minimum_n = 25

    def __init__(self, *, cells: int = 3) -> None:
        if cells < 1:
            raise UserError(f"C_T needs cells >= 1; found {cells}.")
        self.cells = cells

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the score, and it with each of the `jackknife_parts` left out; cells are not drawn anew.

        Raises:
            UserError: too few images, features that are not finite, no training images, or no cell with enough images.
        """
        features, training = training_and(self, given)
        held_out = held_out_of(self, given)
        axes, centres = training_cells(training, self.cells, given.seed)
        of_training = nearest_cell(training @ axes, centres)
        cells = (nearest_cell(held_out @ axes, centres), nearest_cell(features @ axes, centres))
        distances = (
            cell_distances(held_out, cells[0], training, of_training),
            cell_distances(features, cells[1], training, of_training),
        )
        parts = self.parts_of(given, len(features))
        values = [self._score(distances, cells, np.ones(len(features), dtype=bool))]
        values += [self._score(distances, cells, ~out) for out in parts]
        return values[0], values[1:]

    def _score(
        self, distances: tuple[np.ndarray, np.ndarray], cells: tuple[np.ndarray, np.ndarray], kept: np.ndarray
    ) -> float:
        mine = cells[1][kept]
        shared = np.isin(mine, cells[0])
        least = min(20 / len(mine), 0.5 / self.cells)
        if not shared.any() or not any((mine == cell).mean() > least for cell in np.unique(mine[shared])):
            raise UserError(
                f"{self.title} found no cell with enough images and a held-out one: ask for more with --samples."
            )
        kept_distances = distances[1][kept][shared]
        scores, shares = cell_scores((distances[0], kept_distances), (cells[0], mine[shared]), least)
        return copying_score(scores, shares)
