"""The judge of R-precision: a trained DAMSM, which places pictures and captions in one space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from t2ibench.errors import UserError
from t2ibench.features.context import CHUNK, FeatureContext, chunks
from t2ibench.interfaces import FeatureIdentity
from t2ibench.model_folder import ModelFolder, load_encoder, read_model_folder
from t2ibench.types import Caption, Origin

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
_BYTE_HALF: Final = 127.5


class DAMSMJudge:
    """Reads pictures (layer "image") and captions with the encoders of a model folder.

    The folder is the data set's trained DAMSM: the same judge for all models of one protocol, whatever encoder each of
    them was trained with. AttnGAN, section 4.
    """

    layers: Mapping[str, int]

    def __init__(self, encoder: Any, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self.layers = {"image": int(encoder.dimension)}
        self._encoder = encoder
        self._device = device

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
            network.requires_grad_(False)
        return cls(loaded.encoder, _identity(context, loaded.folder), context.device)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "image", N x D picture codes, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W; the encoder resizes them to its resolution by its own rule.
        """
        import torch

        parts = [torch.zeros(0, self.layers["image"])]
        with torch.no_grad():
            for part in chunks(pixels):
                _, codes = self._encoder.encode_images(part.to(self._device).float() / _BYTE_HALF - 1)
                parts.append(codes.float().cpu())
        return {"image": torch.cat(parts)}

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return the captions' sentence codes, M x D, float32 on the CPU. All words are read.

        Raises:
            UserError: a caption without a known word.
        """
        import torch

        parts = [torch.zeros(0, self.layers["image"])]
        with torch.no_grad():
            for start in range(0, len(captions), CHUNK):
                codes = self._encoder.encode_text(captions[start : start + CHUNK])
                parts.append(codes.sentence.float().cpu())
        return torch.cat(parts)


def _folder(context: FeatureContext) -> ModelFolder:
    if context.encoder is None:
        raise UserError(
            "R-precision needs the data set's trained DAMSM as its judge, and none was found; train it first with "
            "`t2ibench train`."
        )
    folder = read_model_folder(context.encoder)
    if folder.description.kind != "encoder" or "resolution" not in folder.parameters:
        raise UserError(f"{folder.path} holds {folder.label}, which is no DAMSM; name the folder of a trained DAMSM.")
    return folder


def _identity(context: FeatureContext, folder: ModelFolder) -> FeatureIdentity:
    parameters = folder.parameters
    corners = " align-corners" if parameters.get("align_corners") else ""
    imagenet = parameters.get("trunk_weights") is not None or folder.card.origin is Origin.OFFICIAL_WEIGHTS
    inception = parameters.get("trunk") == "inception_v3"
    return FeatureIdentity(
        name=context.entry.plugin,
        version=VERSION,
        weights=folder.identity,
        resize=f"bilinear{corners} {parameters['resolution']}",
        range="[-1, 1]",
        standing="standard" if inception and imagenet else "stand-in",
    )
