"""Positional alignment: whether a judge prefers a caption to the one with its position word swapped."""

from __future__ import annotations

from typing import Literal

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.alignment.r_precision import unit_codes
from t2ibench.metrics.plain import JackknifeMetric


def preferred(true: np.ndarray, swapped: np.ndarray, threshold: float) -> np.ndarray:
    """Return bool N: whether the softmax of two logits, float N each, gives the first more than `threshold`.

    Chance is not one half, as the gap must exceed ln 1.5 for 0.6. Source: Dinh et al., TISE, 2022, section 3.4 (PA).
    """
    from scipy.special import expit

    found: np.ndarray = np.asarray(expit(np.asarray(true) - np.asarray(swapped)) > threshold)
    return found


class PositionalAlignment(JackknifeMetric):
    """Mean over position words of the share of images whose judge prefers the caption to its opposite, in %.

    Source: TISE's PA. Differs: the captions are the plan's, and the words those of `text.position_words`. A CLIP
    judge's logits are `scale` times the cosine (layer "image"); a judge of statements has how many of the caption's it
    finds (layer "statements"), so an image that shows neither is a miss.

    Args:
        layer: of the judge.
        scale: of a cosine; OpenAI's networks have 100.
        threshold: probability that counts as success.
    """

    name = "positional_alignment"
    version = 1
    title = "PA"
    unit = "%"
    higher_is_better = True
    most = 100.0
    held = "clustered by image"
    needs_reference = False
    caption_linked = True
    needs_swapped_captions = True

    def __init__(
        self, *, layer: Literal["image", "statements"] = "image", scale: float = 100.0, threshold: float = 0.6
    ) -> None:
        if not 0.5 <= threshold < 1 or not scale > 0:
            raise UserError(f"PA needs a threshold in [0.5, 1) and scale > 0; found {threshold} and {scale}.")
        self.layer = layer
        self.scale = scale
        self.threshold = threshold

    def jackknife(self, given: MetricInput) -> tuple[float, list[float]]:
        """Return the mean share in %, and it with each of the `jackknife_parts` left out.

        Raises:
            UserError: fewer than 10 images, no caption codes, or no caption has a position word.
        """
        hits, words = self._hits(given)
        parts = self.parts_of(given, len(hits))
        left_out = [mean_share(hits[~out], words[~out]) for out in parts if (words[~out] != "").any()]
        return mean_share(hits, words), left_out

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the mean with a jackknife over images. Errors as above."""
        asked = float((self._hits(given)[1] != "").sum())
        return self.with_interval(given, *self.jackknife(given), spread={"captions with a position word": asked})

    def _hits(self, given: MetricInput) -> tuple[np.ndarray, np.ndarray]:
        """Return (bool N: whether the caption is preferred; str N: its position word, "" for none)."""
        features = np.asarray(self.features_of(given), dtype=np.float64)
        codes, queries = self.captions_of(given, features.shape[1])
        if given.swapped_codes is None:
            raise UserError("PA needs codes of captions with their position words swapped, and was given none.")
        words = np.asarray(given.position_words)[queries]
        if not (words != "").any():
            raise UserError("PA has nothing to ask: no caption of the plan has a position word.")
        true, turned = (np.asarray(one, dtype=np.float64)[queries] for one in (codes, given.swapped_codes))
        if self.layer == "image":
            features, true, turned = self.scale * unit_codes(features), unit_codes(true), unit_codes(turned)
        logits, others = (np.einsum("nd,nd->n", features, side) for side in (true, turned))
        return preferred(logits, others, self.threshold), words


def mean_share(hits: np.ndarray, words: np.ndarray) -> float:
    """Return the mean over position words of the share of hits, in %; images without a word ("") do not count."""
    return 100 * float(np.mean([hits[words == word].mean() for word in np.unique(words[words != ""])]))
