"""CIDEr-D: how like an image's own captions a caption made of the image is, rare words weighing most."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

NGrams = Counter[tuple[str, ...]]

LONGEST = 4


def n_grams(sentence: str, longest: int = LONGEST) -> NGrams:
    """Return how often each run of 1 to `longest` words comes in a sentence, which is split at blanks."""
    words = sentence.split()
    return Counter(
        tuple(words[start : start + length])
        for length in range(1, longest + 1)
        for start in range(len(words) - length + 1)
    )


def cider_d(
    candidates: Mapping[str, str],
    references: Mapping[str, Sequence[str]],
    *,
    sigma: float = 6.0,
    longest: int = LONGEST,
) -> dict[str, float]:
    """Return image -> CIDEr-D in [0, 10]; the mean over images is the figure.

    Weights come from the references of all images given, so few images are useless and one alone scores 0.
    Source: Vedantam et al., CIDEr, 2015, sections 3 and 5.3; lengths are compared by bigrams as in coco-caption.

    Args:
        candidates: image -> caption, lower-case tokens between blanks.
        references: image -> its captions, alike.
        sigma: of the Gaussian penalty on different lengths.
        longest: longest run of words.
    """
    frequency: Counter[tuple[str, ...]] = Counter()
    for sentences in references.values():
        frequency.update({gram for sentence in sentences for gram in n_grams(sentence, longest)})
    total = math.log(len(references))

    def weighted(sentence: str) -> tuple[list[dict[tuple[str, ...], float]], list[float], int]:
        vectors: list[dict[tuple[str, ...], float]] = [{} for _ in range(longest)]
        length = 0
        for gram, count in n_grams(sentence, longest).items():
            vectors[len(gram) - 1][gram] = count * (total - math.log(max(1.0, frequency[gram])))
            length += count if len(gram) == 2 else 0
        return vectors, [math.sqrt(sum(value**2 for value in vector.values())) for vector in vectors], length

    scores = {}
    for image, candidate in candidates.items():
        ours, norms, length = weighted(candidate)
        sums = [0.0] * longest
        for sentence in references[image]:
            theirs, other_norms, other_length = weighted(sentence)
            penalty = math.exp(-((length - other_length) ** 2) / (2 * sigma**2))
            for at in range(longest):
                shared = sum(
                    min(value, theirs[at].get(gram, 0.0)) * theirs[at].get(gram, 0.0)
                    for gram, value in ours[at].items()
                )
                if norms[at] and other_norms[at]:
                    shared /= norms[at] * other_norms[at]
                sums[at] += shared * penalty
        scores[image] = 10 * sum(sums) / longest / len(references[image])
    return scores
