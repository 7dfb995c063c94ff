"""R-precision: whether an image's own caption is the nearest among 100, by the codes of a caption judge."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import keyed_order, percent_interval
from t2ibench.metrics.plain import PlainMetric

_ROWS = 128


def retrieval_hits(images: np.ndarray, captions: np.ndarray, queries: np.ndarray, negatives: np.ndarray) -> np.ndarray:
    """Return float64 N in [0, 1]: 1 where the image's own caption is strictly nearest, else 0.

    A tie at the top among t captions counts 1/t, the mean over ways to break it; so a judge that cannot tell captions
    apart scores chance. (The official code lets ties fall to the true caption, which stands first in its list.)
    Nearness is the cosine, in float64; a code of length 0 has cosine 0 with everything.

    Args:
        images: float N x d, image codes.
        captions: float M x d, caption codes.
        queries: int N into the M captions: each image's own.
        negatives: int N x k into the M captions.
    """
    captions = unit_codes(captions)
    hits = np.empty(len(images))
    for start in range(0, len(images), _ROWS):
        rows = slice(start, start + _ROWS)
        own = queries[rows]
        candidates = np.concatenate([own[:, None], negatives[rows]], axis=1)  # n x (1 + k)
        scores = np.einsum("nd,nkd->nk", unit_codes(images[rows]), captions[candidates])
        beaten = (scores[:, 1:] > scores[:, :1]).any(axis=1)
        ties = (scores[:, 1:] == scores[:, :1]).sum(axis=1)
        hits[rows] = np.where(beaten, 0.0, 1.0 / (1 + ties))
    return hits


class RPrecision(PlainMetric):
    """Share of images whose own caption ranks first among it and the stored negatives, in %.

    Source: Xu et al., AttnGAN, 2018, section 4.1 (R = 1 of 100); the released form is DM-GAN's. Differs from DM-GAN's
    code: negatives are a stored list, the same for every model; a tie among t counts 1/t; folds hold every image.
    """

    name = "r_precision"
    version = 1
    title = "R-precision"
    unit = "%"
    higher_is_better = True
    layer = "image"
    needs_reference = False
    caption_linked = True
    needs_negatives = True

    def __init__(self, *, folds: int = 10) -> None:
        if folds < 2:
            raise UserError(f"R-precision needs at least 2 folds; found {folds}.")
        self.folds = folds
        self.minimum_n = max(10, folds)

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: 100 where an image's own caption is nearest, 0 where not, a share of it for ties.

        Raises:
            UserError: too few images, no caption codes or negatives, or codes that are not finite.
        """
        images = self.features_of(given)
        if given.caption_codes is None or given.queries is None or given.negatives is None:
            raise UserError("R-precision needs caption codes and negatives, which only a caption judge can give.")
        captions, queries = self.captions_of(given, images.shape[1])
        return 100 * retrieval_hits(images, captions, queries, np.asarray(given.negatives))

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share of hits with an interval clustered by image and the std over folds. Errors as above."""
        percent = self.image_values(given)
        count = len(percent)
        hits = percent / 100
        interval = percent_interval(hits, groups_of(given, count))
        order = keyed_order(count, given.seed, "folds")
        folds = [100 * float(hits[part].mean()) for part in np.array_split(order, self.folds)]
        return Estimate(
            value=100 * float(hits.mean()),
            interval=interval,
            n=count,
            spread={f"std over {self.folds} folds": float(np.std(folds))},
        )


def unit_codes(codes: np.ndarray) -> np.ndarray:
    """Return float64 codes of length 1, N x d; a code of length 0 stays as it is."""
    codes = np.asarray(codes, dtype=np.float64)
    lengths = np.linalg.norm(codes, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(codes, lengths, out=np.zeros_like(codes), where=lengths > 0)
    return unit
