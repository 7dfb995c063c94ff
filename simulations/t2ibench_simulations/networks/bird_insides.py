"""What models show while they draw a simulated bird, read with the masks of its parts and the reader of its colours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from t2ibench.metrics.inside.maps import mass_inside, mean_where, mended, total_variation, word_shares
from t2ibench_simulations.networks.insides import DrawnInsides, bytes_of
from t2ibench_simulations.networks.simattributes import SimAttributes
from t2ibench_simulations.networks.simparts import SimParts
from t2ibench_simulations.simbirds.attributes import PARTS
from t2ibench_simulations.simbirds.named_parts import COLOUR_WORDS, FUNCTION_WORDS, named_parts
from t2ibench_simulations.simbirds.statements import STATEMENTS

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.types import AttentionMap, Caption, Trace

_COLOURED: Final = (*PARTS, "face")
"""Subjects of statements on the colour of a part."""
_LEAST: Final = 0.002
"""Share of the image that a part covers at least; a part that cannot be seen cannot be looked at."""


class BirdInsides(DrawnInsides):
    """Layers of four numbers an image: sum of a share, its count, sum of what luck gets, its count.

    "places-1" and "places-2": attention on words of parts that lies inside the part, of the first and the last
    attention model, by luck the part's share of the image. "words": how unlike the words are that the two attention
    models look at (total variation), by luck how unlike with other noise. "gate": the writing gate of words of parts
    and colours, by luck of function words, in captions that have both. "mended": stated colours of parts that are wrong
    in the first stage's image and right in the last's, by luck those of the next caption.
    """

    judges = (SimParts, SimAttributes)
    layers: Mapping[str, int] = MappingProxyType(dict.fromkeys(("places-1", "places-2", "words", "gate", "mended"), 4))

    def look(self, captions: Sequence[Caption], images: Tensor, trace: Trace, again: Trace) -> Mapping[str, Tensor]:
        """Return the layers; see `features.insides.LooksInside`."""
        import torch

        count = len(captions)
        found = {layer: torch.zeros(count, width, dtype=torch.float64) for layer, width in self.layers.items()}
        if trace.attention:
            numbers = self._opened[0].parts(bytes_of(images))
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

        _, colours = self._opened
        said = torch.tensor([subject in _COLOURED for subject, _ in STATEMENTS])
        stated = colours.read(captions).bool() & said
        before, after = (colours.extract(bytes_of(one))["statements"].bool() for one in (first, last))
        others = stated.roll(1, dims=0) & ~stated
        return torch.stack([*mended(stated, before, after), *mended(others, before, after)], dim=1).double()


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
