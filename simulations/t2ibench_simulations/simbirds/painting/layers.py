"""The unit of drawing: a layer is an outline and coloured patches clipped to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from t2ibench_simulations.simbirds.attributes import Colour
from t2ibench_simulations.simbirds.painting.curves import Points

Region = Literal["crown", "head", "back", "wing", "breast", "belly", "tail", "bill", "legs", "eye", "perch"]
Ink = Literal["eye", "glint", "iris", "bark", "leaf"]


class Paint(NamedTuple):
    """What a patch is filled with.

    Attributes:
        region: the part of the bird it belongs to; what the truth record counts.
        colour: a colour name of the bird, or an ink.
        shade: 0 is the colour itself, negative darker, positive lighter; -1 and 1 are a full step of detail. On colours
            too dark to darken, the step goes the other way, so that a detail always shows.
    """

    region: Region
    colour: Colour | Ink
    shade: float = 0.0


class Patch(NamedTuple):
    """A filled polygon."""

    paint: Paint
    outline: Points


@dataclass(frozen=True, slots=True)
class Layer:
    """Patches painted in order, seen only inside the union of the outlines (everywhere when there is none).

    Attributes:
        patches: first to last; later ones cover earlier ones.
        outlines: polygons whose union clips the patches.
    """

    patches: list[Patch]
    outlines: list[Points] | None = None

    @property
    def extent(self) -> list[Points]:
        """The polygons that bound what can be seen of the layer."""
        return self.outlines if self.outlines is not None else [patch.outline for patch in self.patches]
