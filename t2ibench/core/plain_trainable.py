"""What most plug-ins that learn answer alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from t2ibench.core.types import Phase

if TYPE_CHECKING:
    from torch.nn import Module


class _Parametrised(Protocol):
    parameters: Any


class PlainTrainable:
    """Base of plug-ins that need no encoder and learn with all their networks in one phase (see `Trainable`).

    An EMA is that of the network "generator", where the parameters have an `ema_decay`.
    """

    @classmethod
    def requirements(cls, parameters: Any) -> tuple[str, ...]:
        """Return the encoders it needs: none."""
        return ()

    def networks(self: Any) -> Mapping[str, Module]:
        """Return what is exported: all of it learns."""
        found: Mapping[str, Module] = self.exported()
        return found

    def frozen_networks(self) -> Mapping[str, Module]:
        """Return nothing: all networks learn."""
        return {}

    def curriculum(self) -> Sequence[Phase]:
        """Return one phase."""
        return (Phase(),)

    def ema(self: _Parametrised) -> Mapping[str, float]:
        """Return the generator's decay; nothing where no EMA is asked for, or can be."""
        decay = getattr(self.parameters, "ema_decay", 0.0)
        return {"generator": decay} if decay else {}
