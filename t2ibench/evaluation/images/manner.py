"""How one model makes its images under a protocol: which of the protocol's wishes apply to it, and what they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Self

from t2ibench.core.interfaces import BoundNoise, TextToImage
from t2ibench.core.machine.arithmetic import USUAL, Arithmetic
from t2ibench.core.spec.benchmarks import GenerationOptions
from t2ibench.models.parameters import generation_parameters
from t2ibench.text.tokenizer import tokenize

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.types import Caption, Trace
    from t2ibench.models.folder import ModelFolder

TOGETHER: Final = 50
"""Images made together by a model whose images depend on their batch, where the protocol does not say."""


@dataclass(frozen=True)
class Manner:
    """How a model makes images.

    Attributes:
        parameters: of the plug-in, set anew.
        zero_latents: latents that are 0 instead of drawn.
        together: images made together; None where that changes none of them.
        longest_first: whether captions of more words come first within a batch.
        words_maximum: words that are read of a caption at most, None for all.
        arithmetic: how its networks compute.
        notes: sentences for the record.
    """

    parameters: Mapping[str, Any] = field(default_factory=dict)
    zero_latents: tuple[str, ...] = ()
    together: int | None = None
    longest_first: bool = False
    words_maximum: int | None = None
    arithmetic: Arithmetic = USUAL
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, folder: ModelFolder, options: GenerationOptions) -> Self:
        """Return the manner of a model under a protocol.

        Raises:
            UserError: the protocol sets a parameter that belongs to the model's weights, or to a wrong value.
        """
        parameters, absent = generation_parameters(folder, options.parameters)
        effective = {**folder.parameters, **parameters}
        together, notes = options.batch_size, []
        if effective.get("official_mask") and together is None:
            together = TOGETHER
            notes.append(
                f"Its attention mask is the official one: an image depends on its batch, here of {together}; the "
                "protocol asks for no batch size."
            )
        if absent:
            notes.append(f"The protocol's {', '.join(absent)} means nothing to it: it has no such parameter.")
        if options.zero_latents:
            notes.append(
                f"The latent {', '.join(options.zero_latents)} is 0 wherever it is drawn, as the protocol says."
            )
        arithmetic = Arithmetic(options.precision, options.compiled)
        if arithmetic.words:
            notes.append(f"Its networks made the images {' and '.join(arithmetic.words)}, as was asked.")
        return cls(
            parameters=parameters,
            zero_latents=options.zero_latents,
            together=together,
            longest_first=options.batch_order == "longest-first",
            words_maximum=effective.get("words_maximum_generation"),
            arithmetic=arithmetic,
            notes=tuple(notes),
        )

    @property
    def identity(self) -> dict[str, Any]:
        """What images depend on beyond model and noise, as JSON values; empty for a model's own manner."""
        values: dict[str, Any] = self.arithmetic.identity
        if self.parameters:
            values["parameters"] = dict(self.parameters)
        if self.zero_latents:
            values["zero_latents"] = sorted(self.zero_latents)
        if self.together is not None:
            values["batch"] = [self.together, "longest-first" if self.longest_first else "plan"]
        return values

    def order(self, captions: Sequence[Caption]) -> list[int]:
        """Return the places of a batch's captions in the order in which the model is to see them."""
        places = list(range(len(captions)))
        if not self.longest_first:
            return places
        counts = [len(tokenize(caption.text)) for caption in captions]
        if self.words_maximum is not None:
            counts = [min(count, self.words_maximum) for count in counts]
        return sorted(places, key=lambda place: -counts[place])  # stable: equal ones stay in the plan's order

    def generated(
        self,
        model: TextToImage,
        captions: Sequence[Caption],
        noise: BoundNoise,
        device: str,
        trace: Trace | None = None,
    ) -> Tensor:
        """Return what a model makes in this arithmetic, N x 3 x H x W floats on its device, unchecked."""
        from t2ibench.training.engine.compilation import computing

        shown = {} if trace is None else {"trace": trace}
        with computing(self.arithmetic, device):
            return model.generate(captions, noise, **shown).detach()

    def noise(self, drawn: BoundNoise) -> BoundNoise:
        """Return the noise as the model is to have it."""
        return _WithZeros(drawn, frozenset(self.zero_latents)) if self.zero_latents else drawn


class _WithZeros:
    """Noise in which some latents are 0, their mean."""

    def __init__(self, drawn: BoundNoise, zero: frozenset[str]) -> None:
        self._drawn = drawn
        self._zero = zero

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Return N x shape: as drawn, or zeros."""
        values = self._drawn.draw(name, shape)
        return values.zero_() if name in self._zero else values
