"""A judge that was trained on neither the data set nor with any model of the table: CLIP, through open_clip."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Final

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.core.types import Caption
from t2ibench.features.context import CHUNK, FeatureContext, WeightsFile, find_weights, installed, options_of
from t2ibench.features.network_extractor import FromFile, NetworkExtractor, file_identity, filled
from t2ibench.features.resizing import normalised, resized_by_pil

if TYPE_CHECKING:
    from torch import Tensor

# Mean and deviation that OpenAI's CLIP and most of its followers were trained with; open_clip tells what differs.
_MEAN: Final = (0.48145466, 0.4578275, 0.40821073)
_DEVIATION: Final = (0.26862954, 0.26130258, 0.27577711)
_NEEDED: Final = (
    "CLIP needs open_clip, which is not installed: `pip install 't2ibench[clip]'`, then name the folder of its weights "
    "with --weights-dir."
)


class CLIPOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        architecture: open_clip's name of the network that the weights are of.
    """

    architecture: str = "ViT-B-32-quickgelu"


class CLIPJudge(FromFile, NetworkExtractor):
    """Reads images (layer "image") and captions with a CLIP whose weights the user brings.

    Weights are a state dict (.safetensors, or a file of torch.save); TorchScript, which is a program, is not opened.
    Images are resized by Pillow's bicubic filter, as CLIP's own transform does. Needs the extra `clip`.
    """

    _small_chunks = False
    Options: ClassVar = CLIPOptions

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        size = network.visual.image_size
        super().__init__(network, identity, device)
        self._tokenizer = network.tokenizer
        self._resolution = int(size[0] if isinstance(size, Sequence) else size)
        self._range = _normalisation(network.visual)
        self.layers = {"image": int(self.read([Caption("", "a")]).shape[1])}

    @classmethod
    def _weights(cls, context: FeatureContext) -> WeightsFile:
        installed("open_clip", _NEEDED)
        return find_weights(context)

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        return file_identity(
            context,
            found,
            resize="bicubic-pil",
            range="CLIP's mean and deviation",
            otherwise="stand-in",
            of=options_of(context, CLIPOptions).architecture,
        )

    @classmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile) -> Any:
        open_clip = installed("open_clip", _NEEDED)
        architecture = options_of(context, CLIPOptions).architecture
        if architecture not in open_clip.list_models():
            raise UserError(
                f"open_clip knows no architecture {architecture!r}: [features.{context.name}.options] in "
                "benchmarks.toml wants one of open_clip.list_models()."
            )
        hint = f"Name its architecture in [features.{context.name}.options] of benchmarks.toml, or bring another file."
        with _without_warnings():  # users need not hear that it is "initialized randomly"
            network = filled(
                lambda: open_clip.create_model(architecture, pretrained=None), context, found, architecture, hint
            )
        network.tokenizer = open_clip.get_tokenizer(architecture)
        return network

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        images = to_device(resized_by_pil(pixels, self._resolution, "BICUBIC"), self._device).float() / 255
        return {"image": self._network.encode_image(normalised(images, self._range))}

    def read(self, captions: Sequence[Caption]) -> Tensor:
        """Return the captions' codes, M x D, float32 on the CPU; words past the network's context are cut off."""
        import torch

        parts = []
        with torch.no_grad():
            for start in range(0, len(captions), CHUNK):
                tokens = self._tokenizer([caption.text for caption in captions[start : start + CHUNK]])
                parts.append(self._network.encode_text(tokens.to(self._device)).float().cpu())
        return torch.cat(parts)

    def cut(self, captions: Sequence[Caption]) -> list[bool]:
        """Return whether each caption has more tokens than the network reads, of which the beginning and end count."""
        encode, length = getattr(self._tokenizer, "encode", None), getattr(self._tokenizer, "context_length", None)
        if not callable(encode) or not isinstance(length, int):
            return [False] * len(captions)
        return [len(encode(caption.text)) + 2 > length for caption in captions]


@contextmanager
def _without_warnings() -> Iterator[None]:
    """Hold back what is logged as a warning."""
    before = logging.root.manager.disable
    logging.disable(max(before, logging.WARNING))
    try:
        yield
    finally:
        logging.disable(before)


def _normalisation(visual: Any) -> tuple[Sequence[float], Sequence[float]]:
    """Return (mean, deviation) of a network's images; newer open_clip keeps them in `preprocess_cfg`."""
    config = getattr(visual, "preprocess_cfg", None) or {}
    mean = config.get("mean") or getattr(visual, "image_mean", None) or _MEAN
    deviation = config.get("std") or getattr(visual, "image_std", None) or _DEVIATION
    return mean, deviation
