"""Combinations that a data set holds out of training, and pairings of the same words that training shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from t2ibench.errors import UserError, unknown_name
from t2ibench.evaluation.probes.questions import Question, Variant, filled

HELD_OUT: Final = "held out of training"
SEEN: Final = "seen in training"
Pair = tuple[str, str]
_SLOT: Final = re.compile(r"\{([a-z]+)\}")


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
    if adapter not in _HOLDING:
        raise UserError(
            f"The caption {template!r} of a probe has places to fill, but data sets of {adapter} hold no combination "
            f"out of training; {' and '.join(_HOLDING)} do. Write the captions out."
        )
    parts, held_out, seen = _HOLDING[adapter]()
    for name in names:
        if name not in parts:
            raise unknown_name(f"part of what {adapter} holds out", name, parts)
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


def _simbirds() -> tuple[Pair, list[Pair], frozenset[Pair]]:
    """Return (parts, held-out pairs, pairs of training species): colours of wings and belly."""
    from t2ibench.data.simbirds.species import HELD_OUT_PAIRS, all_species

    birds = [species.attributes for species in all_species() if species.split == "train"]
    return ("wing", "belly"), [*HELD_OUT_PAIRS], frozenset((bird.wing, bird.belly) for bird in birds)


def _simscenes() -> tuple[Pair, list[Pair], frozenset[Pair]]:
    """Return (parts, held-out pairs, the others): an object's kind and its colour."""
    from t2ibench.data.simscenes.vocabulary import COLOURS, HELD_OUT, KINDS

    held_out: list[Pair] = [(kind, colour) for kind in KINDS for colour in COLOURS if (kind, colour) in HELD_OUT]
    others = frozenset((kind, colour) for kind in KINDS for colour in COLOURS if (kind, colour) not in HELD_OUT)
    return ("kind", "colour"), held_out, others


_HOLDING: Final[Mapping[str, Callable[[], tuple[Pair, list[Pair], frozenset[Pair]]]]] = {
    "simbirds": _simbirds,
    "simscenes": _simscenes,
}
