"""DigitJudge: what digits a scene shows and where, and what its caption states, as one list of statements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.features.context import FeatureContext, chunks
from t2ibench_simulations.mnist_captions.statements import LAYOUTS, PLACES, STATEMENTS, statements_in, true_statements
from t2ibench_simulations.networks.packaged import StatementReader, marked

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench_simulations.networks.digit_judge.network import SceneReader

SIDE: Final = 60


class DigitJudge(StatementReader):
    """Judges whether an image shows the digits that a caption of mnist-captions states, where it states them.

    The layer "statements" has a number for each of `STATEMENTS`: 1 where it is true of the scene that the image looks
    like most, else 0. It always names a scene, of one or two digits, even of noise. Captions are read by the data set's
    own sentences. It was trained on digits drawn by code, in every role, held-out ones too; of digits from elsewhere
    (MNIST's) the row of the ground truth says how well it reads them.
    """

    title = "The digit judge"
    weights = Path(__file__).with_name("weights.safetensors")
    resolution = SIDE
    _network: SceneReader
    layers: Mapping[str, int] = MappingProxyType({"statements": len(STATEMENTS)})
    statements = STATEMENTS
    stated = staticmethod(statements_in)

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity without building the network. Raises UserError: the weights are missing."""
        return replace(super().peek(context), range="grey in [0, 1]")

    @classmethod
    def _build(cls) -> Any:
        from t2ibench_simulations.networks.digit_judge.network import SceneReader

        return SceneReader()

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "statements", N x 106 zeros and ones, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size; 60 x 60 is what the network sees.
        """
        return {"statements": marked([true_statements(*scene) for scene in self.describe(pixels)], STATEMENTS)}

    def describe(self, pixels: Tensor) -> list[tuple[str, tuple[int, ...]]]:
        """Return the likeliest (layout, digits) of each image (as in `extract`), as in ("left and right", (3, 7))."""
        import torch

        from t2ibench_simulations.networks.digit_judge.network import prepare

        names, found = tuple(LAYOUTS), []
        with torch.no_grad():
            for part in chunks(pixels):
                layouts, digits = self._network(prepare(part.to(self._device)))
                answers = digits.argmax(2).tolist()  # N x 8
                for row, layout in enumerate(layouts.argmax(1).tolist()):
                    places = LAYOUTS[names[layout]]
                    found.append((names[layout], tuple(answers[row][PLACES.index(place)] for place in places)))
        return found
