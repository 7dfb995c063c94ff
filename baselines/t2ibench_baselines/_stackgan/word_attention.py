"""Attention of the places of a feature map to the words of a caption."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.convolutions import lies_channels_last


class Attended(NamedTuple):
    """What attention found.

    Attributes:
        context: N x c x h x w, what each place read.
        weights: N x T x h x w, sums to 1 over T.
    """

    context: Tensor
    weights: Tensor


def attend(features: Tensor, keys: Tensor, values: Tensor, padding: Tensor, *, official_mask: bool = False) -> Attended:
    """Return, at each place, the values weighted by the softmax over words of <features, keys>; no scaling.

    The official code of AttnGAN and DM-GAN gives the places of one image the padding masks of all captions of the
    batch in turn, so an image depends on its batch, some of its attention falls on padding and some of its words are
    hidden. Their released weights were trained so. `official_mask` reproduces that; both agree for one caption, or for
    captions of equal length.

    Args:
        features: N x c x h x w.
        keys: N x c x T.
        values: N x d x T.
        padding: bool, N x T, True past a caption's end.
        official_mask: the mask of the official code.
    """
    number, channels, height, width = features.shape
    places = height * width
    queries = features.reshape(number, channels, places).transpose(1, 2)  # N x Q x c
    scores = torch.bmm(queries, keys)  # N x Q x T
    # Officially flat row r = b * Q + q has the mask of caption r mod N instead of b.
    mask = padding.repeat(places, 1).view(number, places, -1) if official_mask else padding[:, None, :]
    shares = scores.masked_fill(mask, float("-inf")).softmax(dim=2)  # N x Q x T
    weights = shares.transpose(1, 2)  # N x T x Q
    if lies_channels_last(features):  # so that what is joined with the features lies as they do
        context = torch.bmm(shares.to(values.dtype), values.transpose(1, 2)).transpose(1, 2)  # N x d x Q
    else:
        context = torch.bmm(values, weights.to(values.dtype))  # N x d x Q
    return Attended(context.view(number, -1, height, width), weights.view(number, -1, height, width))


class WordAttention(nn.Module):
    """Each place of a feature map looks at the words of its caption (AttnGAN, section 3.1, equation 3).

    Words are projected to the features' channels; the projections are both keys and values.
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
        projected = self.conv_context(words.unsqueeze(3)).squeeze(3)  # N x c x T
        return attend(features, projected, projected, padding, official_mask=self.official_mask)
