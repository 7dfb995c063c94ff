"""Of what captions and the sentences read back from their images both speak of, how much they say alike."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.features.language.caption_back import LAYER, sentences_of
from t2ibench.metrics.intervals import jackknife_interval
from t2ibench.metrics.plain import PlainMetric
from t2ibench_simulations.simbirds import statements as birds
from t2ibench_simulations.simscenes import statements as scenes
from t2ibench_simulations.simscenes.statement_list import stated_singly

Fact = tuple[str, str]
"""(what it is about, the word), as in ("wing", "blue") or ("colour of ball", "red")."""


class _ReadBackF1(PlainMetric, ABC):
    """What both share: F1 = 2 x facts said alike / (facts of the sentences + facts of the captions), in %.

    A fact counts where sentence and caption both speak of what it is about: neither says all that an image shows, and
    which part of it is the speaker's choice.
    """

    version = 1
    unit = "%"
    higher_is_better = True
    layer = LAYER
    needs_reference = False
    caption_linked = True
    needs_negatives = False
    title = "Read back F1"
    _always: ClassVar[frozenset[str]] = frozenset()

    @staticmethod
    @abstractmethod
    def facts(sentence: str) -> frozenset[Fact]:
        """Return what a sentence states."""

    def counts(self, said: Sequence[str], asked: Sequence[str]) -> np.ndarray:
        """Return int N x 2: facts said alike, and facts of both together, of sentences and their captions."""
        rows = []
        for sentence, caption in zip(said, asked, strict=True):
            ours, theirs = self.facts(sentence), self.facts(caption)
            shared = ({about for about, _ in ours} & {about for about, _ in theirs}) | self._always
            total = sum(about in shared for about, _ in (*ours, *theirs))
            rows.append((len(ours & theirs), total))
        return np.array(rows, dtype=np.int64).reshape(-1, 2)

    def score(self, said: Sequence[str], asked: Sequence[str]) -> float:
        """Return F1 of sentences and their captions in %.

        Raises:
            UserError: they speak of nothing in common.
        """
        return self._ratio(self.counts(said, asked))

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N whose mean is F1: each image's facts said alike over the mean number of facts.

        Raises:
            UserError: fewer than 10 images, no captions, numbers that are not finite, or nothing is spoken of by both.
        """
        counts = self._counted(given)
        values: np.ndarray = 200 * counts[:, 0] / counts[:, 1].mean()
        return values

    def estimate(self, given: MetricInput) -> Estimate:
        """Return F1 with a jackknife over captions' images. Errors as above."""
        counts = self._counted(given)
        value = self._ratio(counts)
        parts = self.parts_of(given, len(counts))
        left_out = [self._ratio(counts[~mask]) for mask in parts if counts[~mask][:, 1].any()]
        interval = jackknife_interval(value, left_out, low=0.0, what="clustered by image", high=100.0)
        return Estimate(value=value, interval=interval, n=len(counts))

    def _counted(self, given: MetricInput) -> np.ndarray:
        said = self.features_of(given)
        captions, queries = self.captions_of(given, said.shape[1])
        counts = self.counts(sentences_of(said), sentences_of(captions[queries]))
        self._ratio(counts)
        return counts

    def _ratio(self, counts: np.ndarray) -> float:
        same, total = (int(one) for one in counts.sum(axis=0))
        if not total:
            raise UserError(
                f"{self.title} has nothing to compare: the sentences read back and the captions speak of nothing in "
                "common. Is it the captioner of this data set?"
            )
        return 200.0 * same / total


class AttributeF1(_ReadBackF1):
    """F1 of a bird's attributes ("black wings", "a hooked bill") in the sentence read back, against the caption.

    For simbirds, whose sentences can be read exactly. Real images are the ceiling, shuffled captions the floor.
    """

    name = "caption_back_attributes"

    @staticmethod
    def facts(sentence: str) -> frozenset[Fact]:
        """Return the attributes that a sentence states, as in ("wing", "black")."""
        return birds.statements_in(sentence)


class ObjectF1(_ReadBackF1):
    """F1 of a scene's objects in the sentence read back, against the caption: which kinds, how many, in what colour.

    For simscenes. Which kinds are named always counts; number and colour of a kind count where both name them.
    """

    name = "caption_back_objects"
    _always = frozenset({"kind"})

    @staticmethod
    def facts(sentence: str) -> frozenset[Fact]:
        """Return the objects that a sentence states, as in ("kind", "ball"), ("count of ball", "2")."""
        found: set[Fact] = set()
        for about, *words in stated_singly(scenes.statements_in(sentence)):
            if about == "kind":
                found.add((about, words[0]))
            elif about in ("count", "colour"):
                found.add((f"{about} of {words[0]}", words[1]))
        return frozenset(found)
