"""What a plug-in offers that can read the files of its official code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class OfficialNetwork:
    """A network found in a file of the official code, told by the names and shapes of its tensors.

    Attributes:
        network: its name among ours, as in "generator", "discriminator/64", "text_encoder".
        parameters: the plug-in's parameters that the shapes tell (features, branches, blocks ...).
        dataset: "cub" or "coco" where the shapes tell which configuration it is of, else "".
    """

    network: str
    parameters: Mapping[str, Any]
    dataset: str = ""


@runtime_checkable
class ImportsOfficial(Protocol):
    """A plug-in class that reads state dicts of the official code.

    A class attribute `official_licence` names the licence of the official weights where it is not that of the card.
    """

    @classmethod
    def recognise(cls, shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
        """Return which of its networks a state dict is; None if it is none of them.

        Args:
            shapes: official key -> shape, wrappers and a leading "module." common to all keys taken off already. Keys
                may be missing or too many: what gives a network away should be few keys, so that the rest can be named
                in an error.
        """
        ...

    @classmethod
    def official_state(cls, network: str, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the state under our names; the same mapping where the names agree."""
        ...


class KeepsOfficialNames:
    """A model whose networks have the parameter names of the official code."""

    @classmethod
    def official_state(cls, network: str, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return the state as it is: the official names are ours."""
        return state
