"""What extractors share that read how a simulated image came about, and judge it with networks of the package."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench_simulations.networks.packaged import PackagedExtractor

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.features.context import FeatureContext

VERSION: Final = 1


class DrawnInsides:
    """Base of readers of a model's trace (see `features.insides.LooksInside`); they see nothing in images alone.

    Attributes:
        judges: the classes of the networks it reads images with.

    Args:
        identity: by the weights of all its networks together.
        opened: the networks, in the order of `judges`.
    """

    reads_model: ClassVar[bool] = True
    judges: ClassVar[tuple[type[PackagedExtractor], ...]] = ()
    layers: Mapping[str, int]

    def __init__(self, identity: FeatureIdentity, *opened: Any) -> None:
        self.identity = identity
        self._opened = opened

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity. Raises UserError: weights are missing."""
        weights = digest_of([judge.peek(context).weights for judge in cls.judges])
        return FeatureIdentity(context.entry.plugin, VERSION, weights, "bilinear-antialias 64", "[-1, 1]", "stand-in")

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor. Raises UserError: weights are missing or damaged."""
        return cls(cls.peek(context), *(judge.open(context) for judge in cls.judges))

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Raise a UserError: an image does not tell how it came about."""
        raise UserError("What goes on inside a model cannot be seen in its images.")


def bytes_of(images: Tensor) -> Tensor:
    """Return uint8 images, as a file would hold them, of images in [-1, 1]."""
    import torch

    return ((images.float().cpu() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
