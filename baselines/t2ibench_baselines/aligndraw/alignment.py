"""Which words a step attends to."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class WordStates:
    """Captions as the drawer reads them.

    Attributes:
        states: N x T x d, 0 at padding.
        mask: bool N x T, False at padding.
        keys: N x T x A, the attention's view of the states; None without attention.
    """

    states: Tensor
    mask: Tensor
    keys: Tensor | None = None

    @property
    def mean(self) -> Tensor:
        """N x d, the mean state of a caption's words."""
        return self.states.sum(dim=1) / self.mask.sum(dim=1, keepdim=True)


class Alignment(nn.Module):
    """Additive attention: e_j = v . tanh(U h_j + W s + b), softmax over the words (Bahdanau et al., 2015).

    Args:
        states: numbers of a word state.
        features: units of the decoder's state s.
        hidden: A.
    """

    def __init__(self, states: int, features: int, hidden: int) -> None:
        super().__init__()
        self.keys = nn.Linear(states, hidden)
        self.query = nn.Linear(features, hidden, bias=False)
        self.score = nn.Parameter(torch.zeros(hidden))

    def forward(self, words: WordStates, query: Tensor) -> Tensor:
        """Return the words' weights N x T, 0 at padding, of the decoder state's query N x A; `words` must have keys."""
        assert words.keys is not None
        scores = (words.keys + query[:, None]).tanh() @ self.score  # N x T
        weights: Tensor = scores.masked_fill(~words.mask, -torch.inf).softmax(dim=1)
        return weights


def uniform(words: WordStates) -> Tensor:
    """Return equal weights N x T over each caption's words, 0 at padding: noalignDRAW."""
    return words.mask / words.mask.sum(dim=1, keepdim=True)
