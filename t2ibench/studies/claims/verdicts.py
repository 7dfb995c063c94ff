"""From effects to verdicts: holds, reversed, no difference, undecided, not run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from t2ibench.studies.claims.effects import LEVEL, Effect, holm, seeds_needed

Verdict = Literal["holds", "reversed", "no difference", "undecided", "not run"]

NO_MARGIN: Final = "The claim names no margin for this column, so nothing can be called equal."
FIRST_SEEDS: Final = 3
"""Seeds to begin with where no spread was ever seen: two have an interval that hardly any effect escapes."""


@dataclass(frozen=True)
class Question:
    """A claim in one column, with what was measured.

    Attributes:
        claim: its name.
        column: of the protocol.
        equal: whether the claim is that there is no difference.
        margin: difference that nobody would care about; None for none.
        effect: over seeds; None where a row is missing.
        pairs: effects that must all hold; the effect alone in most tests.
        lacking: rows that are not there.
    """

    claim: str
    column: str
    equal: bool = False
    margin: float | None = None
    effect: Effect | None = None
    pairs: tuple[Effect, ...] = ()
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """A verdict and what it rests on.

    Attributes:
        question: what was asked.
        verdict: see the module.
        interval: of the effect over seeds, at 95 %; None with one seed.
        chance: p-value after Holm's correction over the table; None with one seed.
        more_seeds: how many more would decide at 80 % power, from the spread seen; None where none would, or none need.
        notes: sentences for the reader.
    """

    question: Question
    verdict: Verdict
    interval: tuple[float, float] | None = None
    chance: float | None = None
    more_seeds: int | None = None
    notes: tuple[str, ...] = field(default=())


def judge(questions: Sequence[Question]) -> list[Answer]:
    """Return an answer a question, corrected by Holm over all that have a p-value."""
    chances = [_chance(one) for one in questions]
    known = [place for place, chance in enumerate(chances) if chance is not None]
    corrected = dict(zip(known, holm([chances[place] or 0.0 for place in known]), strict=True))
    spreads = spreads_of(questions)
    return [_answer(one, corrected.get(place), spreads) for place, one in enumerate(questions)]


def _chance(question: Question) -> float | None:
    """Return the p-value before correction; of several pairs the largest: all of them must hold."""
    if question.effect is None:
        return None
    if question.equal:
        return None if question.margin is None else question.effect.within(question.margin)
    found = [pair.chance() for pair in question.pairs]
    return None if None in found else max(one for one in found if one is not None)


def _answer(question: Question, chance: float | None, spreads: dict[str, float]) -> Answer:
    effect = question.effect
    if effect is None:
        return Answer(question, "not run")
    interval = effect.interval()
    if interval is None or chance is None:
        why = NO_MARGIN if question.equal and question.margin is None else "One training seed is never a verdict."
        return Answer(question, "undecided", interval, chance, _more(question, effect, spreads), (why,))
    verdict = _verdict(question, effect, interval, chance)
    more = _more(question, effect, spreads) if verdict == "undecided" else None
    return Answer(question, verdict, interval, chance, more)


def _verdict(question: Question, effect: Effect, interval: tuple[float, float], chance: float) -> Verdict:
    certain = chance < 1 - LEVEL
    margin = question.margin
    if question.equal:
        if certain:
            return "holds"
        beyond = margin is not None and (interval[0] > margin or interval[1] < -margin)
        return "reversed" if beyond else "undecided"
    if certain and all(pair.value > 0 for pair in question.pairs):
        return "holds"
    if len(question.pairs) == 1:
        if certain and effect.value < 0:
            return "reversed"
    elif interval[1] < 0:
        return "reversed"
    alike = margin is not None and all((pair.within(margin) or 0.0) < 1 - LEVEL for pair in question.pairs)
    return "no difference" if alike else "undecided"


def _more(question: Question, effect: Effect, spreads: dict[str, float]) -> int | None:
    """Return how many more seeds would decide, supposing the effect seen and the spread seen."""
    deviation = spread_of(question, spreads)
    if deviation is None:
        return max(FIRST_SEEDS - effect.seeds, 1)
    needed = seeds_needed(supposed_of(question), deviation)
    return None if needed is None else max(needed - effect.seeds, 1)


def worst_pair(question: Question) -> int:
    """Return the place of the pair that is hardest to tell from 0."""
    return min(range(len(question.pairs)), key=lambda place: abs(question.pairs[place].value), default=0)


def spread_of(question: Question, spreads: Mapping[str, float]) -> float | None:
    """Return the deviation over seeds of the hardest pair, with one seed that of its column's other claims."""
    own = question.pairs[worst_pair(question)].deviation if question.pairs else None
    return own if own is not None else spreads.get(question.column)


def supposed_of(question: Question) -> float:
    """Return what must be told from 0: the hardest pair's effect, of an equivalence its room to the margin."""
    value = question.pairs[worst_pair(question)].value if question.pairs else 0.0
    return question.margin - abs(value) if question.equal and question.margin is not None else value


def spreads_of(questions: Sequence[Question]) -> dict[str, float]:
    """Return column -> standard deviation over seeds, pooled over the pairs of all questions that have one."""
    seen: dict[str, list[tuple[float, int]]] = {}
    for question in questions:
        for pair in question.pairs:
            if pair.deviation is not None:
                seen.setdefault(question.column, []).append((pair.deviation, pair.seeds - 1))
    return {
        column: math.sqrt(sum(one * one * weight for one, weight in found) / sum(weight for _, weight in found))
        for column, found in seen.items()
    }
