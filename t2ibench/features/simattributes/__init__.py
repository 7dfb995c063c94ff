"""SimAttributes: what pictures of simulated birds show and what their captions state, as one list of statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from t2ibench.data.simbirds.attributes import PLUMAGE
from t2ibench.data.simbirds.statements import MAIN_PARTS, STATEMENTS, statements_in
from t2ibench.errors import UserError
from t2ibench.features.context import FeatureContext, chunks
from t2ibench.files import digest_of_file
from t2ibench.interfaces import FeatureIdentity
from t2ibench.types import Caption

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.features.simattributes.network import AttributeNetwork

VERSION: Final = 1
WEIGHTS: Final = Path(__file__).with_name("weights.safetensors")
SIDE: Final = 64


class SimAttributes:
    """Judges whether a picture shows what a caption of simulated birds states.

    The layer "statements" has a number for each of `STATEMENTS`: 1 where the picture's likeliest words make it true,
    else 0. Captions are read with the generator's own tables. Trained apart from SimNet, on other pictures; the model
    that is judged has seen neither.
    """

    layers: Mapping[str, int]

    def __init__(self, network: AttributeNetwork, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self.layers = {"statements": len(STATEMENTS)}
        self._network = network
        self._device = device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity without building the network.

        Raises:
            UserError: the weights are missing from the package.
        """
        if not WEIGHTS.is_file():
            raise UserError(f"SimAttributes' {WEIGHTS.name} is missing from the package; reinstall t2ibench.")
        return FeatureIdentity(
            name=context.entry.plugin,
            version=VERSION,
            weights=digest_of_file(WEIGHTS),
            resize=f"bilinear-antialias {SIDE}",
            range="[-1, 1]",
            standing="stand-in",
        )

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with its weights on the context's device.

        Raises:
            UserError: the weights are missing or damaged.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from t2ibench.features.simattributes.network import AttributeNetwork

        identity = cls.peek(context)
        # Initial weights are overwritten at once; a caller's random numbers must not notice.
        with torch.random.fork_rng(devices=[]):
            network = AttributeNetwork()
        try:
            state = {key: value.float() for key, value in load_file(WEIGHTS).items()}
            counters = {key: value for key, value in network.state_dict().items() if key not in state}
            if any(not key.endswith("num_batches_tracked") for key in counters):
                raise RuntimeError(f"{next(iter(counters))} is missing")
            network.load_state_dict({**counters, **state})
        except (RuntimeError, SafetensorError, OSError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(f"SimAttributes' weights are damaged ({reason}); reinstall t2ibench.") from error
        network = network.to(context.device).to(memory_format=torch.channels_last)
        return cls(network.eval().requires_grad_(False), identity, context.device)

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

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return M x 133, 1 for what a caption states, else 0, float32 on the CPU."""
        import torch

        stated = torch.zeros(len(captions), len(STATEMENTS))
        place = {statement: at for at, statement in enumerate(STATEMENTS)}
        for row, caption in enumerate(captions):
            stated[row, [place[statement] for statement in statements_in(caption.text)]] = 1
        return stated

    def describe(self, pixels: Tensor) -> Mapping[str, list[str]]:
        """Return attribute -> the likeliest word for each picture (as in `extract`), as in {"wing": ["blue"]}."""
        import torch

        from t2ibench.features.simattributes.network import HEADS, prepare

        answers: dict[str, list[str]] = {name: [] for name in HEADS}
        with torch.no_grad():
            for part in chunks(pixels):
                pictures = prepare(part.to(self._device)).contiguous(memory_format=torch.channels_last)
                for name, logits in self._network(pictures).items():
                    answers[name] += [HEADS[name][at] for at in logits.argmax(1).tolist()]
        return answers


# Captions call the head without its cap the face.
_ATTRIBUTES: Final = {"face": "head"}
