"""SimCLIP: CLIP's part for simulated birds, a judge of images and captions that teaches no model of the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from t2ibench.core.types import Caption
from t2ibench.features.context import CHUNK
from t2ibench.features.network_extractor import NetworkExtractor
from t2ibench_simulations.networks.packaged import PackagedExtractor

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench_simulations.networks.simclip.network import CLIPNetwork


class SimCLIP(NetworkExtractor, PackagedExtractor):
    """Reads images (layer "image") and captions with two small encoders trained as CLIP's are.

    It learned from birds of endlessly many kinds that it drew itself (`train_simclip.py`), of no test
    species; so it reads captions of species that it never saw, which a DAMSM of 150 species does only moderately.
    """

    title = "SimCLIP"
    weights = Path(__file__).with_name("weights.safetensors")
    _network: CLIPNetwork
    _small_chunks = False
    layers: Mapping[str, int] = MappingProxyType({"image": 192})

    @classmethod
    def _build(cls) -> Any:
        import torch

        from t2ibench_simulations.networks.simclip.network import CLIPNetwork

        network = CLIPNetwork(len(cls.words()) + 1)
        network.images.to(memory_format=torch.channels_last)
        return network

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        import torch

        return {"image": self._network.images(self._seen(pixels).contiguous(memory_format=torch.channels_last))}

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return the captions' codes, M x 192, float32 on the CPU. Words that it never learned are one unknown word."""
        import torch

        from t2ibench_simulations.networks.simclip.network import tokens_of

        words, parts = self.words(), [torch.zeros(0, self.layers["image"])]
        with torch.no_grad():
            for start in range(0, len(captions), CHUNK):
                texts = [caption.text for caption in captions[start : start + CHUNK]]
                tokens, lengths = tokens_of(texts, words)
                parts.append(self._network.sentences(tokens.to(self._device), lengths).float().cpu())
        return torch.cat(parts)
