"""SimNet: features of simulated birds from a network of ours that comes with the package. Needs no download."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from t2ibench.features.context import chunks
from t2ibench_simulations.networks.packaged import PackagedExtractor
from t2ibench_simulations.networks.simnet.words import HEADS, JOINT, POOL

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench_simulations.networks.simnet.network import SimNetwork


class SimNet(PackagedExtractor):
    """Stands in for Inception where images are simulated birds and no large weights are at hand.

    The layer "pool" is a 64-number embedding that knows colours of parts, patterns and proportions; "logits" are the
    121 joint log-probabilities of wing and belly colour, for a score of the kind of the Inception Score. Numbers
    measured with it compare with each other only, never with published ones.
    """

    title = "SimNet"
    weights = Path(__file__).with_name("weights.safetensors")
    _network: SimNetwork
    layers: Mapping[str, int] = MappingProxyType({"pool": POOL, "logits": JOINT})

    @classmethod
    def _build(cls) -> Any:
        from t2ibench_simulations.networks.simnet.network import SimNetwork

        return SimNetwork()

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "pool", N x 64 (never negative), and "logits", N x 121, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size; 64 x 64 is what the network sees.
        """
        pool = self._embedding(pixels)
        return {"pool": pool.cpu(), "logits": self._network.joint(pool).cpu()}

    def describe(self, pixels: Tensor) -> Mapping[str, list[str]]:
        """Return head -> the likeliest word for each of the images (as in `extract`), as in {"wing": ["blue"]}."""
        answers = self._network.name(self._embedding(pixels))
        return {name: [HEADS[name][at] for at in answer.argmax(1).tolist()] for name, answer in answers.items()}

    def _embedding(self, pixels: Tensor) -> Tensor:
        import torch

        with torch.no_grad():
            parts = [self._network(self._seen(part)) for part in chunks(pixels)]
            return torch.cat(parts) if len(pixels) else torch.zeros(0, POOL, device=self._device)
