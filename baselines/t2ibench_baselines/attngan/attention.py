"""Word attention of the generator."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn


class Attended(NamedTuple):
    """What attention found.

    Attributes:
        context: N x c x h x w, the words' codes weighted by the attention of each place.
        weights: N x T x h x w, sums to 1 over T.
    """

    context: Tensor
    weights: Tensor


class WordAttention(nn.Module):
    """Each place of a feature map looks at the words of its caption (AttnGAN, section 3.1, equation 3).

    The official code gives the places of one picture the padding masks of all captions of the batch in turn, so a
    picture depends on its batch, some of its attention falls on padding and some of its words are hidden. Its released
    weights were trained so. `official_mask` reproduces that; both agree for one caption, or for captions of equal
    length.
    """

    def __init__(self, channels: int, text_dimension: int, *, official_mask: bool = False) -> None:
        super().__init__()
        self.official_mask = official_mask
        self.conv_context = nn.Conv2d(text_dimension, channels, kernel_size=1, bias=False)

    def forward(self, features: Tensor, words: Tensor, padding: Tensor) -> Attended:
        """Return context and weights.

        Args:
            features: N x c x h x w.
            words: N x D x T word codes.
            padding: bool, N x T, True past a caption's end.
        """
        number, channels, height, width = features.shape
        places = height * width
        keys = self.conv_context(words.unsqueeze(3)).squeeze(3)  # N x c x T
        queries = features.reshape(number, channels, places).transpose(1, 2)  # N x Q x c
        scores = torch.bmm(queries, keys)  # N x Q x T
        weights = scores.masked_fill(self._mask(padding, places), float("-inf")).softmax(dim=2)
        weights = weights.transpose(1, 2)  # N x T x Q
        context = torch.bmm(keys, weights.to(keys.dtype))  # N x c x Q
        return Attended(context.view(number, channels, height, width), weights.view(number, -1, height, width))

    def _mask(self, padding: Tensor, places: int) -> Tensor:
        """Return bool, N x Q x T or N x 1 x T: which scores are left out."""
        if not self.official_mask:
            return padding[:, None, :]
        return padding.repeat(places, 1).view(len(padding), places, -1)  # flat row r has the mask of caption r mod N
