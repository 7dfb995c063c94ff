"""torchvision's ImageNet Inception-v3: the network behind the FIDs of DM-GAN, DF-GAN and what follows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from t2ibench.core.folding import folded, with_fused_relu
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, WeightsFile, options_of
from t2ibench.features.inception.inception_2015 import POOL, SIDE, TRUNK, pooled
from t2ibench.features.network_extractor import FromFile, NetworkExtractor, file_identity, filled
from t2ibench.features.resizing import IMAGENET, resized_by_pil, resized_by_torch

if TYPE_CHECKING:
    from torch import Tensor

_CLASSES: Final = 1000
_AUXILIARY: Final = "AuxLogits."
_NAMES: Final = {"MaxPool_1": "maxpool1", "MaxPool_2": "maxpool2", "AvgPool": "avgpool"}
"""What torchvision calls layers of the network of 2015; convolutions and blocks have one name in both."""
_RESIZE: Final = {"pil": f"bilinear-pil {SIDE}", "tensor": f"bilinear-torch {SIDE}"}
_RANGE: Final = {
    "imagenet": "[-1, 1]",
    "t2i-legacy": "misnormalised: R [-0.030, 0.428], G [-0.088, 0.360], B [-0.188, 0.262]",
}


class InceptionTorchvisionOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        resize: "pil": Pillow's bilinear filter on 8-bit images (DM-GAN and most others); "tensor": on floats, without
            smoothing (DF-GAN).
        input: "imagenet": [-1, 1], what the weights expect; "t2i-legacy": what the text-to-image papers' FID feeds
            them, see `misnormalised`.
    """

    resize: Literal["pil", "tensor"] = "pil"
    input: Literal["imagenet", "t2i-legacy"] = "imagenet"


def misnormalised(images: Tensor) -> Tensor:
    """Return images as DM-GAN's FID script gives them to the network: about a quarter of the expected contrast.

    x * (deviation / 0.5) + (mean - 0.5) / 0.5 a channel, which would bring ImageNet-normalised images to [-1, 1], is
    applied to images in [0, 1]. Source: pytorch-fid of February 2018 (802da39), which DM-GAN, TISE, DF-GAN and GALIP
    carry; pytorch-fid itself corrected it in 2019.

    Args:
        images: float, N x 3 x H x W in [0, 1].
    """
    mean, deviation = (images.new_tensor(values).view(1, 3, 1, 1) for values in IMAGENET)
    return images * (deviation / 0.5) + (mean - 0.5) / 0.5


class InceptionTorchvision(FromFile, NetworkExtractor):
    """torchvision's network; "pool" for FID, and "logits" with bias, 1000 of them, where the input is as it expects.

    FIDs on `input = "t2i-legacy"` have a scale of their own. They compare with nothing but each other.
    """

    Options: ClassVar[type[Frozen]] = InceptionTorchvisionOptions

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        super().__init__(network, identity, device)
        self.layers = {"pool": POOL} | ({"logits": _CLASSES} if identity.range == _RANGE["imagenet"] else {})

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        options = options_of(context, InceptionTorchvisionOptions)
        return file_identity(context, found, resize=_RESIZE[options.resize], range=_RANGE[options.input])

    @classmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile) -> Any:
        def change(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
            return {key: value for key, value in state.items() if not key.startswith(_AUXILIARY)}

        hint = "The Inception of 2015 is another network."
        network = filled(empty_network, context, found, "torchvision's Inception-v3", hint, change=change)
        return with_fused_relu(folded(network))

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        images = to_device(self._prepared(pixels), self._device)
        pool = pooled(self._network, images, [_NAMES.get(name, name) for name in TRUNK])
        return {"pool": pool} | ({"logits": self._network.fc(pool)} if "logits" in self.layers else {})

    def _prepared(self, pixels: Tensor) -> Tensor:
        """Return float images, N x 3 x 299 x 299, in the range that the options say."""
        if self.identity.resize == _RESIZE["pil"]:
            images = resized_by_pil(pixels, SIDE).float() / 255
        else:
            images = resized_by_torch(pixels.float() / 255, SIDE)
        return 2 * images - 1 if "logits" in self.layers else misnormalised(images)


def empty_network() -> Any:
    """Return the network with some weights, without its auxiliary head. The global RNG is left as it was."""
    import torch
    from torchvision.models.inception import Inception3

    with torch.random.fork_rng(devices=[]):
        return Inception3(num_classes=_CLASSES, aux_logits=False, transform_input=False, init_weights=False)
