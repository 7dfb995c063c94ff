"""The judge of R-precision: a trained DAMSM, which places images and captions in one space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from pydantic import Field

from t2ibench.core.errors import UserError
from t2ibench.core.folding import folded
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.core.noise import Noise
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.core.types import Caption, Origin
from t2ibench.features.context import CHUNK, FeatureContext, options_of
from t2ibench.features.network_extractor import NetworkExtractor
from t2ibench.models.folder import ModelFolder, load_encoder, read_model_folder

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
_BYTE_HALF: Final = 127.5


class DAMSMJudgeOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        align_corners: of the resize to the image encoder's side, instead of what it was trained with. AttnGAN and
            DM-GAN have True, DF-GAN's copy has False.
        words_maximum: longer captions are thinned to this many words, as the official loaders do in evaluation too (25
            for CUB, 20 for COCO); None reads every word.
        words_seed: of the thinning. With the protocol's seed the judge reads the words that the first image of the
            caption is made from.
    """

    align_corners: bool | None = None
    words_maximum: int | None = Field(default=None, ge=1)
    words_seed: int = 100


class DAMSMJudge(NetworkExtractor):
    """Reads images (layer "image") and captions with the encoders of a model folder.

    The folder is the data set's trained DAMSM: the same judge for all models of one protocol, whatever encoder each of
    them was trained with. AttnGAN, section 4.
    """

    Options: ClassVar[type[Frozen]] = DAMSMJudgeOptions

    def __init__(self, encoder: Any, options: DAMSMJudgeOptions, identity: FeatureIdentity, device: str) -> None:
        super().__init__(encoder, identity, device)
        self.layers = {"image": int(encoder.dimension)}
        self._options = options

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the encoder's folder, without building a network.

        Standing "standard" for an Inception-v3 trunk that began from ImageNet weights, else "stand-in".

        Raises:
            UserError: no encoder was given, or its folder is damaged or holds something else.
        """
        return _identity(context, _folder(context))

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the judge with its networks on the context's device.

        Raises:
            UserError: as `peek`, or the weights do not fit the installed plug-in.
        """
        loaded = load_encoder(_folder(context), context.device)
        for network in loaded.encoder.exported().values():
            folded(network)
        options = options_of(context, DAMSMJudgeOptions)
        if options.align_corners is not None:
            loaded.encoder.image_encoder.align_corners = options.align_corners
        return cls(loaded.encoder, options, _identity(context, loaded.folder), context.device)

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        _, codes = self._network.encode_images(to_device(pixels, self._device).float() / _BYTE_HALF - 1)
        return {"image": codes}

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return the captions' sentence codes, M x D, float32 on the CPU. All words are read, unless options say less.

        Raises:
            UserError: a caption without a known word.
        """
        import torch

        parts = [torch.zeros(0, self.layers["image"])]
        with torch.no_grad():
            for start in range(0, len(captions), CHUNK):
                some = captions[start : start + CHUNK]
                noise = Noise(self._options.words_seed).bind([(caption.id, 0) for caption in some])
                codes = self._network.encode_text(some, maximum=self._options.words_maximum, noise=noise)
                parts.append(codes.sentence.float().cpu())
        return torch.cat(parts)


def _folder(context: FeatureContext) -> ModelFolder:
    if context.encoder is None:
        data = f" --data {context.entry.data}" if context.entry.data else ""
        raise UserError(
            f"{context.name} needs the data set's trained DAMSM, and none was found; train it first with `t2ibench "
            f"train {context.entry.encoder or context.entry.plugin}{data}`, or import the released one with "
            "`t2ibench import damsm`."
        )
    folder = read_model_folder(context.encoder)
    if folder.description.kind != "encoder" or "resolution" not in folder.parameters:
        raise UserError(f"{folder.path} holds {folder.label}, which is no DAMSM; name the folder of a trained DAMSM.")
    return folder


def _identity(context: FeatureContext, folder: ModelFolder) -> FeatureIdentity:
    parameters = folder.parameters
    options = options_of(context, DAMSMJudgeOptions)
    own = bool(parameters.get("align_corners"))
    corners = " align-corners" if (own if options.align_corners is None else options.align_corners) else ""
    most = options.words_maximum
    imagenet = parameters.get("trunk_weights") is not None or folder.card.origin is Origin.OFFICIAL_WEIGHTS
    inception = parameters.get("trunk") == "inception_v3"
    return FeatureIdentity(
        name=context.entry.plugin,
        version=VERSION,
        weights=folder.identity,
        resize=f"bilinear{corners} {parameters['resolution']}",
        range="[-1, 1]",
        standing="standard" if inception and imagenet else "stand-in",
        captions="" if most is None else f"{most} words at most, drawn with seed {options.words_seed}",
    )
