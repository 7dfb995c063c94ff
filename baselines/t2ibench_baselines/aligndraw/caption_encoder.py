"""Words to word states: a bidirectional LSTM, or less, that learns with the rest of the model."""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn

from t2ibench_baselines.aligndraw.lstm_cell import advance

PLACES: Final = 64
"""Places in a caption that word states of "words" tell apart; later words share the last."""


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

    The official code means this and does otherwise: it reverses the batch instead of the words, so that an image's
    second half of the states comes from another image's caption, read forwards. Padding is masked here; the official
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


class ForwardEncoder(nn.Module):
    """One LSTM: a word's state knows nothing of the words after it.

    What a digit's state says is then the same in front of every place, held-out ones too, and the place has to be read
    from its own word.

    Args:
        words: of the vocabulary, the padding among them.
        features: half the numbers of a word state, as of `CaptionEncoder`.
    """

    def __init__(self, words: int, features: int) -> None:
        super().__init__()
        self.forwards = Direction(words, 2 * features)
        self.start = nn.Parameter(torch.zeros(2 * features))

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the word states N x T x 2 features, 0 at padding; arguments as of `CaptionEncoder`."""
        states: Tensor = self.forwards(ids, mask, self.start, backward=False)
        return states * mask[..., None]


class WordEncoder(nn.Module):
    """No LSTM: a word's state is the sum of a vector of the word and one of its place in the caption.

    Args:
        words: of the vocabulary, the padding among them.
        features: half the numbers of a word state, as of `CaptionEncoder`.
    """

    def __init__(self, words: int, features: int) -> None:
        super().__init__()
        self.words = nn.Embedding(words, 2 * features)
        self.places = nn.Embedding(PLACES, 2 * features)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the word states N x T x 2 features, 0 at padding; arguments as of `CaptionEncoder`."""
        places = torch.arange(ids.shape[1], device=ids.device).clamp(max=PLACES - 1)
        states: Tensor = self.words(ids) + self.places(places)
        return states * mask[..., None]


ENCODERS: Final = {"both": CaptionEncoder, "forwards": ForwardEncoder, "words": WordEncoder}
"""Reading, as in the parameters -> the caption encoder."""
