"""BLEU: the share of a caption's word runs that come in its image's own captions, of a whole corpus."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from t2ibench.metrics.captions.read_back import n_grams

_TINY = 1e-15
_SMALL = 1e-9


def bleu(
    candidates: Mapping[str, str], references: Mapping[str, Sequence[str]], longest: int = 4
) -> tuple[list[float], dict[str, list[float]]]:
    """Return (BLEU-1 to BLEU-`longest` of the corpus, image -> the same of one caption), each in [0, 1].

    Closest reference length, no smoothing but coco-caption's 1e-15 and 1e-9; one short caption's BLEU-4 is about 0.
    Source: Papineni et al. 2002, in the form that coco-caption prints.

    Args:
        candidates: image -> caption, lower-case tokens between blanks.
        references: image -> its captions, alike.
        longest: longest run of words.
    """
    total_hits, total_runs, total_length, total_reference = [0] * longest, [0] * longest, 0, 0
    own = {}
    for image, candidate in candidates.items():
        grams = n_grams(candidate, longest)
        most: Counter[tuple[str, ...]] = Counter()
        for sentence in references[image]:
            most |= n_grams(sentence, longest)
        length = len(candidate.split())
        nearest = min((abs(len(one.split()) - length), len(one.split())) for one in references[image])[1]
        hits = [0] * longest
        for gram, count in (grams & most).items():
            hits[len(gram) - 1] += count
        runs = [max(0, length - size) for size in range(longest)]
        own[image] = _scores(hits, runs, length, nearest)
        total_hits = [one + other for one, other in zip(total_hits, hits, strict=True)]
        total_runs = [one + other for one, other in zip(total_runs, runs, strict=True)]
        total_length += length
        total_reference += nearest
    return _scores(total_hits, total_runs, total_length, total_reference), own


def _scores(hits: Sequence[int], runs: Sequence[int], length: int, reference: int) -> list[float]:
    product, scores = 1.0, []
    for size, (found, count) in enumerate(zip(hits, runs, strict=True), start=1):
        product *= (found + _TINY) / (count + _SMALL)
        scores.append(product ** (1 / size))
    ratio = (length + _TINY) / (reference + _SMALL)
    return [score * math.exp(1 - 1 / ratio) for score in scores] if ratio < 1 else scores
