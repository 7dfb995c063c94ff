"""A judge that is the model itself: its bound on the likelihood of real images, given captions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final, Self

from pydantic import Field

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, options_of

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1


class LikelihoodOptions(Frozen):
    """Options of an entry.

    Attributes:
        of: what the bound is of, as in "32 x 32 RGB"; models whose bound is of anything else have no number.
        draws: of the latents, whose bounds are averaged.
        candidates: images that a caption's own is ranked among, itself one of them; 0 for no retrieval.
    """

    of: str
    draws: int = Field(default=1, ge=1)
    candidates: int = Field(default=0, ge=0)


class Likelihood:
    """Layers "bound" (N x draws, nats) and "candidates" (N x candidates, the own image's bound first).

    They are not of the images that a model makes but of real ones, so no extractor can compute them of images: the
    evaluator asks the model (`evaluation.likelihood`).
    """

    Options: ClassVar[type[LikelihoodOptions]] = LikelihoodOptions
    reads_model: ClassVar[bool] = True
    """Whether the evaluator asks the model instead of showing its images."""

    layers: Mapping[str, int]

    def __init__(self, options: LikelihoodOptions, identity: FeatureIdentity) -> None:
        self.options = options
        self.identity = identity
        self.layers = {"bound": options.draws}
        if options.candidates:
            self.layers = {**self.layers, "candidates": options.candidates}

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity, which holds the options.

        Raises:
            UserError: an option is missing or wrong.
        """
        options = options_of(context, LikelihoodOptions)
        among = f", {options.candidates} candidates" if options.candidates else ""
        return FeatureIdentity(
            name=context.entry.plugin,
            version=VERSION,
            weights="the judged model's own",
            resize=f"to {options.of}",
            range=f"{options.draws} draw{'s' if options.draws > 1 else ''}{among}",
        )

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the judge; it has no network. Errors as `peek`."""
        return cls(options_of(context, LikelihoodOptions), cls.peek(context))

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Raise a UserError: a bound is a model's, not an image's."""
        raise UserError("A likelihood bound belongs to a model: images alone have none.")
