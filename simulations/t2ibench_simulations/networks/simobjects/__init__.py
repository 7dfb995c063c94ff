"""SimObjects: what images of simulated scenes show and what their captions state, as one list of statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from t2ibench.features.context import chunks
from t2ibench_simulations.networks.packaged import StatementReader, marked
from t2ibench_simulations.simscenes.positions import Span, relations_among
from t2ibench_simulations.simscenes.statement_list import STATEMENTS, Statement, single_statements, stated_singly
from t2ibench_simulations.simscenes.statements import statements_in
from t2ibench_simulations.simscenes.vocabulary import COLOURS, KINDS, PLACES, Colour, Kind, Place

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench_simulations.networks.simobjects.network import Answers, ObjectNetwork


@dataclass(frozen=True, slots=True)
class Shown:
    """What an image shows.

    Attributes:
        groups: kind -> (count, colour), of the kinds that are there.
        spans: kind -> where its objects are, all together.
        place: what is behind and below.
    """

    groups: dict[Kind, tuple[int, Colour]]
    spans: dict[Kind, Span]
    place: Place

    def statements(self) -> frozenset[Statement]:
        """Return everything of `STATEMENTS` that is true of it."""
        return single_statements(self.groups, relations_among(self.spans), self.place)


class SimObjects(StatementReader):
    """Judges whether an image shows what a caption of simulated scenes states.

    The layer "statements" has a number for each of `STATEMENTS`: 1 where it is true of what the image likeliest
    shows, else 0. A kind is there if that is likelier than not, so noise shows none; a place is always named. Relations
    follow from where the kinds are, by the rules that scenes are laid out by. Captions are read with the generator's
    own tables. Trained on every kind in every colour, also on pairs held out from models.
    """

    title = "SimObjects"
    weights = Path(__file__).with_name("weights.safetensors")
    _network: ObjectNetwork
    layers: Mapping[str, int] = MappingProxyType({"statements": len(STATEMENTS)})
    statements = STATEMENTS
    subjects: Final = tuple(statement[0] for statement in STATEMENTS)
    """What each statement is about, as in "colour" or "left of": reports count hits by it."""

    @classmethod
    def _build(cls) -> Any:
        import torch

        from t2ibench_simulations.networks.simobjects.network import ObjectNetwork

        return ObjectNetwork().to(memory_format=torch.channels_last)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "statements", N x 450 zeros and ones, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size; 64 x 64 is what the network sees.
        """
        return {"statements": marked([shown.statements() for shown in self.describe(pixels)], STATEMENTS)}

    @staticmethod
    def stated(caption: str) -> frozenset[Statement]:
        """Return what a caption states, one thing at a time."""
        return stated_singly(statements_in(caption))

    def describe(self, pixels: Tensor) -> list[Shown]:
        """Return what each image (as in `extract`) shows."""
        return [shown for part in chunks(pixels) for shown in named(self._answer(part))]


def named(answers: Answers) -> list[Shown]:
    """Return what the network's answers about N images say."""
    there, counts = (answers.present > 0).tolist(), answers.counts().tolist()
    colours = answers.colours.argmax(2).tolist()
    ends, places = answers.ends.tolist(), answers.places.argmax(1).tolist()
    found = []
    for row, place in enumerate(places):
        kinds = [(at, kind) for at, kind in enumerate(KINDS) if there[row][at]]
        groups = {kind: (counts[row][at], COLOURS[colours[row][at]]) for at, kind in kinds}
        found.append(Shown(groups, {kind: Span(*ends[row][at]) for at, kind in kinds}, PLACES[place]))
    return found
