"""How many training seeds, or captions, a claim needs to be decided at 80 % power, from the spread seen so far."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from t2ibench.studies.claims.effects import deviation_told, seeds_needed
from t2ibench.studies.claims.study import Asked, test_of
from t2ibench.studies.claims.verdicts import NO_MARGIN, spread_of, spreads_of, supposed_of, worst_pair

_REACH: Final = 1.96
"""Standard errors from a value to the end of its 95 % interval."""


@dataclass(frozen=True)
class Need:
    """What a claim in one column needs.

    Attributes:
        claim: its name.
        column: of the protocol.
        seeds: of training that all of its rows have.
        captions: images a row that its values rest on; 0 where a row is missing.
        effect: seen so far, of several pairs the one that is hardest to tell from 0; None where a row is missing.
        deviation: over training seeds; None where no spread was ever seen.
        from_captions: the part of the deviation that captions and noise explain at most; None where no interval says.
        seeds_needed: in all; None where more than ten thousand would be, or nothing is known.
        captions_needed: with the seeds there are; None where no number would do, or nothing is known.
        said: what that means, a sentence.
    """

    claim: str
    column: str
    seeds: int = 0
    captions: int = 0
    effect: float | None = None
    deviation: float | None = None
    from_captions: float | None = None
    seeds_needed: int | None = None
    captions_needed: int | None = None
    said: str = ""


def needs_of(asked: Sequence[Asked]) -> list[Need]:
    """Return what each claim needs, supposing that the effect and the spread seen are the true ones.

    The captions' part of the spread is what the rows' own intervals say, as if rows were measured on other captions
    each: more than it is, as they share them. What is left over is luck of training, which no caption lessens.
    """
    spreads = spreads_of([one.question for one in asked])
    return [_need(one, spreads) for one in asked]


def _need(asked: Asked, spreads: dict[str, float]) -> Need:
    question = asked.question
    if question.effect is None:
        return Need(question.claim, question.column, said="Not run: a row is missing.")
    seeds, supposed, deviation = question.effect.seeds, supposed_of(question), spread_of(question, spreads)
    found = [record for records in asked.measured.values() for record in records.values()]
    captions = min(record.n for record in found)
    from_captions = _from_captions(asked)
    known = Need(question.claim, question.column, seeds, captions, question.pairs[worst_pair(question)].value)
    if question.equal and question.margin is None:
        return dataclasses.replace(known, said=NO_MARGIN)
    if question.equal and supposed <= 0:
        return dataclasses.replace(known, deviation=deviation, said="The difference seen is wider than the margin.")
    if deviation is None:
        return dataclasses.replace(known, said="No spread over seeds was seen yet: train three seeds first.")
    needed = seeds_needed(supposed, deviation)
    wanted = _captions(supposed, deviation, from_captions, seeds, captions)
    if needed is not None and needed <= seeds:
        said = "There are enough."
    elif wanted is not None:
        said = f"{needed or 'Over ten thousand'} seeds, or {wanted:,} captions with the seeds there are."
    else:
        said = f"{needed or 'Over ten thousand'} seeds; captions do not help, the luck of training is too wide."
    return dataclasses.replace(
        known, deviation=deviation, from_captions=from_captions, seeds_needed=needed, captions_needed=wanted, said=said
    )


def _captions(supposed: float, deviation: float, part: float | None, seeds: int, captions: int) -> int | None:
    """Return how many captions make the spread over so many seeds narrow enough; None where none do."""
    if part is None or seeds < 2:
        return None
    wanted = deviation_told(supposed, seeds) ** 2
    part = min(part, deviation)
    training = deviation**2 - part**2
    if wanted >= deviation**2:
        return captions
    return math.ceil(captions * part**2 / (wanted - training)) if wanted > training else None


def _from_captions(asked: Asked) -> float | None:
    """Return the deviation of the hardest pair that the rows' own intervals explain; None where one has none."""
    test, place = test_of(asked.claim), worst_pair(asked.question)
    rows = asked.claim.rows
    variance = 0.0
    for number, row in enumerate(rows):
        # What the pair makes of one row alone is the row's weight: pairs are weighted sums of rows.
        weight = test.pairs([[float(other == number)] for other in range(len(rows))])[place][0]
        squares = []
        for seed in asked.seeds:
            record = asked.measured[row].get(seed) or asked.measured[row][None]
            if record.interval is None:
                return None
            squares.append(((record.interval.high - record.interval.low) / 2 / _REACH) ** 2)
        variance += weight**2 * math.fsum(squares) / len(squares)
    return math.sqrt(variance)
