"""What encoders have in common that look sentences up, or hash them, and learn nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from t2ibench.core.types import Caption

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


class LookUp(ABC):
    """Base of encoders without a network of their own.

    Attributes:
        parameters: with `dimension`, numbers a sentence.
    """

    parameters: Any

    @classmethod
    def requirements(cls, parameters: Any) -> tuple[str, ...]:
        """Return no encoders: this is one."""
        return ()

    @property
    def dimension(self) -> int:
        """Numbers a sentence."""
        dimension: int = self.parameters.dimension
        return dimension

    def exported(self) -> Mapping[str, Module]:
        """Return no networks: files stay where they are, their digests are among the parameters."""
        return {}

    def sentences(self, captions: Sequence[Caption]) -> Tensor:
        """Return the captions' vectors, float32, N x D, on the CPU.

        Raises:
            UserError: a caption has no vector; or a file is missing, damaged or not that of training.
        """
        import torch

        rows = self._rows(captions)
        return torch.from_numpy(np.stack(rows)) if rows else torch.zeros(0, self.dimension)

    @abstractmethod
    def _rows(self, captions: Sequence[Caption]) -> list[np.ndarray]:
        """Return float32 D a caption. Errors as `sentences`."""
