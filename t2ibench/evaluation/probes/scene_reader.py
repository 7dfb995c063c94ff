"""Reading pictures of simulated scenes back into words, for the probes that can be scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from t2ibench.data.simscenes.make import VERSION
from t2ibench.data.simscenes.statement_list import Statement as SceneStatement
from t2ibench.data.simscenes.statement_list import stated_singly
from t2ibench.data.simscenes.statements import statements_in
from t2ibench.data.simscenes.vocabulary import KINDS, Kind
from t2ibench.evaluation.extractors import Extractor
from t2ibench.evaluation.probes.questions import Question
from t2ibench.evaluation.probes.scene_truth import drawn_scenes
from t2ibench.evaluation.probes.scoring import Reading, Statement

if TYPE_CHECKING:
    import numpy as np

    from t2ibench.features.simobjects import Shown, SimObjects

_NONE: Final = "none"


class SceneReader:
    """SimObjects as a reader of probes.

    Args:
        extractor: of the entry of benchmarks.toml that has the plug-in simobjects.
    """

    plugin: ClassVar[str] = "simobjects"
    drawing: ClassVar[int] = VERSION

    def __init__(self, extractor: Extractor) -> None:
        self._extractor = extractor

    def describe(self) -> dict[str, Any]:
        """Return its identity as JSON values."""
        return self._extractor.describe()

    def attributes_of(self, subject: str) -> Sequence[str]:
        """Return what of a scene a caption's subject is about; a relation changes neither what there is nor how."""
        return () if " and " in subject else (subject,)

    def drawn(self, question: Question, rows: int, seed: int, side: int) -> np.ndarray | None:
        """Return scenes that fit a question's captions; see `drawn_scenes`."""
        return drawn_scenes(question, rows, seed, side)

    def read(self, pixels: np.ndarray, question: Question) -> Reading:
        """Return what the pictures of a question show.

        The attributes read are the numbers of the kinds that its captions name, the colours of those that all of them
        name (what comes and goes has no colour to keep), the place, and all other objects as one.

        Args:
            pixels: uint8 rows x wordings x 3 x H x W.
            question: with the wordings' captions.

        Raises:
            UserError: the reader's weights are missing or damaged.
        """
        import torch

        network = cast("SimObjects", self._extractor.opened())
        rows, columns = pixels.shape[:2]
        found = network.describe(torch.from_numpy(pixels.reshape(rows * columns, *pixels.shape[2:])))
        said = [statements_in(variant.text) for variant in question.variants]
        naming = {kind: [kind in one.groups for one in said] for kind in KINDS}
        kinds = {kind: all(named) for kind, named in naming.items() if any(named)}
        shown = [_by_subject(one.statements()) for one in found]
        attributes = [_attributes(one, kinds) for one in found]
        return Reading(
            stated=[_by_subject(stated_singly(one)) for one in said],
            shown=[shown[row * columns : (row + 1) * columns] for row in range(rows)],
            attributes=[attributes[row * columns : (row + 1) * columns] for row in range(rows)],
        )


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
