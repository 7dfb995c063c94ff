"""The DAMSM text encoder: a bidirectional LSTM over word embeddings."""

from __future__ import annotations

from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

_UNIFORM_RANGE = 0.1
_LSTM_TAKES_BF16 = torch.backends.cpu.get_cpu_capability() == "AVX512"
"""Of a CPU: without AVX-512 oneDNN refuses an LSTM in bfloat16 where the captions of a batch are equally long."""


class TextEncoder(nn.Module):
    """Token ids to word and sentence codes; state-dict names as in AttnGAN's `RNN_ENCODER`.

    AttnGAN, section 3.2: word t is the two directions' hidden states at t, the sentence is their last hidden states.
    Differs from the official code: the batch need not be sorted by length, and the LSTM's own dropout, which is
    without effect on a single layer, is left out.
    """

    def __init__(self, words: int, *, embedding: int = 256, word_embedding: int = 300, dropout: float = 0.5) -> None:
        super().__init__()
        self.encoder = nn.Embedding(words, word_embedding)
        self.drop = nn.Dropout(dropout)
        self.rnn = nn.LSTM(word_embedding, embedding // 2, batch_first=True, bidirectional=True)

    def initialise(self) -> None:
        """Draw the embeddings from U(-0.1, 0.1); the LSTM keeps torch's initialisation."""
        nn.init.uniform_(self.encoder.weight, -_UNIFORM_RANGE, _UNIFORM_RANGE)

    def forward(self, ids: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Return word codes, B x D x T, and sentence codes, B x D.

        Args:
            ids: int64, B x T, padded with 0.
            lengths: int64, B, on the CPU; T must be their maximum. Word codes beyond a caption's length are 0.
        """
        embedded = self.drop(self.encoder(ids))  # B x T x 300
        packed = pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
        with nullcontext() if _LSTM_TAKES_BF16 else torch.autocast("cpu", enabled=False):
            outputs, (hidden, _) = self.rnn(packed)
        words, _ = pad_packed_sequence(outputs, batch_first=True)  # B x T x D
        sentence = torch.cat((hidden[0], hidden[1]), dim=1)  # B x D, forward then backward
        return words.transpose(1, 2), sentence
