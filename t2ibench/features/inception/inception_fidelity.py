"""The Inception-v3 of 2015 as torch-fidelity drives it: the network behind most published FID and IS figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Self

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, WeightsFile, chunks, find_weights, options_of
from t2ibench.features.inception.inception_2015 import LOGITS, POOL, SIDE, filled_network
from t2ibench.features.resizing import resized_by_pil

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
_LAYERS: Final = {"pool": POOL, "logits": LOGITS}
_RESIZE: Final = {"tensorflow": f"bilinear-tf1 {SIDE}", "pil": f"bilinear-pil {SIDE}"}


class InceptionFidelityOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        resize: "tensorflow": TensorFlow 1's bilinear resize inside the network, as TTUR and torch-fidelity; "pil":
            Pillow's before it, as the papers' scripts for COCO's Inception Score.
    """

    resize: Literal["tensorflow", "pil"] = "tensorflow"


class InceptionFidelity:
    """torch-fidelity's "inception-v3-compat" with weights that are read safely.

    The layer "pool" serves FID, "logits" (1008 of them, without the bias, as the official scripts have them) the
    Inception Score of profile "imagenet".
    """

    Options: ClassVar[type[Frozen]] = InceptionFidelityOptions
    layers: Mapping[str, int]

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self.layers = dict(_LAYERS)
        self._network = network
        self._device = device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the weights file's digest alone.

        Standing "random" (shown, never ranked) unless the digest is the recorded one.

        Raises:
            UserError: the weights are missing, or an option is unknown.
        """
        return _identity(context, find_weights(context))

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with its weights on the context's device.

        Raises:
            UserError: the weights are missing, truncated or of another network, or an option is unknown.
        """
        found = find_weights(context)
        identity = _identity(context, found)
        return cls(filled_network(context, found), identity, context.device)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "pool", N x 2048, and "logits", N x 1008, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size.
        """
        import torch

        if not len(pixels):
            return {layer: torch.zeros(0, width) for layer, width in self.layers.items()}
        with torch.no_grad():
            parts = [self._network(self._prepared(part).to(self._device)) for part in chunks(pixels, self._device)]
        columns = zip(self.layers, zip(*parts, strict=True), strict=True)
        return {layer: torch.cat(column).float().cpu() for layer, column in columns}

    def _prepared(self, pixels: Tensor) -> Tensor:
        """Return the images as the network wants them: at 299 pixels its own resize does nothing."""
        return resized_by_pil(pixels, SIDE) if self.identity.resize == _RESIZE["pil"] else pixels


def _identity(context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
    options = options_of(context, InceptionFidelityOptions)
    return FeatureIdentity(
        name=context.entry.plugin,
        version=VERSION,
        weights=found.sha256,
        resize=_RESIZE[options.resize],
        range="[-1, 1]",
        standing="standard" if found.recorded else "random",
    )
