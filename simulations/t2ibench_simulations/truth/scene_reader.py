"""Reading images of simulated scenes back into words, for the probes that can be scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, cast

from t2ibench.studies.known_truth import Said
from t2ibench.studies.probes.questions import Question
from t2ibench.studies.probes.scoring import Statement
from t2ibench_simulations.simscenes.make import VERSION
from t2ibench_simulations.simscenes.statement_list import Statement as SceneStatement
from t2ibench_simulations.simscenes.statement_list import stated_singly
from t2ibench_simulations.simscenes.statements import statements_in
from t2ibench_simulations.simscenes.vocabulary import COLOURS, HELD_OUT, KINDS, Kind
from t2ibench_simulations.truth.read_images import ReadImages
from t2ibench_simulations.truth.scene_alterations import Alteration, altered_images
from t2ibench_simulations.truth.scene_truth import drawn_scenes

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from t2ibench.data.manifest import Manifest
    from t2ibench_simulations.networks.simobjects import Shown, SimObjects

_NONE: Final = "none"


class SceneTruth(ReadImages):
    """What SimObjects and the captions' own grammar know of simulated scenes; a `KnownTruth`.

    The attributes read are the numbers of the kinds that a question's captions name, the colours of those that all of
    them name (what comes and goes has no colour to keep), the place, and all other objects as one.
    """

    plugin: ClassVar[str] = "simobjects"
    captioner: ClassVar[str] = "simscenes"
    drawing: ClassVar[int] = VERSION
    parts: ClassVar[tuple[str, str]] = ("kind", "colour")

    @staticmethod
    def combinations() -> tuple[list[tuple[str, str]], frozenset[tuple[str, str]]]:
        """Return (held-out pairs, the others): an object's kind and its colour."""
        pairs: list[tuple[str, str]] = [(kind, colour) for kind in KINDS for colour in COLOURS]
        return [pair for pair in pairs if pair in HELD_OUT], frozenset(pair for pair in pairs if pair not in HELD_OUT)

    @staticmethod
    def said(text: str) -> Said:
        """Return the coloured kinds, the relations and the place that a caption names."""
        said = statements_in(text)
        coloured = [(kind, colour) for kind, (_, colour) in said.groups.items()]
        return frozenset([*coloured, *said.relations, *([said.place] if said.place else [])])

    @staticmethod
    def true_of(manifest: Manifest) -> Mapping[str, Said] | None:
        """Return None: a scene's side file names objects and places, not what captions may say of them."""
        return None

    @staticmethod
    def altered(manifest: Manifest, image_ids: Sequence[str], what: str, resolution: int) -> Tensor:
        """Return images of the data set drawn again with their "counts" or "positions" wrong; see `altered_images`."""
        return altered_images(manifest, image_ids, cast("Alteration", what), resolution)

    def attributes_of(self, subject: str) -> Sequence[str]:
        """Return what of a scene a caption's subject is about; a relation changes neither what there is nor how."""
        return () if " and " in subject else (subject,)

    def drawn(self, question: Question, rows: int, seed: int, resolution: int) -> np.ndarray | None:
        """Return scenes that fit a question's captions; see `drawn_scenes`."""
        return drawn_scenes(question, rows, seed, resolution)

    def seen(
        self, images: Tensor, captions: Sequence[str]
    ) -> tuple[list[frozenset[Statement]], list[frozenset[Statement]], list[Mapping[str, str]]]:
        """Return what captions state and images show. Raises UserError: the reader's weights are missing or damaged."""
        network = cast("SimObjects", self._extractor.opened())
        found, said = network.describe(images), [*map(statements_in, captions)]
        naming = {kind: [kind in one.groups for one in said] for kind in KINDS}
        kinds = {kind: all(named) for kind, named in naming.items() if any(named)}
        stated = [_by_subject(stated_singly(one)) for one in said]
        return stated, [_by_subject(one.statements()) for one in found], [_attributes(one, kinds) for one in found]


def _attributes(shown: Shown, kinds: Mapping[Kind, bool]) -> dict[str, str]:
    """Return attribute -> word; `kinds` says of each that is looked at whether its colour is."""
    found: dict[str, str] = {"place": shown.place}
    for kind, coloured in kinds.items():
        count, colour = shown.groups.get(kind, (0, _NONE))
        found |= {f"{kind} count": str(count)} | ({f"{kind} colour": colour} if coloured else {})
    others = sorted(f"{count} {colour} {kind}" for kind, (count, colour) in shown.groups.items() if kind not in kinds)
    return {**found, "other objects": ", ".join(others)}


def _by_subject(statements: Iterable[SceneStatement]) -> frozenset[Statement]:
    """Return the statements as (subject, word), as in ("ball colour", "red") and ("ball and cube", "left of").

    That a kind is there is left out: any count of it says so too.
    """
    found: set[Statement] = set()
    for about, *words in statements:
        if about in ("colour", "count"):
            found.add((f"{words[0]} {about}", words[1]))
        elif about == "place":
            found.add((about, words[0]))
        elif about != "kind":
            found.add((f"{words[0]} and {words[1]}", about))
    return frozenset(found)
