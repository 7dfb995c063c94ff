"""SimCLIP: CLIP's part for simulated birds, a judge of images and captions that teaches no model of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.types import Caption
from t2ibench.features.context import CHUNK, FeatureContext, chunks
from t2ibench_simulations.networks.packaged import packaged_identity, packaged_network, packaged_words

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench_simulations.networks.simclip.network import CLIPNetwork

VERSION: Final = 1
WEIGHTS: Final = Path(__file__).with_name("weights.safetensors")
SIDE: Final = 64


class SimCLIP:
    """Reads images (layer "image") and captions with two small encoders trained as CLIP's are.

    It learned from birds of endlessly many kinds that it drew itself (`train_simclip.py`), of no test
    species; so it reads captions of species that it never saw, which a DAMSM of 150 species does only moderately.
    """

    layers: Mapping[str, int]

    def __init__(self, network: CLIPNetwork, words: Sequence[str], identity: FeatureIdentity, device: str) -> None:
        from t2ibench_simulations.networks.simclip.network import CODES

        self.identity = identity
        self.layers = {"image": CODES}
        self._network = network
        self._words = tuple(words)
        self._device = device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity without building the network.

        Raises:
            UserError: the weights are missing from the package.
        """
        return packaged_identity(context.entry.plugin, WEIGHTS, title="SimCLIP", version=VERSION, resolution=SIDE)

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the judge with its weights on the context's device.

        Raises:
            UserError: the weights are missing or damaged.
        """
        import torch

        from t2ibench_simulations.networks.simclip.network import CLIPNetwork

        identity = cls.peek(context)
        words = packaged_words(WEIGHTS, title="SimCLIP")
        network = packaged_network(lambda: CLIPNetwork(len(words) + 1), WEIGHTS, title="SimCLIP", device=context.device)
        network.images.to(memory_format=torch.channels_last)
        return cls(network, words, identity, context.device)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "image", N x 192 image codes (not of unit length), float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size; 64 x 64 is what the network sees.
        """
        import torch

        from t2ibench_simulations.networks.small_network import prepare

        parts = [torch.zeros(0, self.layers["image"])]
        with torch.no_grad():
            for part in chunks(pixels):
                images = prepare(part.to(self._device), SIDE).contiguous(memory_format=torch.channels_last)
                parts.append(self._network.images(images).float().cpu())
        return {"image": torch.cat(parts)}

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return the captions' codes, M x 192, float32 on the CPU. Words that it never learned are one unknown word."""
        import torch

        from t2ibench_simulations.networks.simclip.network import tokens_of

        parts = [torch.zeros(0, self.layers["image"])]
        with torch.no_grad():
            for start in range(0, len(captions), CHUNK):
                texts = [caption.text for caption in captions[start : start + CHUNK]]
                tokens, lengths = tokens_of(texts, self._words)
                parts.append(self._network.sentences(tokens.to(self._device), lengths).float().cpu())
        return torch.cat(parts)
