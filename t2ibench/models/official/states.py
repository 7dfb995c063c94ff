"""State dicts within what a file holds: bare, or wrapped in dicts of dicts; and whose network each is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.official import ImportsOfficial, OfficialNetwork
from t2ibench.core.registry import registry

if TYPE_CHECKING:
    from torch import Tensor


_DEEPEST: Final = 4
_DATA_PARALLEL: Final = "module."


@dataclass(frozen=True)
class FoundState:
    """A state dict of a file.

    Attributes:
        place: the keys that lead to it, as in "model.netG"; "" for a bare one.
        tensors: key -> tensor, a leading "module." common to all keys taken off.
    """

    place: str
    tensors: Mapping[str, Tensor]

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Key -> shape."""
        return {key: tuple(tensor.shape) for key, tensor in self.tensors.items()}


def find_states(content: Any, path: Path) -> list[FoundState]:
    """Return the state dicts in a file's content, in its order: those of {"model": {"netG": ..., "netD": ...}} too.

    Args:
        content: as `read_official_file` returns it.
        path: the file, for errors.

    Raises:
        UserError: there is none, or one holds other things besides tensors or tensors that are not plain numbers.
    """
    found = list(_walk(content, "", path))
    if not found:
        kind = f"{len(content)} entries without tensors" if isinstance(content, Mapping) else _article(content)
        raise UserError(f"{path} holds no state dict (name -> tensor): it holds {kind}.")
    return found


def without_data_parallel(tensors: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the tensors without the "module." that DataParallel puts before all keys.

    Only if all keys have it, and only the first one: DM-GAN's discriminators have an inner "module." of their own.
    """
    if not all(key.startswith(_DATA_PARALLEL) for key in tensors):
        return tensors
    return {key.removeprefix(_DATA_PARALLEL): tensor for key, tensor in tensors.items()}


def _walk(content: Any, place: str, path: Path) -> Iterator[FoundState]:
    import torch

    if not isinstance(content, Mapping) or place.count(".") >= _DEEPEST:
        return
    tensors = {key: value for key, value in content.items() if isinstance(key, str) and isinstance(value, torch.Tensor)}
    if not tensors:
        for key, value in content.items():
            if isinstance(key, str):
                yield from _walk(value, f"{place}.{key}" if place else key, path)
        return
    where = f"{path} ({place})" if place else str(path)
    others = [key for key in content if key not in tensors]
    if others:
        shown = ", ".join(f"{key!r} ({type(content[key]).__name__})" for key in others[:3])
        raise UserError(
            f"{where} is no state dict: besides {len(tensors)} tensors it holds {len(others)} other "
            f"entr{'y' if len(others) == 1 else 'ies'}, {shown}. Name a file of weights alone."
        )
    for key, tensor in tensors.items():
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
            raise UserError(f"{where}: {key} is no plain tensor ({tensor.layout}). Name a file of plain weights.")
    yield FoundState(place, without_data_parallel(tensors))


def _article(content: Any) -> str:
    name = type(content).__name__
    return f"{'an' if name[:1].lower() in 'aeiou' else 'a'} {name}"


@dataclass(frozen=True)
class Recognised:
    """A state dict that a plug-in knows.

    Attributes:
        kind: "models" or "encoders".
        plugin: registered name.
        official: which of its networks, with the parameters that the shapes tell.
    """

    kind: str
    plugin: str
    official: OfficialNetwork

    @property
    def text(self) -> str:
        """What it is in words, as in "attngan's generator"."""
        return f"{self.plugin}'s {self.official.network}"


def recognise(shapes: Mapping[str, tuple[int, ...]], first: Iterable[tuple[str, str]] = ()) -> Recognised | None:
    """Return whose network a state dict is, None if no registered plug-in knows it.

    Args:
        shapes: official key -> shape, without wrappers and DataParallel's prefix.
        first: (kind, plug-in) to ask before all others.
    """
    every = ((kind, name) for kind in ("models", "encoders") for name in registry(kind))
    for kind, name in dict.fromkeys([*first, *every]):
        try:
            plugin = registry(kind)[name]
        except UserError:
            continue  # a broken plug-in of another package is no reason not to read this file
        if isinstance(plugin, ImportsOfficial):
            try:
                official = plugin.recognise(shapes)
            except (IndexError, KeyError, TypeError, ValueError):
                continue  # shapes of no network of its: a vector where it looks for a matrix
            if official is not None:
                return Recognised(kind, name, official)
    return None
