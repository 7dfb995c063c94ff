"""What models show while they draw a simulated bird, read with the masks of its parts and the reader of its colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final, Self

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.metrics.inside.maps import mass_inside, mean_where, mended, total_variation, word_shares
from t2ibench_simulations.networks.simattributes import SimAttributes
from t2ibench_simulations.networks.simparts import SimParts
from t2ibench_simulations.simbirds.attributes import PARTS
from t2ibench_simulations.simbirds.named_parts import COLOUR_WORDS, FUNCTION_WORDS, named_parts
from t2ibench_simulations.simbirds.statements import STATEMENTS

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.types import AttentionMap, Caption, Trace
    from t2ibench.features.context import FeatureContext

VERSION: Final = 1
_COLOURED: Final = (*PARTS, "face")
"""Subjects of statements on the colour of a part."""
_LEAST: Final = 0.002
"""Share of the image that a part covers at least; a part that cannot be seen cannot be looked at."""


class BirdInsides:
    """Layers of four numbers an image: sum of a share, its count, sum of what luck gets, its count.

    "places-1" and "places-2": attention on words of parts that lies inside the part, of the first and the last
    attention model, by luck the part's share of the image. "words": how unlike the words are that the two attention
    models look at (total variation), by luck how unlike with other noise. "gate": the writing gate of words of parts
    and colours, by luck of function words, in captions that have both. "mended": stated colours of parts that are wrong
    in the first stage's image and right in the last's, by luck those of the next caption.
    """

    reads_model: ClassVar[bool] = True
    layers: Mapping[str, int] = MappingProxyType(dict.fromkeys(("places-1", "places-2", "words", "gate", "mended"), 4))

    def __init__(self, parts: SimParts, colours: SimAttributes, identity: FeatureIdentity) -> None:
        self._parts = parts
        self._colours = colours
        self.identity = identity

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity, of both networks together. Raises UserError: weights are missing."""
        weights = [network.peek(context).weights for network in (SimParts, SimAttributes)]
        return FeatureIdentity(
            context.entry.plugin, VERSION, digest_of(weights), "bilinear-antialias 64", "[-1, 1]", "stand-in"
        )

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor. Raises UserError: weights are missing or damaged."""
        return cls(SimParts.open(context), SimAttributes.open(context), cls.peek(context))

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Raise a UserError: an image does not tell how it came about."""
        raise UserError("What goes on inside a model cannot be seen in its images.")

    def look(self, captions: Sequence[Caption], images: Tensor, trace: Trace, again: Trace) -> Mapping[str, Tensor]:
        """Return the layers; see `features.insides.LooksInside`."""
        import torch

        count = len(captions)
        found = {layer: torch.zeros(count, width, dtype=torch.float64) for layer, width in self.layers.items()}
        if trace.attention:
            numbers = self._parts.parts(bytes_of(images))
            found["places-1"] = _places(trace.attention[0], numbers)
            found["places-2"] = _places(trace.attention[-1], numbers)
        if len(trace.attention) > 1:
            found["words"] = _words(trace.attention, again.attention, count)
        gates = [gate for gate in trace.gates if gate.name == "writing"]
        if gates:
            found["gate"] = torch.stack([_gate(gate.values[:count], gate.words[:count]) for gate in gates]).mean(0)
        if len(trace.stages) > 1:
            found["mended"] = self._mended(captions, trace.stages[min(trace.stages)][:count], images)
        return {layer: values.float().cpu() for layer, values in found.items()}

    def _mended(self, captions: Sequence[Caption], first: Tensor, last: Tensor) -> Tensor:
        import torch

        said = torch.tensor([subject in _COLOURED for subject, _ in STATEMENTS])
        stated = self._colours.read(captions).bool() & said
        before, after = (self._colours.extract(bytes_of(one))["statements"].bool() for one in (first, last))
        others = stated.roll(1, dims=0) & ~stated
        return torch.stack([*mended(stated, before, after), *mended(others, before, after)], dim=1).double()


def bytes_of(images: Tensor) -> Tensor:
    """Return images of [-1, 1] as uint8 on the CPU."""
    import torch

    return ((images.float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def _places(attention: AttentionMap, numbers: Tensor) -> Tensor:
    """Return N x 4 of one attention map.

    Args:
        attention: of N images or more.
        numbers: N x H x W, places in PARTS plus 1.
    """
    import torch

    count, words = len(numbers), attention.weights.shape[1]
    masks = torch.zeros(count, words, *numbers.shape[1:])
    named = torch.zeros(count, words, dtype=torch.bool)
    for row, caption in enumerate(attention.words[:count]):
        for place, parts in enumerate(named_parts(caption)[:words]):
            if parts:
                named[row, place] = True
                masks[row, place] = torch.isin(numbers[row], torch.tensor([PARTS.index(part) + 1 for part in parts]))
    shares, areas = mass_inside(attention.weights[:count].cpu(), masks)
    seen = named & (masks.mean(dim=(2, 3)) >= _LEAST)
    value, total = mean_where(shares, seen)
    luck, _ = mean_where(areas, seen)
    return torch.stack([value * total, total, luck * total, total], dim=1)


def _words(attention: Sequence[AttentionMap], again: Sequence[AttentionMap], count: int) -> Tensor:
    import torch

    first, last, other = (word_shares(one.weights[:count].cpu()) for one in (attention[0], attention[-1], again[-1]))
    ones = torch.ones(count, dtype=torch.float64)
    return torch.stack([total_variation(first, last), ones, total_variation(last, other), ones], dim=1)


def _gate(values: Tensor, words: Sequence[Sequence[str]]) -> Tensor:
    import torch

    said = torch.zeros(values.shape, dtype=torch.bool)
    small = torch.zeros(values.shape, dtype=torch.bool)
    for row, caption in enumerate(words):
        for place, (word, parts) in enumerate(zip(caption, named_parts(caption), strict=True)):
            if place < values.shape[1]:
                said[row, place] = bool(parts) or word in COLOUR_WORDS
                small[row, place] = word in FUNCTION_WORDS
    value, many = mean_where(values.cpu(), said)
    luck, few = mean_where(values.cpu(), small)
    both = ((many > 0) & (few > 0)).double()
    return torch.stack([value * both, both, luck * both, both], dim=1)
