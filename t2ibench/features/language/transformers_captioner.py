"""A captioner of Hugging Face's from a local folder: BLIP, BLIP-2, GIT, or a vision encoder with a decoder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from pydantic import Field

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, chunks, options_of
from t2ibench.features.language.transformers_folder import (
    folder_identity,
    kind_of,
    loaded,
    model_folder,
    opening,
    transformers_for,
)

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
_WHAT: Final = "captioner"
_CLASSES: Final[Mapping[str, str]] = {
    "blip": "BlipForConditionalGeneration",
    "blip-2": "Blip2ForConditionalGeneration",
    "git": "GitForCausalLM",
    "vision-encoder-decoder": "VisionEncoderDecoderModel",
}
"""Kind of model, as config.json names it -> its class in transformers."""


class TransformersOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        folder: where the model lies, as `save_pretrained` writes one; a relative path is looked for in the working
            directory, then in the folder that --weights-dir names.
        beam: sentences that the search follows; 1 is greedy.
        tokens: of a sentence at most.
    """

    folder: str
    beam: int = Field(default=3, ge=1)
    tokens: int = Field(default=30, ge=1)


class TransformersCaptioner:
    """Says what an image shows with a model that the user brings; nothing is fetched and no code of its is run.

    Weights are .safetensors only: a pickle from outside is a program. Needs the extra `captioner`.
    """

    Options: ClassVar = TransformersOptions

    def __init__(self, model: Any, processor: Any, tokenizer: Any, context: FeatureContext) -> None:
        self.identity = self.peek(context)
        self._model = model
        self._processor = processor
        self._tokenizer = tokenizer
        self._options = options_of(context, TransformersOptions)
        self._device = context.device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the digests of the folder's files, without building a network.

        Raises:
            UserError: the folder or transformers is missing, or the folder holds no model that writes captions.
        """
        options = options_of(context, TransformersOptions)
        folder = _folder(context)
        how = f"{folder.name}, beam {options.beam}, {options.tokens} tokens at most"
        return folder_identity(context, folder, _WHAT, how, VERSION)

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the captioner with its network on the context's device.

        Raises:
            UserError: as `peek`, or the folder's files do not fit together.
        """
        folder = _folder(context)
        transformers = transformers_for(_WHAT)
        own = {"local_files_only": True, "trust_remote_code": False}  # asked for nothing, a folder's program is refused
        with opening(transformers, folder, _WHAT):
            model = loaded(getattr(transformers, _CLASSES[kind_of(folder, _WHAT)]).from_pretrained, folder)
            processor = transformers.AutoImageProcessor.from_pretrained(folder, **own)
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **own)
        return cls(model.to(context.device).eval().requires_grad_(False), processor, tokenizer, context)

    def caption(self, pixels: Tensor) -> list[str]:
        """Return a sentence an image: beam search, nothing is drawn by luck.

        Args:
            pixels: uint8, N x 3 x H x W.
        """
        import torch

        said: list[str] = []
        with torch.no_grad():
            for part in chunks(pixels, self._device):
                rows = list(part.permute(0, 2, 3, 1).cpu().numpy())
                seen = self._processor(images=rows, return_tensors="pt")["pixel_values"].to(self._device)
                found = self._model.generate(
                    pixel_values=seen,
                    do_sample=False,
                    num_beams=self._options.beam,
                    max_new_tokens=self._options.tokens,
                )
                said += [one.strip() for one in self._tokenizer.batch_decode(found, skip_special_tokens=True)]
        return said


def _folder(context: FeatureContext) -> Path:
    """Return the model's folder. Errors as `model_folder`."""
    name = options_of(context, TransformersOptions).folder
    return model_folder(context, name, _CLASSES, what=_WHAT, example="Salesforce/blip-image-captioning-base")
