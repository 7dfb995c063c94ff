"""SimAttributes: what images of simulated birds show and what their captions state, as one list of statements."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from t2ibench.features.context import chunks
from t2ibench_simulations.networks.packaged import StatementReader
from t2ibench_simulations.simbirds.attributes import PLUMAGE, WORDS
from t2ibench_simulations.simbirds.statements import MAIN_PARTS, STATEMENTS, statements_in

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench_simulations.networks.simattributes.network import AttributeNetwork


class SimAttributes(StatementReader):
    """Judges whether an image shows what a caption of simulated birds states.

    The layer "statements" has a number for each of `STATEMENTS`: 1 where the image's likeliest words make it true,
    else 0. Captions are read with the generator's own tables. Trained apart from SimNet, on other images; the model
    that is judged has seen neither.
    """

    title = "SimAttributes"
    weights = Path(__file__).with_name("weights.safetensors")
    _network: AttributeNetwork
    layers: Mapping[str, int] = MappingProxyType({"statements": len(STATEMENTS)})
    statements = STATEMENTS
    stated = staticmethod(statements_in)
    subjects: Final = tuple(subject for subject, _ in STATEMENTS)
    """What each statement is about, as in "wing": reports count hits by it."""

    @classmethod
    def _build(cls) -> Any:
        import torch

        from t2ibench_simulations.networks.simattributes.network import AttributeNetwork

        return AttributeNetwork().to(memory_format=torch.channels_last)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "statements", N x 133 zeros and ones, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size; 64 x 64 is what the network sees.
        """
        import torch

        named = self.describe(pixels)
        columns = []
        for subject, word in STATEMENTS:
            if subject == "main":
                votes = [[part == word for part in parts] for parts in zip(*(named[p] for p in PLUMAGE), strict=True)]
                true = [sum(vote) >= MAIN_PARTS for vote in votes]
            elif subject == "head":
                true = [word == crown == face for crown, face in zip(named["crown"], named["head"], strict=True)]
            else:
                true = [word == answer for answer in named[_ATTRIBUTES.get(subject, subject.replace(" ", "_"))]]
            columns.append(torch.tensor(true, dtype=torch.float32))
        return {"statements": torch.stack(columns, dim=1)}

    def describe(self, pixels: Tensor) -> Mapping[str, list[str]]:
        """Return attribute -> the likeliest word for each image (as in `extract`), as in {"wing": ["blue"]}."""
        answers: dict[str, list[str]] = {name: [] for name in WORDS}
        for part in chunks(pixels):
            for name, logits in self._answer(part).items():
                answers[name] += [WORDS[name][at] for at in logits.argmax(1).tolist()]
        return answers


# Captions call the head without its cap the face.
_ATTRIBUTES: Final = {"face": "head"}
