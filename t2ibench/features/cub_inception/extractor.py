"""Images to logits over CUB's 50 test classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.features.context import FeatureContext, WeightsFile, find_weights
from t2ibench.features.cub_inception.network import OUTPUTS, SIDE, empty_network, known_logits
from t2ibench.features.network_extractor import NetworkExtractor, file_identity, filled
from t2ibench.features.resizing import resized_by_pil
from t2ibench.models.folder import ModelFolder, load_encoder, read_model_folder

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
_BYTE_HALF: Final = 127.5
_HOW: Final = (
    "It is made from StackGAN's TensorFlow checkpoint (birds_valid299/model.ckpt) by "
    "`python -m t2ibench.features.cub_inception.convert`; docs/protocols.md says how."
)


class CUBInception(NetworkExtractor):
    """StackGAN's fine-tuned network as its script drives it: 8-bit bilinear resize to 299, then [-1, 1].

    The layer "logits" has the 50 test classes. The network knows no other bird: real images of the training classes
    score about a quarter of those of the test classes (StackGAN-inception-model, issue 6). Weights whose digest is not
    recorded are a stand-in for the field's.

    Where those weights are not to be had, a classifier fine-tuned here (`fine_tuning`) takes their place if the entry
    of benchmarks.toml names that encoder. It is another judge: its identity, and so its column, is its own.
    """

    _small_chunks = False

    def __init__(
        self,
        network: Any,
        identity: FeatureIdentity,
        device: str,
        *,
        resolution: int = SIDE,
        classes: int = OUTPUTS - 1,
    ) -> None:
        super().__init__(network, identity, device)
        self.layers = {"logits": classes}
        self._resolution = resolution

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the weights file's digest, or that of the classifier's folder, alone.

        Raises:
            UserError: there is neither; the text says how either is made.
        """
        found = _found(context)
        return _own_identity(context, found) if isinstance(found, ModelFolder) else _identity(context, found)

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with its weights on the context's device.

        Raises:
            UserError: the weights are missing, truncated or of another network.
        """
        found = _found(context)
        if isinstance(found, ModelFolder):
            classifier = load_encoder(found, context.device).encoder.classifier
            resolution, classes = int(found.parameters["resolution"]), int(found.parameters["classes"])
            identity = _own_identity(context, found)
            return cls(classifier.network, identity, context.device, resolution=resolution, classes=classes)
        network = filled(empty_network, context, found, "StackGAN's bird classifier", _HOW)
        return cls(network.to(context.device), _identity(context, found), context.device)

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        images = to_device(resized_by_pil(pixels, self._resolution), self._device).float() / _BYTE_HALF - 1
        return {"logits": known_logits(self._network, images)}


def _found(context: FeatureContext) -> WeightsFile | ModelFolder:
    """Return the released weights, else a classifier fine-tuned here.

    Raises:
        UserError: there is neither.
    """
    try:
        return find_weights(context)
    except UserError as error:
        if not context.entry.encoder:
            raise UserError(f"{error} {_HOW}") from error
        if context.encoder is None:
            instead = (
                f" Or `t2ibench train {context.entry.encoder} --data cub` fine-tunes one, whose figures are its own."
            )
            raise UserError(f"{error} {_HOW}{instead}") from error
    folder = read_model_folder(context.encoder)
    if folder.description.plugin != "cub_inception":
        raise UserError(f"{folder.path} holds {folder.label}, which is no classifier of birds; train one.")
    return folder


def _identity(context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
    return file_identity(context, found, resize=f"bilinear-pil {SIDE}", version=VERSION, otherwise="stand-in")


def _own_identity(context: FeatureContext, folder: ModelFolder) -> FeatureIdentity:
    return FeatureIdentity(
        name=context.entry.plugin,
        version=VERSION,
        weights=folder.identity,
        resize=f"bilinear-pil {folder.parameters['resolution']}",
        range="[-1, 1]",
        standing="stand-in",
        made=f"fine-tuned here on {folder.dataset}/{folder.parameters['split']}, {folder.steps:,} steps",
    )
