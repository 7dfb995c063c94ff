"""The question of VQAScore answered by what the readers of simulated images see, instead of by a model's guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from t2ibench.core.types import Caption
from t2ibench_simulations.networks.simattributes import SimAttributes
from t2ibench_simulations.networks.simobjects import SimObjects

if TYPE_CHECKING:
    from torch import Tensor


def _whole(shown: Tensor, stated: Tensor) -> Mapping[str, Tensor]:
    """Return "answer", N x 1: 1 where an image shows all that its caption states, else 0."""
    answers = ((shown > 0.5) | (stated < 0.5)).all(dim=1, keepdim=True).float()
    return {"answer": answers}


class BirdAnswers(SimAttributes):
    """SimAttributes, asked whether a bird is as its caption says."""

    def ask(self, pixels: Tensor, captions: Sequence[Caption]) -> Mapping[str, Tensor]:
        """Return "answer", N x 1: 0 or 1, float32 on the CPU."""
        return _whole(self.extract(pixels)["statements"], self.read(captions))


class SceneAnswers(SimObjects):
    """SimObjects, asked whether a scene is as its caption says."""

    def ask(self, pixels: Tensor, captions: Sequence[Caption]) -> Mapping[str, Tensor]:
        """Return "answer", N x 1: 0 or 1, float32 on the CPU."""
        return _whole(self.extract(pixels)["statements"], self.read(captions))
