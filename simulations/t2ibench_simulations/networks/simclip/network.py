"""SimCLIP's two encoders: images of 64 x 64 and sentences of simulated birds into one space."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from t2ibench.text.tokenizer import tokenize
from t2ibench_simulations.networks.small_network import convolution_block

CODES: Final = 192
"""Numbers of a code."""
_FINE: Final = 64
_WIDTH: Final = 128
_READ: Final = 48
_PLACES: Final = 20
_WORD: Final = 64
_STATE: Final = 128
UNKNOWN: Final = 0
"""Token of a word that training never showed."""


class ImageEncoder(nn.Module):
    """Convolutions, and places that the network learns to look at: the colour of the bill is read at the bill."""

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(
            convolution_block(3, 24, stride=2),
            convolution_block(24, 40, stride=1),
            convolution_block(40, _FINE, stride=2),
            convolution_block(_FINE, _FINE, stride=1),
        )
        self.coarse = nn.Sequential(
            convolution_block(_FINE, _WIDTH, stride=2), convolution_block(_WIDTH, _WIDTH, stride=1)
        )
        self.places = nn.Conv2d(_FINE + _WIDTH, _PLACES, 1)
        self.reading = nn.Sequential(nn.Conv2d(_FINE + _WIDTH, _READ, 1, bias=False), nn.BatchNorm2d(_READ), nn.ReLU())
        self.code = nn.Sequential(
            nn.Linear(_PLACES * _READ + _WIDTH, 2 * CODES), nn.ReLU(), nn.Linear(2 * CODES, CODES)
        )

    def forward(self, images: Tensor) -> Tensor:
        """Return codes N x 192, not of unit length, of images N x 3 x 64 x 64 in [-1, 1]."""
        fine = self.fine(images)  # N x 64 x 16 x 16
        coarse = self.coarse(fine)  # N x 128 x 8 x 8
        both = torch.cat([fine, functional.interpolate(coarse, scale_factor=2.0, mode="nearest")], dim=1)
        where = self.places(both).flatten(2).softmax(dim=2)  # N x 20 x 256
        seen = torch.einsum("nkp,ncp->nkc", where, self.reading(both).flatten(2))  # N x 20 x 48
        codes: Tensor = self.code(torch.cat([seen.flatten(1), coarse.mean(dim=(2, 3))], dim=1))
        return codes


class SentenceEncoder(nn.Module):
    """A bidirectional GRU over words; a sentence is the largest value of each of its state's numbers."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, _WORD)
        self.recurrent = nn.GRU(_WORD, _STATE, batch_first=True, bidirectional=True)
        self.code = nn.Sequential(nn.Linear(2 * _STATE, 2 * CODES), nn.ReLU(), nn.Linear(2 * CODES, CODES))

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Return codes N x 192, not of unit length.

        Args:
            tokens: int64 N x T; what lies past a sentence's end is not read.
            lengths: int64 N, each 1 or more, on the CPU.
        """
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.recurrent(packed)[0], batch_first=True, padding_value=-2.0)
        codes: Tensor = self.code(states.amax(dim=1))  # states lie in [-1, 1]: the padding never is the largest
        return codes


class CLIPNetwork(nn.Module):
    """Both encoders and the logarithm of the scale of their cosines (Radford et al., CLIP, 2021, figure 3)."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.images = ImageEncoder()
        self.sentences = SentenceEncoder(words)
        self.log_scale = nn.Parameter(torch.tensor(2.66))  # ln(1 / 0.07)


def tokens_of(sentences: Sequence[str], words: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Return (int64 N x T padded with UNKNOWN, lengths int64 N of 1 or more); a sentence without a word is UNKNOWN."""
    place = {word: at for at, word in enumerate(words, start=1)}
    rows = [[place.get(word, UNKNOWN) for word in tokenize(sentence)] or [UNKNOWN] for sentence in sentences]
    tokens = torch.full((len(rows), max((len(row) for row in rows), default=1)), UNKNOWN)
    for at, row in enumerate(rows):
        tokens[at, : len(row)] = torch.tensor(row)
    return tokens, torch.tensor([len(row) for row in rows])
