"""Images to logits over CUB's 50 test classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.features.context import FeatureContext, WeightsFile, find_weights
from t2ibench.features.cub_inception.network import SIDE, empty_network, known_logits
from t2ibench.features.network_extractor import FromFile, NetworkExtractor, file_identity, filled
from t2ibench.features.resizing import resized_by_pil
from t2ibench.models.folder import ModelFolder, load_encoder, read_model_folder

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
_BYTE_HALF: Final = 127.5
_RESIZE: Final = "bilinear-pil "
_HOW: Final = (
    "It is made from StackGAN's TensorFlow checkpoint (birds_valid299/model.ckpt) by "
    "`python -m t2ibench.features.cub_inception.convert`; docs/protocols.md says how."
)


class CUBInception(FromFile, NetworkExtractor):
    """StackGAN's fine-tuned network as its script drives it: 8-bit bilinear resize to 299, then [-1, 1].

    The layer "logits" has the 50 test classes. The network knows no other bird: real images of the training classes
    score about a quarter of those of the test classes (StackGAN-inception-model, issue 6). Weights whose digest is not
    recorded are a stand-in for the field's.

    Where those weights are not to be had, a classifier fine-tuned here (`fine_tuning`) takes their place if the entry
    of benchmarks.toml names that encoder. It is another judge: its identity, and so its column, is its own.
    """

    _small_chunks = False

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        super().__init__(network, identity, device)
        *_, bias = network.parameters()  # one an output, of which the first is the background's
        self.layers = {"logits": len(bias) - 1}
        self._resolution = int(identity.resize.removeprefix(_RESIZE))

    @classmethod
    def _weights(cls, context: FeatureContext) -> Any:
        """Return the released weights, else the folder of a classifier fine-tuned here.

        Raises:
            UserError: there is neither; the text says how either is made.
        """
        try:
            return find_weights(context)
        except UserError as error:
            if not context.entry.encoder:
                raise UserError(f"{error} {_HOW}") from error
            if context.encoder is None:
                instead = (
                    f"`t2ibench train {context.entry.encoder} --data cub` fine-tunes one, whose figures are its own."
                )
                raise UserError(f"{error} {_HOW} Or {instead}") from error
        folder = read_model_folder(context.encoder)
        if folder.description.plugin != "cub_inception":
            raise UserError(f"{folder.path} holds {folder.label}, which is no classifier of birds; train one.")
        return folder

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile | ModelFolder) -> FeatureIdentity:
        if isinstance(found, WeightsFile):
            return file_identity(context, found, resize=f"{_RESIZE}{SIDE}", version=VERSION, otherwise="stand-in")
        return FeatureIdentity(
            name=context.entry.plugin,
            version=VERSION,
            weights=found.identity,
            resize=f"{_RESIZE}{found.parameters['resolution']}",
            range="[-1, 1]",
            standing="stand-in",
            made=f"fine-tuned here on {found.dataset}/{found.parameters['split']}, {found.steps:,} steps",
        )

    @classmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile | ModelFolder) -> Any:
        if isinstance(found, WeightsFile):
            return filled(empty_network, context, found, "StackGAN's bird classifier", _HOW)
        return load_encoder(found, context.device).encoder.classifier.network

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        images = to_device(resized_by_pil(pixels, self._resolution), self._device).float() / _BYTE_HALF - 1
        return {"logits": known_logits(self._network, images)}
