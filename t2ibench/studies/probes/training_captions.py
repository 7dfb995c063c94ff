"""How often training captions say what a probe's caption says: whether a combination was ever seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from t2ibench.studies.known_truth import Said, known_truth
from t2ibench.studies.probes.questions import Question
from t2ibench.text.tokenizer import tokenize

if TYPE_CHECKING:
    from t2ibench.data.manifest import Manifest

TRAINING: Final = "train"
_EMPTY_WORDS: Final = frozenset((
    "a", "an", "the", "this", "that", "these", "is", "are", "was", "has", "have", "with", "and", "or", "of", "on", "in",
    "at", "to", "its", "it", "there", "by", "from", "for", "as", "very",
))  # fmt: skip
"""Words that say nothing of an image."""


def training_counts(questions: Sequence[Question], manifest: Manifest, adapter: str) -> list[list[int]]:
    """Return how many training captions say all that each wording says, a list a question.

    Captions of simulated data are read; of others the words are compared, wherever they stand, but for such as "the"
    and "with": a combination that is not counted once was never described in these words.

    Args:
        questions: what is asked.
        manifest: of the data set.
        adapter: of the data set.
    """
    truth = known_truth(adapter)
    read = _words if truth is None else truth.said
    wanted = [[read(variant.text) for variant in question.variants] for question in questions]
    counts = [[0] * len(question.variants) for question in questions]
    for image in manifest.splits.get(TRAINING, ()):
        for text in image.captions:
            said = read(text)
            for row, ones in zip(counts, wanted, strict=True):
                for place, one in enumerate(ones):
                    row[place] += bool(one) and one <= said
    return counts


def _words(text: str) -> Said:
    return frozenset(word for word in tokenize(text) if word not in _EMPTY_WORDS)
