"""The dynamic memory of a refinement stage. Attribute names are those of the official state dicts."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.word_attention import attend
from t2ibench_baselines.dmgan.parameters import DMGANParameters


class Response(NamedTuple):
    """What the memory answered.

    Attributes:
        features: N x c x h x w with a response gate, N x 2c x h x w without.
        attention: N x T x h x w, where each place read; sums to 1 over T.
        gates: "writing" N x T and "response" N x h x w, those of the gates that there are, in [0, 1].
    """

    features: Tensor
    attention: Tensor
    gates: dict[str, Tensor]


def _projection(before: int, after: int, *, relu: bool) -> nn.Sequential:
    """Return a 1x1 map of codes N x before x T to N x after x T."""
    return nn.Sequential(nn.Conv1d(before, after, kernel_size=1), nn.ReLU() if relu else nn.Identity())


class DynamicMemory(nn.Module):
    """Words are written to memory slots as the image needs them; each place reads from them (DM-GAN, section 3.1).

    Writing with a gate a word, addressing by keys, reading of values, response with a gate a place. As in the official
    code, and unlike the paper, the four projections end in a ReLU (`memory_relu`), and the mean of the image's features
    that the writing sees has no gradient (`detached_pooling`).

    Slots of padding are not zero (the projections have biases, and the image is in them), so that the official mask
    lets content in here that is no word's.
    """

    def __init__(self, parameters: DMGANParameters, text_dimension: int) -> None:
        super().__init__()
        self.settings = p = parameters
        channels, slots = p.generator_features, 2 * p.generator_features
        self.M_w = _projection(text_dimension, slots, relu=p.memory_relu)
        self.key = _projection(slots, channels, relu=p.memory_relu)
        self.value = _projection(slots, channels, relu=p.memory_relu)
        if p.writing_gate:
            self.A = nn.Linear(text_dimension, 1, bias=False)
            self.B = nn.Linear(channels, 1, bias=False)
            self.M_r = _projection(channels, slots, relu=p.memory_relu)
        if p.response_gate:
            self.response_gate = nn.Sequential(nn.Conv2d(slots, 1, kernel_size=1), nn.Sigmoid())

    def respond(self, features: Tensor, words: Tensor, padding: Tensor) -> Response:
        """Return what the memory makes of a feature map.

        Args:
            features: N x c x h x w.
            words: N x D x T word codes.
            padding: bool, N x T, True past a caption's end.
        """
        gates: dict[str, Tensor] = {}
        memory = self._written(features, words, gates)  # N x 2c x T
        official_mask = self.settings.official_mask
        read, attention = attend(features, self.key(memory), self.value(memory), padding, official_mask=official_mask)
        joined = torch.cat((features, read), dim=1)  # N x 2c x h x w
        if not self.settings.response_gate:
            return Response(joined, attention, gates)
        gate = self.response_gate(joined)  # N x 1 x h x w
        gates["response"] = gate.squeeze(1)
        return Response((1 - gate) * features + gate * read, attention, gates)

    def _written(self, features: Tensor, words: Tensor, gates: dict[str, Tensor]) -> Tensor:
        """Return the memory slots, N x 2c x T; without a writing gate the words alone are written."""
        written: Tensor = self.M_w(words)
        if not self.settings.writing_gate:
            return written
        pooled = features.mean(dim=(2, 3))  # N x c
        if self.settings.detached_pooling:
            pooled = pooled.detach()
        gate = torch.sigmoid(self.A(words.transpose(1, 2)).squeeze(2) + self.B(pooled))  # N x T
        gates["writing"] = gate
        gate = gate[:, None, :]
        shown: Tensor = self.M_r(pooled[:, :, None])  # N x 2c x 1
        return gate * written + (1 - gate) * shown
