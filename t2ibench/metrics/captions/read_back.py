"""CIDEr-D: how like its caption the sentence is that a captioner reads back from an image, rare words weighing most."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.features.language.caption_back import LAYER, sentences_of
from t2ibench.metrics.plain import MeanMetric

NGrams = Counter[tuple[str, ...]]

LONGEST: Final = 4
_TOKEN: Final = re.compile(r"\w+|'\w+")


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


class CaptionBackCIDEr(MeanMetric):
    """Mean CIDEr-D of the sentences read back, in [0, 10]: rare runs of words that both hold weigh most.

    Each image has one reference, the caption that it was made for; words are weighed by all captions of the plan, a
    caption a document. Tokens are lower-case words, "'s" apart, without punctuation. Real images are the ceiling,
    shuffled captions the floor: captions of one image differ.
    Source: Vedantam et al., CIDEr, 2015; see `cider_d`.
    """

    name = "caption_back_cider"
    version = 1
    title = "Read back CIDEr-D"
    higher_is_better = True
    layer = LAYER
    needs_reference = False
    caption_linked = True

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N, each in [0, 10].

        Raises:
            UserError: fewer than 10 images, no captions, or numbers that are not finite.
        """
        numbers = self.features_of(given)
        captions, queries = self.captions_of(given, numbers.shape[1])
        said = [_tokens(sentence) for sentence in sentences_of(numbers)]
        references = {str(place): [_tokens(text)] for place, text in enumerate(sentences_of(captions))}
        # Images of one caption take turns: an image is looked up by its caption.
        turns: list[dict[str, str]] = []
        places: list[tuple[int, str]] = []
        for sentence, query in zip(said, queries.tolist(), strict=True):
            turn = next((at for at, held in enumerate(turns) if str(query) not in held), len(turns))
            if turn == len(turns):
                turns.append({})
            turns[turn][str(query)] = sentence
            places.append((turn, str(query)))
        scores = [cider_d(turn, references) for turn in turns]
        return np.array([scores[turn][query] for turn, query in places])


def _tokens(text: str) -> str:
    return " ".join(_TOKEN.findall(text.lower()))
