"""Reading images of simulated data back into words, for the probes that can be scored."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from t2ibench.core.reading.text import parse_json, read_text, text_lines
from t2ibench.studies.known_truth import Said
from t2ibench.studies.probes.questions import Question
from t2ibench.studies.probes.scoring import Statement
from t2ibench_simulations.simbirds.attributes import Attributes
from t2ibench_simulations.simbirds.make import VERSION
from t2ibench_simulations.simbirds.species import HELD_OUT_PAIRS, all_species
from t2ibench_simulations.simbirds.statements import STATEMENTS, statements_in, true_statements
from t2ibench_simulations.truth.read_images import ReadImages
from t2ibench_simulations.truth.truth import attributes_of, drawn_birds

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from t2ibench.data.manifest import Manifest
    from t2ibench_simulations.networks.simattributes import SimAttributes


class BirdTruth(ReadImages):
    """What SimAttributes and the captions' own grammar know of simulated birds; a `KnownTruth`."""

    plugin: ClassVar[str] = "simattributes"
    captioner: ClassVar[str] = "simbirds"
    drawing: ClassVar[int] = VERSION
    parts: ClassVar[tuple[str, str]] = ("wing", "belly")

    @staticmethod
    def combinations() -> tuple[list[tuple[str, str]], frozenset[tuple[str, str]]]:
        """Return (held-out pairs, pairs of training species): colours of wings and belly."""
        birds = [species.attributes for species in all_species() if species.split == "train"]
        return [*HELD_OUT_PAIRS], frozenset((bird.wing, bird.belly) for bird in birds)

    @staticmethod
    def said(text: str) -> Said:
        """Return the statements of a caption."""
        return frozenset(statements_in(text))

    @staticmethod
    def true_of(manifest: Manifest) -> Mapping[str, Said] | None:
        """Return image id -> all that is true of its bird, from the side file; None where there is none."""
        path = next((found for found in sorted(manifest.root.rglob("truth.jsonl"))), None)
        if path is None:
            return None
        rows = [parse_json(line) for _, line in text_lines(read_text(path, what="the truth"))]
        return {
            row["file"].removesuffix(".jpg"): frozenset(true_statements(Attributes(**row["attributes"])))
            for row in rows
        }

    def attributes_of(self, subject: str) -> Sequence[str]:
        """Return the attributes of a bird that a caption's subject is about."""
        return attributes_of(subject)

    def drawn(self, question: Question, rows: int, seed: int, resolution: int) -> np.ndarray | None:
        """Return birds that fit a question's captions; see `drawn_birds`."""
        return drawn_birds(question, rows, seed, resolution)

    def seen(
        self, images: Tensor, captions: Sequence[str]
    ) -> tuple[list[frozenset[Statement]], list[frozenset[Statement]], list[Mapping[str, str]]]:
        """Return what captions state and images show. Raises UserError: the reader's weights are missing or damaged."""
        network = cast("SimAttributes", self._extractor.opened())
        true = network.extract(images)["statements"].numpy() > 0
        words = network.describe(images)
        shown = [frozenset(itertools.compress(STATEMENTS, row)) for row in true]
        read = [{name: answers[place] for name, answers in words.items()} for place in range(len(images))]
        return [statements_in(caption) for caption in captions], shown, [*read]
