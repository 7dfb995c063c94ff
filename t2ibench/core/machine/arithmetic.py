"""In what numbers networks compute, and whether a compiler makes their kernels: part of what is made with them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from t2ibench.core.errors import UserError, unknown_name

FULL: Final = "32-true"
MIXED: Final = "bf16-mixed"
PRECISIONS: Final = (FULL, MIXED)
"""As lightning-fabric names them."""

_NAMES: Final = {"32": FULL, FULL: FULL, "bf16": MIXED, MIXED: MIXED}
_HALF: Final = ("16", "16-mixed", "16-true", "fp16")


def precision_named(name: str) -> str:
    """Return the full name of a precision, which is part of an identity.

    Args:
        name: full or short, as in "bf16".

    Raises:
        UserError: there is no such precision, or it is too narrow to compute with as it is.
    """
    text = name.lower()
    if text in _HALF:
        raise UserError(
            f"--precision {name} is not offered: 16-bit floats leave their range, and gradients of theirs fall to 0 "
            "unless the loss is scaled, which nothing here does. Take --precision bf16, which has the range of 32 bits "
            "and needs no scaling, or 32."
        )
    if text not in _NAMES:
        raise unknown_name("precision", name, _NAMES)
    return _NAMES[text]


@dataclass(frozen=True)
class Arithmetic:
    """How a model's networks compute while they make images.

    Attributes:
        precision: one of PRECISIONS; with "bf16-mixed" weights and sums stay 32 bits.
        compiled: whether torch.compile makes the networks' kernels, which round differently.
    """

    precision: str = FULL
    compiled: bool = False

    @property
    def identity(self) -> dict[str, Any]:
        """What images depend on here, as JSON values; empty for 32 bits, not compiled."""
        values: dict[str, Any] = {} if self.precision == FULL else {"precision": self.precision}
        return {**values, "compiled": True} if self.compiled else values

    @property
    def words(self) -> tuple[str, ...]:
        """What a title says of it; nothing of 32 bits, not compiled."""
        return (*(("bf16",) if self.precision == MIXED else ()), *(("compiled",) if self.compiled else ()))


USUAL: Final = Arithmetic()
"""32 bits, not compiled."""
