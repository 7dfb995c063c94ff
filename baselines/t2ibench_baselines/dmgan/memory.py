"""The dynamic memory of a refinement stage. Attribute names are those of the official state dicts."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.word_attention import attend


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
    code, and unlike the paper, the four projections end in a ReLU (`relu`), and the mean of the image's features that
    the writing sees has no gradient (`detached_pooling`).

    Slots of padding are not zero (the projections have biases, and the image is in them), so that the official mask
    lets content in here that is no word's.
    """

    def __init__(
        self,
        channels: int,
        text_dimension: int,
        *,
        writing_gate: bool = True,
        response_gate: bool = True,
        relu: bool = True,
        detached_pooling: bool = True,
        official_mask: bool = False,
    ) -> None:
        super().__init__()
        self._detached_pooling = detached_pooling
        self._official_mask = official_mask
        slots = 2 * channels
        self.M_w = _projection(text_dimension, slots, relu=relu)
        self.key = _projection(slots, channels, relu=relu)
        self.value = _projection(slots, channels, relu=relu)
        self._writing_gate = writing_gate
        if writing_gate:
            self.A = nn.Linear(text_dimension, 1, bias=False)
            self.B = nn.Linear(channels, 1, bias=False)
            self.M_r = _projection(channels, slots, relu=relu)
        self._response_gate = response_gate
        if response_gate:
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
        read, attention = attend(
            features, self.key(memory), self.value(memory), padding, official_mask=self._official_mask
        )
        joined = torch.cat((features, read), dim=1)  # N x 2c x h x w
        if not self._response_gate:
            return Response(joined, attention, gates)
        gate = self.response_gate(joined)  # N x 1 x h x w
        gates["response"] = gate.squeeze(1)
        return Response((1 - gate) * features + gate * read, attention, gates)

    def _written(self, features: Tensor, words: Tensor, gates: dict[str, Tensor]) -> Tensor:
        """Return the memory slots, N x 2c x T; without a writing gate the words alone are written."""
        written: Tensor = self.M_w(words)
        if not self._writing_gate:
            return written
        pooled = features.mean(dim=(2, 3))  # N x c
        if self._detached_pooling:
            pooled = pooled.detach()
        gate = torch.sigmoid(self.A(words.transpose(1, 2)).squeeze(2) + self.B(pooled))  # N x T
        gates["writing"] = gate
        gate = gate[:, None, :]
        shown: Tensor = self.M_r(pooled[:, :, None])  # N x 2c x 1
        return gate * written + (1 - gate) * shown
