"""A captioner of Hugging Face's from a local folder: BLIP, BLIP-2, GIT, or a vision encoder with a decoder."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from pydantic import Field

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, digest_of_file, read_json
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, chunks, options_of

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
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
        _transformers()
        files = sorted((*folder.glob("*.json"), *folder.glob("*.txt"), *folder.glob("*.safetensors")))
        return FeatureIdentity(
            name=context.entry.plugin,
            version=VERSION,
            weights=digest_of([[path.name, digest_of_file(path)] for path in files]),
            resize="the model's own processor",
            range="the model's own processor",
            captions=f"{folder.name}, beam {options.beam}, {options.tokens} tokens at most",
        )

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the captioner with its network on the context's device.

        Raises:
            UserError: as `peek`, or the folder's files do not fit together.
        """
        import torch
        from safetensors import SafetensorError

        folder = _folder(context)
        transformers = _transformers()
        kind = _kind(folder)
        local = {"local_files_only": True}
        level = transformers.logging.get_verbosity()
        transformers.logging.set_verbosity(logging.ERROR)
        try:
            # Initial weights are overwritten at once; a caller's random numbers must not notice.
            with torch.random.fork_rng(devices=[]):
                build = getattr(transformers, _CLASSES[kind]).from_pretrained
                model, report = build(folder, use_safetensors=True, output_loading_info=True, **local)
            if lacking := sorted(report["missing_keys"]):
                raise ValueError(f"the weights lack {lacking[0]} and {len(lacking) - 1} more")
            processor = transformers.AutoImageProcessor.from_pretrained(folder, **local)
            tokenizer = transformers.AutoTokenizer.from_pretrained(folder, **local)
        except (SafetensorError, OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
            reason = " ".join(str(error).split())[:200]
            raise UserError(
                f"The captioner in {folder} cannot be opened ({reason}): bring the whole folder, with the weights as "
                ".safetensors, preprocessor_config.json and the tokenizer's files, as `save_pretrained` writes them."
            ) from error
        finally:
            transformers.logging.set_verbosity(level)
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


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise UserError(
            "A captioner from a folder needs transformers, which is not installed: `pip install 't2ibench[captioner]'`."
        ) from error
    return transformers


def _folder(context: FeatureContext) -> Path:
    """Return the model's folder.

    Raises:
        UserError: it is nowhere, or holds no captioner.
    """
    options = options_of(context, TransformersOptions)
    places = [Path(options.folder)]
    if context.weights_dir is not None:
        places.append(context.weights_dir / options.folder)
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        raise UserError(
            f"There is no folder {options.folder}: [features.{context.name}.options] in benchmarks.toml names a "
            "captioner there; download one, as Salesforce/blip-image-captioning-base, and name its parent folder with "
            "--weights-dir."
        )
    if _kind(folder) not in _CLASSES:
        raise UserError(
            f"{folder} holds a model of the kind {_kind(folder)!r}, which writes no captions that are known here: "
            f"bring one of {', '.join(_CLASSES)}."
        )
    if not any(folder.glob("*.safetensors")):
        raise UserError(
            f"{folder} has no weights as .safetensors: bring a captioner saved so (`save_pretrained` does); other "
            "forms are programs and are not opened."
        )
    return folder


def _kind(folder: Path) -> str:
    path = folder / "config.json"
    if not path.is_file():
        raise UserError(
            f"{folder} has no config.json: name the folder of a captioner, as `save_pretrained` writes one."
        )
    content = read_json(path, what="the captioner's description")
    return str(content.get("model_type", "")) if isinstance(content, Mapping) else ""
