"""Whether a simulated bird lies in the box that was asked for: the box of its parts, found by SimParts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final, Self

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.metrics.inside.overlap import box_overlap, boxes_of
from t2ibench_simulations.networks.bird_insides import bytes_of
from t2ibench_simulations.networks.simparts import SimParts

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.types import Caption, Trace
    from t2ibench.features.context import FeatureContext

VERSION: Final = 1


class AskedBoxes:
    """The layer "boxes", four numbers an image: overlap with the box asked for, 1, overlap with another box, 1.

    Overlap is intersection over union with the smallest box around all that SimParts takes for a part of a bird, 0
    where it finds none. The other box is the one that the same caption is drawn with from other noise: what luck gets.
    Models without boxes have zeros.
    """

    reads_model: ClassVar[bool] = True
    layers: Mapping[str, int] = MappingProxyType({"boxes": 4})

    def __init__(self, parts: SimParts, identity: FeatureIdentity) -> None:
        self._parts = parts
        self.identity = identity

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity, by SimParts' weights. Raises UserError: they are missing."""
        weights = digest_of([SimParts.peek(context).weights])
        return FeatureIdentity(context.entry.plugin, VERSION, weights, "bilinear-antialias 64", "[-1, 1]", "stand-in")

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor. Raises UserError: weights are missing or damaged."""
        return cls(SimParts.open(context), cls.peek(context))

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Raise a UserError: an image does not tell where its bird was asked to be."""
        raise UserError("Where a bird was asked to be cannot be seen in its image.")

    def look(self, captions: Sequence[Caption], images: Tensor, trace: Trace, again: Trace) -> Mapping[str, Tensor]:
        """Return the layer; see `features.insides.LooksInside`."""
        import torch

        count = len(captions)
        layer = torch.zeros(count, 4)
        if trace.boxes is not None and again.boxes is not None:
            found = boxes_of(self._parts.parts(bytes_of(images)) > 0)
            asked, other = (boxes[:count].float().cpu() for boxes in (trace.boxes, again.boxes))
            ones = torch.ones(count)
            layer = torch.stack([box_overlap(found, asked), ones, box_overlap(found, other), ones], dim=1)
        return {"boxes": layer}
