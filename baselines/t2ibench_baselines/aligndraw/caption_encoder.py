"""Words to word states: a bidirectional LSTM that learns with the rest of the model."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines.aligndraw.lstm_cell import advance


class Direction(nn.Module):
    """One direction. There is no word embedding: a word's vector is its share of the gates."""

    def __init__(self, words: int, features: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 4 * features)
        self.recurrent = nn.Linear(features, 4 * features)

    def forward(self, ids: Tensor, mask: Tensor, start: Tensor, *, backward: bool) -> Tensor:
        """Return N x T x features, the state at every word; at padding it stays what it was.

        Args:
            ids: int64 N x T, padded on the right.
            mask: bool N x T, False at padding.
            start: features, the state before the first word.
            backward: read from the last word to the first.
        """
        hidden = start.expand(len(ids), -1)
        cell = torch.zeros_like(hidden)
        gates = self.words(ids)  # N x T x 4 features
        places = range(ids.shape[1])
        states: list[Tensor] = [hidden] * len(places)
        for place in reversed(places) if backward else places:
            new_hidden, new_cell = advance(gates[:, place] + self.recurrent(hidden), cell)
            here = mask[:, place, None]
            hidden, cell = torch.where(here, new_hidden, hidden), torch.where(here, new_cell, cell)
            states[place] = hidden
        return torch.stack(states, dim=1)


class CaptionEncoder(nn.Module):
    """Two LSTMs over a caption, one in each direction of time, with one learned first state.

    The official code means this and does otherwise: it reverses the batch instead of the words, so that a picture's
    second half of the states comes from another picture's caption, read forwards. Padding is masked here; the official
    batches hold captions of one length.

    Args:
        words: of the vocabulary, the padding among them.
        features: units a direction.
    """

    def __init__(self, words: int, features: int) -> None:
        super().__init__()
        self.forwards = Direction(words, features)
        self.backwards = Direction(words, features)
        self.start = nn.Parameter(torch.zeros(features))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the word states N x T x 2 features, 0 at padding.

        Args:
            ids: int64 N x T, padded on the right.
            mask: bool N x T, False at padding.
        """
        both = (
            self.forwards(ids, mask, self.start, backward=False),
            self.backwards(ids, mask, self.start, backward=True),
        )
        return torch.cat(both, dim=2) * mask[..., None]
