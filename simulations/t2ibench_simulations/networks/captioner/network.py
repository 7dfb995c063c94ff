"""An attention captioner: an LSTM that looks, for every word, at a part of a map of the image."""

from __future__ import annotations

from typing import Final, NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_simulations.networks.captioner.trunks import BirdTrunk, SceneTrunk

SIDE: Final = 64
"""Pixels a side that the network sees."""
END: Final = 0
"""The word that ends a sentence; a vocabulary's words are counted from 1."""
_PLACE: Final = 128
_KEY: Final = 64
_WORD: Final = 64
_STATE: Final = 160


class Memory(NamedTuple):
    """State and cell of the LSTM, each N x 160."""

    state: Tensor
    cell: Tensor


class Seen(NamedTuple):
    """What is seen at each of 64 places, N x 64 x 128, and the same as attention compares it, N x 64 x 64."""

    places: Tensor
    keys: Tensor

    def of(self, rows: Tensor) -> Seen:
        """Return that of some images, in an order of their own."""
        return Seen(self.places[rows], self.keys[rows])


class CaptionNetwork(nn.Module):
    """Show, Attend and Tell with soft attention, small, on a map that another network's layers make of an image.

    Source: Xu et al. 2015, sections 3.1 and 4.2 with the gate beta. Differs: a small network's layers, trained on drawn
    images to name what they show, stand in for VGG (frozen, as there); one layer leads to the first state.

    Args:
        words: of the vocabulary, without the end.
        trunk: images N x 3 x 64 x 64 in [-1, 1] -> N x width x 8 x 8, with an attribute `width`.
        dropout: of the state and before the last layer.
    """

    def __init__(self, words: int, trunk: BirdTrunk | SceneTrunk, dropout: float = 0.2) -> None:
        super().__init__()
        self.trunk = trunk
        self.joined = nn.Linear(trunk.width, _PLACE)
        self.keys = nn.Linear(_PLACE, _KEY)
        self.query = nn.Linear(_STATE, _KEY, bias=False)
        self.score = nn.Linear(_KEY, 1)
        self.gate = nn.Linear(_STATE, 1)
        self.first = nn.Linear(_PLACE, 2 * _STATE)
        self.embedding = nn.Embedding(words + 1, _WORD)
        self.cell = nn.LSTMCell(_WORD + _PLACE, _STATE)
        self.from_state = nn.Linear(_STATE, _WORD)
        self.from_places = nn.Linear(_PLACE, _WORD, bias=False)
        self.last = nn.Linear(_WORD, words + 1)
        self.dropout = nn.Dropout(dropout)

    def look(self, maps: Tensor) -> tuple[Seen, Memory]:
        """Return (what is seen, the first memory) of the trunk's maps, N x width x 8 x 8."""
        places = self.joined(maps.flatten(2).transpose(1, 2)).relu()  # N x 64 x 128
        state, cell = self.first(places.mean(dim=1)).tanh().chunk(2, dim=1)
        return Seen(places, self.keys(places)), Memory(state, cell)

    def say(self, before: Tensor | None, seen: Seen, memory: Memory) -> tuple[Tensor, Memory, Tensor]:
        """Return (logits of the next word N x V, the memory after it, attention N x 64).

        Args:
            before: the word before, int N; None for the first word, before which stands a zero vector.
            seen: of `look`.
            memory: after the word before.
        """
        word = seen.places.new_zeros(len(seen.places), _WORD) if before is None else self.embedding(before)
        scores = self.score((seen.keys + self.query(memory.state)[:, None]).tanh())[..., 0]
        attention = scores.softmax(dim=1)
        context = torch.bmm(attention[:, None], seen.places)[:, 0] * self.gate(memory.state).sigmoid()
        memory = Memory(*self.cell(torch.cat([word, context], dim=1), memory))
        said = self.from_state(self.dropout(memory.state)) + word + self.from_places(context)
        return self.last(self.dropout(said.tanh())), memory, attention

    def forward(self, maps: Tensor, sentences: Tensor) -> tuple[Tensor, Tensor]:
        """Return (logits N x T x V, attention N x T x 64) of every next word, the true ones before it given.

        Args:
            maps: of the trunk, N x width x 8 x 8.
            sentences: int N x T, `END` from a sentence's end on.
        """
        seen, memory = self.look(maps)
        logits, attention = [], []
        for step in range(sentences.shape[1]):
            before = sentences[:, step - 1] if step else None
            answer, memory, looked = self.say(before, seen, memory)
            logits.append(answer)
            attention.append(looked)
        return torch.stack(logits, dim=1), torch.stack(attention, dim=1)


@torch.no_grad()
def likeliest(network: CaptionNetwork, images: Tensor, *, beam: int, words: int) -> list[list[int]]:
    """Return the likeliest sentence of each image as words' numbers, without the end, by beam search.

    A beam that has ended stays as it is; what has not ended after `words` words is cut there. Of equal sums of
    logarithms the lower word wins.

    Args:
        network: in eval mode.
        images: N x 3 x 64 x 64 in [-1, 1].
        beam: sentences that are followed; 1 is greedy.
        words: longest sentence.
    """
    count = len(images)
    if not count:
        return []
    seen, memory = network.look(network.trunk(images))
    rows = torch.arange(count, device=images.device).repeat_interleave(beam)
    seen, memory = seen.of(rows), Memory(memory.state[rows], memory.cell[rows])
    # All beams begin alike, so only the first of an image may be followed.
    sums = torch.full((count, beam), -torch.inf, device=images.device)
    sums[:, 0] = 0
    said = torch.zeros(count * beam, 0, dtype=torch.long, device=images.device)
    ended = torch.zeros(count * beam, dtype=torch.bool, device=images.device)
    for step in range(words):
        logits, memory, _ = network.say(said[:, -1] if step else None, seen, memory)
        gains = logits.log_softmax(dim=1)
        gains[ended] = -torch.inf
        gains[ended, END] = 0
        size = gains.shape[1]
        order = (sums.reshape(-1, 1) + gains).reshape(count, -1).sort(dim=1, descending=True, stable=True)
        sums, best = order.values[:, :beam], order.indices[:, :beam]
        kept = (best // size + torch.arange(count, device=images.device)[:, None] * beam).flatten()
        word = (best % size).flatten()
        said = torch.cat([said[kept], word[:, None]], dim=1)
        memory = Memory(memory.state[kept], memory.cell[kept])
        ended = ended[kept] | (word == END)
        if bool(ended.all()):
            break
    return [[word for word in row if word != END] for row in said.view(count, beam, -1)[:, 0].tolist()]
