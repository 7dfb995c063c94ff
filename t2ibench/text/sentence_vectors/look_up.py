"""What encoders have in common that look sentences up, or hash them, and learn nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext
from t2ibench.core.types import Caption, ModelCard

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module


class LookUp(ABC):
    """Base of encoders without a network of their own.

    Attributes:
        CARD: title, paper and licence.
        Parameters: with `dimension`, numbers a sentence.

    Args:
        parameters: of this class's `Parameters`.
        root: the data set's folder.
    """

    CARD: ClassVar[ModelCard]
    Parameters: ClassVar[type[Any]]

    def __init__(self, parameters: Any, root: Path | None = None) -> None:
        self.parameters = parameters
        self._root = root

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper and licence."""
        return cls.CARD

    @classmethod
    def build(cls, parameters: Any, context: BuildContext) -> Self:
        """Return the encoder; a file is looked for when the first caption comes."""
        return cls(parameters, context.data_root)

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


class FileLookUp(LookUp):
    """Base of those that read files of the data set.

    Attributes:
        what: the files hold, as in "char-CNN-RNN codes".
    """

    what: ClassVar[str]

    @classmethod
    def with_files(cls, parameters: Any, root: Path) -> Any:
        """Return the parameters with the digests of the files; see `ReadsDataFiles`.

        Raises:
            UserError: a file is missing; or digests were given that are not the files'.
        """
        digests = cls._digests(parameters, root)
        if parameters.digests and dict(parameters.digests) != digests:
            raise UserError(f"The files of {cls.what} under {root} are not those whose digests were given.")
        return parameters.model_copy(update={"digests": digests})

    @property
    def _folder(self) -> Path:
        if self._root is None:
            raise UserError(
                f"This model reads {self.what} from its data set's folder, and no data set is open here. Use it "
                "through `t2ibench eval`, or give load_model the folder as data_root."
            )
        return self._root

    @classmethod
    @abstractmethod
    def _digests(cls, parameters: Any, root: Path) -> dict[str, str]:
        """Return name -> SHA-256 of the files below `root`. Raises UserError: one is missing."""
