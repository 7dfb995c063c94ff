"""Whether a simulated bird lies in the box that was asked for: the box of its parts, found by SimParts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from t2ibench.metrics.inside.maps import box_overlap, boxes_of
from t2ibench_simulations.networks.insides import DrawnInsides, bytes_of
from t2ibench_simulations.networks.simparts import SimParts

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.types import Caption, Trace


class AskedBoxes(DrawnInsides):
    """The layer "boxes", four numbers an image: overlap with the box asked for, 1, overlap with another box, 1.

    Overlap is intersection over union with the smallest box around all that SimParts takes for a part of a bird, 0
    where it finds none. The other box is the one that the same caption is drawn with from other noise: what luck gets.
    Models without boxes have zeros.
    """

    judges = (SimParts,)
    layers: Mapping[str, int] = MappingProxyType({"boxes": 4})

    def look(self, captions: Sequence[Caption], images: Tensor, trace: Trace, again: Trace) -> Mapping[str, Tensor]:
        """Return the layer; see `features.insides.LooksInside`."""
        import torch

        count = len(captions)
        layer = torch.zeros(count, 4)
        if trace.boxes is not None and again.boxes is not None:
            (reader,) = self._opened
            found = boxes_of(reader.parts(bytes_of(images)) > 0)
            asked, other = (boxes[:count].float().cpu() for boxes in (trace.boxes, again.boxes))
            ones = torch.ones(count)
            layer = torch.stack([box_overlap(found, asked), ones, box_overlap(found, other), ones], dim=1)
        return {"boxes": layer}
