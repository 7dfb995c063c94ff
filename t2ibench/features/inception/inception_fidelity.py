"""The Inception-v3 of 2015 as torch-fidelity drives it: the network behind most published FID and IS figures."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar, Final, Literal

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, WeightsFile, options_of
from t2ibench.features.inception.inception_2015 import LOGITS, POOL, SIDE, Inception2015, pooled
from t2ibench.features.network_extractor import file_identity
from t2ibench.features.resizing import resized_by_pil, resized_by_tensorflow

if TYPE_CHECKING:
    from torch import Tensor

_RESIZE: Final = {"tensorflow": f"bilinear-tf1 {SIDE}", "pil": f"bilinear-pil {SIDE}"}


class InceptionFidelityOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        resize: "tensorflow": TensorFlow 1's bilinear resize inside the network, as TTUR and torch-fidelity; "pil":
            Pillow's before it, as the papers' scripts for COCO's Inception Score.
    """

    resize: Literal["tensorflow", "pil"] = "tensorflow"


class InceptionFidelity(Inception2015):
    """torch-fidelity's "inception-v3-compat" with weights that are read safely.

    The layer "pool" serves FID, "logits" (1008 of them, without the bias, as the official scripts have them) the
    Inception Score of profile "imagenet".
    """

    Options: ClassVar[type[Frozen]] = InceptionFidelityOptions
    layers: Mapping[str, int] = MappingProxyType({"pool": POOL, "logits": LOGITS})

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        return file_identity(context, found, resize=_RESIZE[options_of(context, InceptionFidelityOptions).resize])

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        if self.identity.resize == _RESIZE["pil"]:
            resized = to_device(resized_by_pil(pixels, SIDE), self._device).float()
        else:
            resized = resized_by_tensorflow(to_device(pixels, self._device), SIDE)
        pool = pooled(self._network, (resized - 128) / 128)  # as the network's own `forward` after its slower resize
        return {"pool": pool, "logits": pool.mm(self._network.fc.weight.T)}
