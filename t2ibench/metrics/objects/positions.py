"""Positional alignment: whether a judge prefers a caption to the one with its position word swapped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def positional_alignment(
    logits: Mapping[str, Sequence[tuple[float, float]]], threshold: float = 0.6
) -> tuple[float, dict[str, float]]:
    """Return (mean over words, word -> share of images) in [0, 1] where the true caption gets more than `threshold`.

    The two captions' logits go through a softmax; chance is not one half, as the gap must exceed ln 1.5 for 0.6.
    Source: Dinh et al., TISE, 2022, section 3.4 (PA).

    Args:
        logits: position word -> (of the caption, of the caption with the word swapped) of each image.
        threshold: probability that counts as success, strictly above it.
    """
    import numpy as np
    from scipy.special import expit

    shares = {
        word: float(np.mean([expit(true - swapped) > threshold for true, swapped in pairs]))
        for word, pairs in logits.items()
    }
    return float(np.mean(list(shares.values()))), shares
