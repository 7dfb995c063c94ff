"""Pictures to logits over CUB's 50 test classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from t2ibench.errors import UserError
from t2ibench.features.context import FeatureContext, WeightsFile, chunks, find_weights
from t2ibench.features.cub_inception.network import OUTPUTS, SIDE, empty_network, known_logits
from t2ibench.features.resizing import resized_by_pil
from t2ibench.features.state_dict import checked, read_state
from t2ibench.interfaces import FeatureIdentity

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
_BYTE_HALF: Final = 127.5
_HOW: Final = (
    "It is made from StackGAN's TensorFlow checkpoint (birds_valid299/model.ckpt) by "
    "`python -m t2ibench.features.cub_inception.convert`; docs/protocols.md says how."
)


class CUBInception:
    """StackGAN's fine-tuned network as its script drives it: 8-bit bilinear resize to 299, then [-1, 1].

    The layer "logits" has the 50 test classes. The network knows no other bird: real pictures of the training classes
    score about a quarter of those of the test classes (StackGAN-inception-model, issue 6). Weights whose digest is not
    recorded are a stand-in for the field's.
    """

    layers: Mapping[str, int]

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self.layers = {"logits": OUTPUTS - 1}
        self._network = network
        self._device = device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the weights file's digest alone.

        Raises:
            UserError: the weights are missing; the text says how they are made.
        """
        return _identity(context, _found(context))

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with its weights on the context's device.

        Raises:
            UserError: the weights are missing, truncated or of another network.
        """
        found = _found(context)
        network = empty_network()
        state = checked(read_state(found.path), network.state_dict(), found.path, "StackGAN's bird classifier", _HOW)
        network.load_state_dict(state)
        return cls(network.to(context.device).eval(), _identity(context, found), context.device)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "logits", N x 50, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size.
        """
        import torch

        parts = [torch.zeros(0, OUTPUTS - 1)]
        with torch.no_grad():
            for part in chunks(pixels):
                pictures = resized_by_pil(part, SIDE).to(self._device).float() / _BYTE_HALF - 1
                parts.append(known_logits(self._network, pictures).float().cpu())
        return {"logits": torch.cat(parts)}


def _found(context: FeatureContext) -> WeightsFile:
    try:
        return find_weights(context)
    except UserError as error:
        raise UserError(f"{error} {_HOW}") from error


def _identity(context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
    return FeatureIdentity(
        name=context.entry.plugin,
        version=VERSION,
        weights=found.sha256,
        resize=f"bilinear-pil {SIDE}",
        range="[-1, 1]",
        standing="standard" if found.recorded else "stand-in",
    )
