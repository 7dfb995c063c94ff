"""Combinations of words: held out of training, paired otherwise in training, and how often training names them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.registry import registry
from t2ibench.evaluation.images.plan import TRAINING
from t2ibench.studies.known_truth import Said, known_truth
from t2ibench.studies.probes.questions import Question, Variant, filled
from t2ibench.text.tokenizer import tokenize

if TYPE_CHECKING:
    from t2ibench.data.manifest import Manifest

HELD_OUT: Final = "held out of training"
SEEN: Final = "seen in training"
Pair = tuple[str, str]
_SLOT: Final = re.compile(r"\{([a-z]+)\}")
_EMPTY_WORDS: Final = frozenset((
    "a", "an", "the", "this", "that", "these", "is", "are", "was", "has", "have", "with", "and", "or", "of", "on", "in",
    "at", "to", "its", "it", "there", "by", "from", "for", "as", "very",
))  # fmt: skip
"""Words that say nothing of an image."""


def composition_questions(template: str, adapter: str) -> list[Question]:
    """Return the question of what is held out, then the one of what is seen, both with the same noise.

    The seen combinations have the very words of those held out, each as often, paired otherwise: what is left between
    the two questions is whether training showed the combination.

    Args:
        template: a caption with a place for each part, as in "this bird has {wing} wings and a {belly} belly".
        adapter: of the data set.

    Raises:
        UserError: the adapter holds nothing out, or the places are not its parts.
    """
    names = tuple(_SLOT.findall(template))
    truth = known_truth(adapter)
    if truth is None:
        raise UserError(
            f"The caption {template!r} of a probe has places to fill, but data sets of {adapter} hold no combination "
            f"out of training; {' and '.join(sorted(registry('truths')))} do. Write the captions out."
        )
    parts, (held_out, seen) = truth.parts, truth.combinations()
    require_known(f"part of what {adapter} holds out", parts, *names)
    if sorted(names) != sorted(parts):
        wanted = " and ".join(f"{{{part}}}" for part in parts)
        raise UserError(f"The caption {template!r} of a probe wants {wanted}, once each.")
    bare = _SLOT.sub("{}", template)
    questions = []
    for group, pairs in ((HELD_OUT, held_out), (SEEN, re_paired(held_out, seen))):
        rows: list[Mapping[str, str]] = [dict(zip(parts, pair, strict=True)) for pair in pairs]
        variants = tuple(
            Variant(filled(bare, [row[name] for name in names]), ", ".join(row[name] for name in names)) for row in rows
        )
        questions.append(Question(f"{_SLOT.sub('…', template)}: {group}", variants, bare, "none", group))
    return questions


def re_paired(held_out: Sequence[Pair], seen: frozenset[Pair]) -> list[Pair]:
    """Return pairs that are all seen, whose first and second words are those of the held-out ones, each as often.

    First words keep their order; of several solutions it is the first in the order of the second words.

    Raises:
        UserError: there is none.
    """
    firsts, seconds = [pair[0] for pair in held_out], [pair[1] for pair in held_out]
    chosen: list[int] = []

    def place(row: int) -> bool:
        if row == len(firsts):
            return True
        for number, second in enumerate(seconds):
            if number not in chosen and second != firsts[row] and (firsts[row], second) in seen:
                chosen.append(number)
                if place(row + 1):
                    return True
                chosen.pop()
        return False

    if not place(0):
        raise UserError("The combinations held out of training cannot be paired otherwise into ones that training has.")
    return [(first, seconds[number]) for first, number in zip(firsts, chosen, strict=True)]


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
