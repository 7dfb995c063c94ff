"""Whether a model that draws scenes of digits step by step attends to the word of the digit that it draws."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.metrics.inside.maps import agreement
from t2ibench_simulations.mnist_captions.scenes import DIGIT
from t2ibench_simulations.mnist_captions.statements import CORNERS, LAYOUTS, statements_in
from t2ibench_simulations.networks.insides import VERSION, DrawnInsides

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.types import Caption, Drawing, Trace
    from t2ibench.features.context import FeatureContext


class DigitInsides(DrawnInsides):
    """The layer "writes" of four numbers an image: sum of a share, its count, sum of what luck gets, its count.

    The share: of all that was written in a scene of two digits, that which was written nearer to the place of the digit
    whose word had more attention, by degrees. By luck what the same steps get in any other order. Mutual information
    would say the same, but with so few steps it is far from 0 by luck alone.
    """

    layers: Mapping[str, int] = MappingProxyType({"writes": 4})

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity; there is no network."""
        return FeatureIdentity(context.entry.plugin, VERSION, "the judged model's own", "none", "[-1, 1]")

    def look(self, captions: Sequence[Caption], images: Tensor, trace: Trace, again: Trace) -> Mapping[str, Tensor]:
        """Return the layer; see `features.insides.LooksInside`."""
        import torch

        rows = [(0.0, 0.0, 0.0, 0.0)] * len(captions)
        if trace.drawing is not None and trace.drawing.weights is not None:
            rows = [_row(caption.text, trace.drawing, index) for index, caption in enumerate(captions)]
        return {"writes": torch.tensor(rows, dtype=torch.float32)}


def _row(text: str, drawing: Drawing, index: int) -> tuple[float, float, float, float]:
    """Return the four numbers of one image; zeros for scenes of one digit."""
    import torch

    stated = dict(statements_in(text))
    places = LAYOUTS.get(stated.get("layout", ""), ())
    words = [place for place, word in enumerate(drawing.words[index]) if word.isdecimal()]
    if len(places) != 2 or len(words) != 2 or drawing.weights is None:
        return 0.0, 0.0, 0.0, 0.0
    if places[1] in drawing.words[index]:  # "the digit 7 is on the right of the digit 3" names the right one first
        words.reverse()
    canvases = drawing.canvases[index].float().cpu()  # S x 3 x H x W
    written = torch.cat([(canvases[:1] + 1), canvases.diff(dim=0)]).abs().mean(dim=(1, 2, 3))
    boxes = drawing.boxes[index].float().cpu()
    middles = torch.stack([boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]], dim=1) / 2
    corners = [CORNERS[place] for place in places]  # (row, column)
    targets = torch.tensor([[column + DIGIT / 2, row + DIGIT / 2] for row, column in corners])
    first_is_near = torch.cdist(middles, targets).argmin(dim=1) == 0
    weights = drawing.weights[index].float().cpu()[:, words]
    attended = weights[:, 0] / weights.sum(dim=1).clamp(min=1e-12)
    share, luck = agreement(attended, first_is_near.float(), written)
    return share, 1.0, luck, 1.0
