"""The Inception-v3 of 2015 as pytorch-fid (0.1 and later) drives it: the same weights, resized without smoothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.features.context import FeatureContext, WeightsFile, chunks, find_weights
from t2ibench.features.inception.inception_2015 import POOL, SIDE, filled_network, pooled
from t2ibench.features.resizing import resized_by_torch

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1


class InceptionPytorchFID:
    """pytorch-fid's network at its last layer: images in [0, 1], bilinear to 299 as floats, then 2x - 1.

    Its weights file has the bytes of torch-fidelity's. What differs is the resize (between pixel centres, no
    antialiasing, where TensorFlow 1's is between corners) and the range ([-1, 1], where the graph has [-1, 0.992]).
    """

    layers: Mapping[str, int]

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self.layers = {"pool": POOL}
        self._network = network
        self._device = device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the weights file's digest alone.

        Raises:
            UserError: the weights are missing.
        """
        return _identity(context, find_weights(context))

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with its weights on the context's device.

        Raises:
            UserError: the weights are missing, truncated or of another network.
        """
        found = find_weights(context)
        return cls(filled_network(context, found), _identity(context, found), context.device)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "pool", N x 2048, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size.
        """
        import torch

        parts = [torch.zeros(0, POOL)]
        with torch.no_grad():
            for part in chunks(pixels, self._device):
                images = resized_by_torch(part.to(self._device).float() / 255, SIDE)
                parts.append(pooled(self._network, 2 * images - 1).float().cpu())
        return {"pool": torch.cat(parts)}


def _identity(context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
    return FeatureIdentity(
        name=context.entry.plugin,
        version=VERSION,
        weights=found.sha256,
        resize=f"bilinear-torch {SIDE}",
        range="[-1, 1]",
        standing="standard" if found.recorded else "random",
    )
