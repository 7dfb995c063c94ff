"""The sentence codes that the StackGANs read: DAMSM's, or the papers' char-CNN-RNN codes from files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

from torch import Tensor
from torch.nn import Module

from t2ibench.core.interfaces import BoundNoise
from t2ibench.core.types import Caption
from t2ibench.text.char_cnn_rnn import CharCNNRNN
from t2ibench.text.damsm import DAMSM

SentenceSource = Literal["damsm", "char-cnn-rnn"]
SentenceEncoder = DAMSM | CharCNNRNN

ENCODERS: Final[dict[SentenceSource, str]] = {"damsm": "damsm", "char-cnn-rnn": "char_cnn_rnn"}
"""What the parameter `text` says -> the encoder's registered name."""


def text_networks(encoder: SentenceEncoder) -> dict[str, Module]:
    """Return the network that reads captions, under the name "text_encoder"; none where codes come from files."""
    return {} if isinstance(encoder, CharCNNRNN) else {"text_encoder": encoder.text_encoder}


def sentence_codes(
    encoder: SentenceEncoder, captions: Sequence[Caption], noise: BoundNoise, like: Tensor, *, maximum: int | None
) -> Tensor:
    """Return sentence codes, N x D, in the place and precision of `like`.

    Args:
        encoder: reads the captions.
        captions: N of them.
        noise: which words of a long caption DAMSM reads is drawn from it.
        like: any tensor of the model.
        maximum: DAMSM reads this many words; None for all.

    Raises:
        UserError: a caption without a known word, or without a code in the files.
    """
    if isinstance(encoder, CharCNNRNN):
        return encoder.sentences(captions).to(like)
    return encoder.encode_text(captions, maximum=maximum, noise=noise).sentence
