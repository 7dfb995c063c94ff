"""Feature extractors that see how a model makes an image, not only the image: attention, gates, stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.types import Caption, Trace


@runtime_checkable
class LooksInside(Protocol):
    """An extractor whose layers are read off what models show while they draw.

    Attributes:
        reads_model: True: the evaluator asks the model, and rows that are no model have no number.
    """

    reads_model: ClassVar[bool]

    def look(self, captions: Sequence[Caption], images: Tensor, trace: Trace, again: Trace) -> Mapping[str, Tensor]:
        """Return layer -> float32 N x d on the CPU.

        Args:
            captions: N of them.
            images: N x 3 x H x W in [-1, 1].
            trace: what the model showed; of N images or more, of which the first N count.
            again: likewise, of the same captions with other noise.
        """
