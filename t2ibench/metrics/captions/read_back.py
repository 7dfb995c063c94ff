"""CIDEr-D of the sentences that a captioner reads back from images, against the images' captions."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

from t2ibench.core.interfaces import MetricInput
from t2ibench.features.language.caption_back import LAYER, sentences_of
from t2ibench.metrics.captions.cider import cider_d
from t2ibench.metrics.plain import MeanMetric

_TOKEN: Final = re.compile(r"\w+|'\w+")


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
