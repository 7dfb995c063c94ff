"""The question of VQAScore answered by what the readers of simulated images see, instead of by a model's guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from t2ibench.core.types import Caption
from t2ibench_simulations.networks.packaged import StatementReader
from t2ibench_simulations.networks.simattributes import SimAttributes
from t2ibench_simulations.networks.simobjects import SimObjects

if TYPE_CHECKING:
    from torch import Tensor


class _Answers(StatementReader):
    def ask(self, pixels: Tensor, captions: Sequence[Caption]) -> Mapping[str, Tensor]:
        """Return "answer", float32 N x 1 on the CPU: 1 where an image shows all that its caption states, else 0."""
        shown, stated = self.extract(pixels)["statements"], self.read(captions)
        return {"answer": ((shown > 0.5) | (stated < 0.5)).all(dim=1, keepdim=True).float()}


class BirdAnswers(_Answers, SimAttributes):
    """SimAttributes, asked whether a bird is as its caption says."""


class SceneAnswers(_Answers, SimObjects):
    """SimObjects, asked whether a scene is as its caption says."""
