"""Whether the word a model attends to most is the word whose replacement changes the image most."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from t2ibench.studies.probes.drawing import Answer
from t2ibench.studies.probes.questions import Question
from t2ibench.studies.probes.scoring import Hits, Score, image_change, mean_score

MOST: Final = "the word attended to most"
OTHERS: Final = "the other words"


@dataclass(frozen=True, slots=True)
class WordChange:
    """What replacing one word did.

    Attributes:
        question: its place among the questions.
        column: the wording's.
        word: that was replaced.
        attention: its share of the attention in the original caption; None without attention.
        pixels: of pixels that changed, the mean share in %.
        difference: mean absolute difference of 255.
    """

    question: int
    column: int
    word: str
    attention: float | None
    pixels: float
    difference: float


def word_changes(answers: Sequence[Answer], questions: Sequence[Question]) -> list[WordChange]:
    """Return the changes of all replaced words, in the order of questions and wordings."""
    found = []
    for number, (answer, question) in enumerate(zip(answers, questions, strict=True)):
        rows = range(len(answer.pixels))
        for column, variant in enumerate(question.variants):
            if column == 0:
                continue
            apart = [image_change(answer.pixels[row, 0], answer.pixels[row, column]) for row in rows]
            share = None if answer.attention is None else answer.attention[0].get(variant.word)
            pixels, difference = (sum(values) / len(apart) for values in zip(*apart, strict=True))
            found.append(WordChange(number, column, variant.word, share, pixels, difference))
    return found


def most_attended(changes: Sequence[WordChange]) -> dict[int, WordChange]:
    """Return question -> its replaced word of most attention; empty without attention."""
    found: dict[int, WordChange] = {}
    for change in changes:
        best = found.get(change.question)
        if change.attention is not None and (best is None or change.attention > (best.attention or 0.0)):
            found[change.question] = change
    return found


def attended_scores(answers: Sequence[Answer], changes: Sequence[WordChange], seed: int) -> list[Score]:
    """Return the mean change by replacing the word of most attention, and by replacing the others.

    Args:
        answers: images, a question each; rows share their noise.
        changes: see `word_changes`.
        seed: of the bootstrap.

    Returns:
        "difference" of the groups `MOST` and `OTHERS`; nothing without attention.
    """
    top = {(one.question, one.column) for one in most_attended(changes).values()}
    hits: dict[str, Hits] = {MOST: [], OTHERS: []}
    noise = 0
    for number, answer in enumerate(answers):
        for row in range(len(answer.pixels)):
            for change in changes:
                if change.question == number and top:
                    group = MOST if (number, change.column) in top else OTHERS
                    _, mean = image_change(answer.pixels[row, 0], answer.pixels[row, change.column])
                    hits[group].append((mean, noise + row))
        noise += len(answer.pixels)
    return [mean_score("difference", found, seed, group=group) for group, found in hits.items() if found]
