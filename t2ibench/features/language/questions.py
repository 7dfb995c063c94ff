"""VQAScore's judge: how sure a model that answers questions about images is that an image shows its caption."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol, Self, runtime_checkable

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, options_of
from t2ibench.features.language.transformers_folder import (
    folder_identity,
    loaded,
    model_folder,
    opening,
    transformers_for,
)

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
LAYER: Final = "answer"
_WHAT: Final = "model for questions"
_CLASSES: Final[Mapping[str, str]] = {"blip": "BlipForQuestionAnswering"}
"""Kind of model, as config.json names it -> its class in transformers."""


@runtime_checkable
class Asked(Protocol):
    """An extractor that sees every image with its caption: layer "answer" is what it makes of the two."""

    def ask(self, pixels: Tensor, captions: Sequence[Caption]) -> Mapping[str, Tensor]:
        """Return "answer", N x 1 in [0, 1], float32 on the CPU, of uint8 images N x 3 x H x W and their captions."""
        ...


class QuestionOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        folder: where the model lies, as `save_pretrained` writes one; a path, or a name below --weights-dir.
        question: that is asked, with {caption} in it.
    """

    folder: str
    question: str = 'Does this figure show "{caption}"? Please answer yes or no.'


class Questions:
    """The probability that the model's answer begins with "yes", over its whole vocabulary.

    Source: Lin et al., Evaluating Text-to-Visual Generation with Image-to-Text Generation, 2024, equation 1; theirs are
    CLIP-FlanT5 and InstructBLIP: another model is another metric. Needs the extra `captioner`.
    """

    Options: ClassVar = QuestionOptions
    layers: Mapping[str, int] = MappingProxyType({LAYER: 1})

    def __init__(self, model: Any, processor: Any, context: FeatureContext) -> None:
        self.identity = self.peek(context)
        self._model = model
        self._processor = processor
        self._question = options_of(context, QuestionOptions).question
        self._device = context.device
        self._yes = int(processor.tokenizer("yes", add_special_tokens=False)["input_ids"][0])
        if self._yes == processor.tokenizer.unk_token_id:
            raise UserError(f'The tokenizer of [features.{context.name}] knows no word "yes": its files do not fit.')

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the digests of the folder's files.

        Raises:
            UserError: the folder or transformers is missing, the folder holds another model, or the question no
                caption.
        """
        options = options_of(context, QuestionOptions)
        if "{caption}" not in options.question:
            raise UserError(f"The question in [features.{context.name}.options] needs {{caption}} in it.")
        return folder_identity(context, _folder(context), _WHAT, options.question, VERSION)

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the judge with its network on the context's device. Errors as `peek`, or files that do not fit."""
        folder, transformers = _folder(context), transformers_for(_WHAT)
        with opening(transformers, folder, _WHAT):
            model = loaded(transformers.BlipForQuestionAnswering.from_pretrained, folder)
            processor = transformers.BlipProcessor.from_pretrained(folder, local_files_only=True)
        return cls(model.to(context.device).eval().requires_grad_(False), processor, context)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Refuse: an answer needs the caption too, see `ask`."""
        raise UserError("VQAScore's judge is asked about an image and its caption; it has no features of images alone.")

    def ask(self, pixels: Tensor, captions: Sequence[Caption]) -> Mapping[str, Tensor]:
        """Return "answer", N x 1: the probability of "yes", one image at a time, so that none depends on its batch."""
        import torch

        answers = torch.zeros(len(pixels), 1)
        with torch.no_grad():
            for row, (image, caption) in enumerate(zip(pixels, captions, strict=True)):
                given = self._processor(
                    images=image.permute(1, 2, 0).cpu().numpy(),
                    text=self._question.format(caption=caption.text),
                    return_tensors="pt",
                    truncation=True,
                ).to(self._device)
                answers[row] = self._logits(given).softmax(dim=-1)[0, self._yes].float().cpu()
        return {LAYER: answers}

    def _logits(self, given: Any) -> Tensor:
        """Return the logits of the answer's first word, 1 x vocabulary: image, question, answer, as BLIP decodes."""
        import torch

        seen = self._model.vision_model(pixel_values=given["pixel_values"])[0]
        question = self._model.text_encoder(
            input_ids=given["input_ids"], attention_mask=given["attention_mask"], encoder_hidden_states=seen
        )[0]
        start = torch.full((1, 1), self._model.decoder_start_token_id, device=seen.device)
        found: Tensor = self._model.text_decoder(
            input_ids=start, encoder_hidden_states=question, encoder_attention_mask=given["attention_mask"]
        ).logits[:, -1]
        return found


def _folder(context: FeatureContext) -> Path:
    name = options_of(context, QuestionOptions).folder
    return model_folder(context, name, _CLASSES, what=_WHAT, example="Salesforce/blip-vqa-base")
