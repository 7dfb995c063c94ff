"""The Inception-v3 of 2015 as pytorch-fid (0.1 and later) drives it: the same weights, resized without smoothing."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.features.context import FeatureContext, WeightsFile
from t2ibench.features.inception.inception_2015 import POOL, SIDE, Inception2015, pooled
from t2ibench.features.network_extractor import file_identity
from t2ibench.features.resizing import resized_by_torch

if TYPE_CHECKING:
    from torch import Tensor


class InceptionPytorchFID(Inception2015):
    """pytorch-fid's network at its last layer: images in [0, 1], bilinear to 299 as floats, then 2x - 1.

    Its weights file has the bytes of torch-fidelity's. What differs is the resize (between pixel centres, no
    antialiasing, where TensorFlow 1's is between corners) and the range ([-1, 1], where the graph has [-1, 0.992]).
    """

    layers: Mapping[str, int] = MappingProxyType({"pool": POOL})

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        return file_identity(context, found, resize=f"bilinear-torch {SIDE}")

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        images = resized_by_torch(to_device(pixels, self._device).float() / 255, SIDE)
        return {"pool": pooled(self._network, 2 * images - 1)}
