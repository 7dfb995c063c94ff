"""Whose network a state dict is: every registered plug-in that reads official files is asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from t2ibench.core.errors import UserError
from t2ibench.core.official import ImportsOfficial, OfficialNetwork
from t2ibench.core.registry import registry


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
