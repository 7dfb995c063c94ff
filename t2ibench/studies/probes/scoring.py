"""Readings of images to scores: did what was asked change, and did nothing else?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from t2ibench.core.types import Interval
from t2ibench.metrics.intervals import mean_interval, percent_interval
from t2ibench.studies.probes.questions import Question

Statement = tuple[str, str]
LEVELS: Final = 16
"""A pixel counts as changed where one of its colours differs by more than this, of 255."""


@dataclass(frozen=True)
class Reading:
    """What a reader sees in the images of one question, and what the captions state.

    Attributes:
        stated: a wording's statements, as its caption makes them.
        shown: rows x wordings: the statements that hold in each image.
        attributes: rows x wordings: attribute -> the word read for it.
    """

    stated: Sequence[frozenset[Statement]]
    shown: Sequence[Sequence[frozenset[Statement]]]
    attributes: Sequence[Sequence[Mapping[str, str]]]

    def asked(self, question: Question, wording: int) -> frozenset[Statement]:
        """Return what a wording asks for: what not all wordings state, or the first does not; without pairs, all."""
        if question.pairing == "none":
            return self.stated[wording]
        return self.stated[wording] - (self._common if question.pairing == "all" else self.stated[0])

    def rest(self, question: Question, wording: int) -> frozenset[Statement]:
        """Return what a wording states besides; nothing of the first wording where others are compared with it."""
        if question.pairing == "first" and wording == 0:
            return frozenset()
        return self.stated[wording] - self.asked(question, wording)

    @property
    def _common(self) -> frozenset[Statement]:
        return frozenset.intersection(*self.stated)


@dataclass(frozen=True, slots=True)
class Score:
    """One figure of a probe.

    Attributes:
        measure: what is measured, see `rates`, `changes` and `whole_gap`.
        value: in %; "gap" in points, "difference" of 255.
        interval: None where none can be given.
        n: what it is a mean of.
        subject: the part of the image it is about, "" for all.
        group: part of the probe, "" for all.
        deaf: what a model gets at most whose image does not depend on the words that change; None where that says
            nothing.
    """

    measure: str
    value: float
    interval: Interval | None
    n: int
    subject: str = ""
    group: str = ""
    deaf: float | None = None


Hits = list[tuple[float, int]]
"""Values, each with the number of the noise that it hangs on."""


def rates(
    readings: Sequence[Reading], questions: Sequence[Question], involved: Callable[[str], Sequence[str]]
) -> list[Score]:
    """Return the scores of a probe whose images can be read, over all questions and by subject.

    "asked": of what a wording states and not all do (of all it states, in a question without pairs), the share shown.
    "whole": images that show all their caption states. "rest": of what all wordings state, the share shown.
    "kept": over pairs of images with one noise, of the attributes that neither caption speaks of, the share that
    reads the same. "alone": pairs in which both images show what was asked and every other attribute reads the same.

    Args:
        readings: one a question.
        questions: with the same wordings.
        involved: subject of a statement -> the attributes it is about.
    """
    found: dict[tuple[str, str, str], Hits] = {}
    deaf: dict[tuple[str, str], list[tuple[int, int]]] = {}

    def hit(measure: str, right: bool, noise: int, group: str, subject: str = "") -> None:
        found.setdefault((measure, subject, group), []).append((100.0 * right, noise))

    noise = 0
    for reading, question in zip(readings, questions, strict=True):
        group = question.group
        asked = [reading.asked(question, one) for one in range(len(question.variants))]
        if question.pairing != "first":
            for subject in {"", *(subject for one in asked for subject, _ in one)}:
                limit = deaf_hits(asked, subject)
                if limit is not None:
                    deaf.setdefault((subject, group), []).append(limit)
        for shown, words in zip(reading.shown, reading.attributes, strict=True):
            for one, stated in enumerate(reading.stated):
                for subject, word in sorted(asked[one]):
                    hit("asked", (subject, word) in shown[one], noise, group)
                    hit("asked", (subject, word) in shown[one], noise, group, subject)
                for statement in sorted(reading.rest(question, one)):
                    hit("rest", statement in shown[one], noise, group)
                if stated:
                    hit("whole", stated <= shown[one], noise, group)
            for one, other in question.pairs:
                first, second = reading.stated[one], reading.stated[other]
                if first == second:
                    continue
                named = _attributes(first | second, involved)
                touched = _attributes(first ^ second, involved) - _attributes(first & second, involved)
                same = {name: words[one][name] == words[other][name] for name in words[one]}
                for name in same:
                    if name not in named:
                        hit("kept", same[name], noise, group)
                right = first - second <= shown[one] and second - first <= shown[other]
                hit("alone", right and all(same[name] for name in same if name not in touched), noise, group)
            noise += 1
    scores = []
    for (measure, subject, group), hits in found.items():
        limits = deaf.get((subject, group), []) if measure == "asked" else []
        total = sum(count for _, count in limits)
        most = 100 * sum(best for best, _ in limits) / total if total else None
        scores.append(_rate(measure, hits, subject, group, most))
    return scores


def changes(images: Sequence[np.ndarray], questions: Sequence[Question], seed: int) -> list[Score]:
    """Return how far images of one noise differ: "pixels" and "difference", over the pairs of all questions.

    Args:
        images: of each question, uint8 rows x wordings x 3 x H x W.
        questions: likewise.
        seed: of the bootstrap.
    """
    found: dict[str, Hits] = {"pixels": [], "difference": []}
    noise = 0
    for made, question in zip(images, questions, strict=True):
        for row in range(len(made)):
            for one, other in question.pairs:
                share, mean = image_change(made[row, one], made[row, other])
                found["pixels"].append((share, noise + row))
                found["difference"].append((mean, noise + row))
        noise += len(made)
    return [mean_score(measure, hits, seed) for measure, hits in found.items() if hits]


def image_change(first: np.ndarray, second: np.ndarray) -> tuple[float, float]:
    """Return (share of pixels that changed in %, mean absolute difference of 255) of uint8 images 3 x H x W."""
    apart = np.abs(first.astype(np.int16) - second.astype(np.int16))
    return 100 * float((apart.max(axis=0) > LEVELS).mean()), float(apart.mean())


def deaf_hits(asked: Sequence[frozenset[Statement]], subject: str = "") -> tuple[int, int] | None:
    """Return (the most that an image can show, all) of what wordings ask for, if it is the same for all of them.

    An image has one word a subject, so of each subject it fits at most the word that is asked for most often. None
    where the wordings ask for different subjects, which one image can fit all.

    Args:
        asked: what each wording asks for.
        subject: only statements about this; "" for all.
    """
    words: dict[str, Counter[str]] = {}
    for one in asked:
        for about, word in one:
            if subject in ("", about):
                words.setdefault(about, Counter())[word] += 1
    if not words or any(counts.total() != len(asked) for counts in words.values()):
        return None
    return sum(max(counts.values()) for counts in words.values()), sum(counts.total() for counts in words.values())


def whole_gap(
    readings: Sequence[Reading], questions: Sequence[Question], groups: tuple[str, str], seed: int
) -> Score | None:
    """Return "gap": whole captions shown in one group less those in another, in points, paired by noise.

    Args:
        readings: one a question.
        questions: with the same wordings; those of both groups share their noise row by row.
        groups: (the group, the one that is taken off).
        seed: of the bootstrap.

    Returns:
        None where a group has no question.
    """
    rates_by_noise: dict[str, dict[tuple[str, int], list[float]]] = {group: {} for group in groups}
    for reading, question in zip(readings, questions, strict=True):
        for row, shown in enumerate(reading.shown):
            if question.group in rates_by_noise:
                right = [float(stated <= seen) for stated, seen in zip(reading.stated, shown, strict=True)]
                rates_by_noise[question.group].setdefault((question.key, row), []).extend(right)
    first, second = (rates_by_noise[group] for group in groups)
    hits = []
    for noise, key in enumerate(key for key in first if key in second):
        hits.append((100 * (sum(first[key]) / len(first[key]) - sum(second[key]) / len(second[key])), noise))
    return mean_score("gap", hits, seed, group=groups[0]) if hits else None


def mean_score(measure: str, hits: Hits, seed: int, *, group: str = "") -> Score:
    """Return a mean with an interval from a bootstrap over noises."""
    values, noises = (np.asarray(one) for one in zip(*hits, strict=True))
    interval = _by_noise(mean_interval(values, noises, seed))
    return Score(measure, float(values.mean()), interval, len(values), group=group)


def _rate(measure: str, hits: Hits, subject: str, group: str, deaf: float | None) -> Score:
    values, noises = (np.asarray(one) for one in zip(*hits, strict=True))
    interval = _by_noise(percent_interval(values / 100, noises))
    return Score(measure, float(values.mean()), interval, len(values), subject, group, deaf)


def _by_noise(interval: Interval | None) -> Interval | None:
    """Return the interval, saying what its groups are here."""
    return None if interval is None else replace(interval, method=interval.method.replace("by image", "by noise"))


def _attributes(statements: Iterable[Statement], involved: Callable[[str], Sequence[str]]) -> set[str]:
    return {name for subject, _ in statements for name in involved(subject)}
