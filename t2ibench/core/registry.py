"""Finding plug-ins by name. Ours are found as anyone else's are: through entry points, loaded on first use.

`t2ibench list` therefore imports no model, and a package that someone installs is there without a line of ours.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final

from t2ibench.core.errors import UserError, require_known, unknown_name

KINDS: Final[Mapping[str, str]] = {
    "models": "model",
    "encoders": "encoder",
    "features": "feature extractor",
    "captioners": "captioner",
    "metrics": "metric",
    "datasets": "data set",
    "reports": "report",
    "pretrained": "set of pretrained models",
    "truths": "known truth",
    "claim_tests": "test of claims",
}
"""Plural, as in the entry-point group `t2ibench.<plural>`, to singular, as in messages."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A registered name and where it comes from.

    Attributes:
        name: what a user types.
        target: "package.module:Class".
        distribution: the installed distribution that offers it.
    """

    name: str
    target: str
    distribution: str


class Registry(Mapping[str, Any]):
    """Name -> class of one kind of plug-in. Looking a name up imports its module; listing imports nothing."""

    def __init__(self, kind: str, points: Mapping[str, EntryPoint]) -> None:
        self.kind = kind
        self._points = dict(points)
        self._added: dict[str, Any] = {}

    @classmethod
    def of(cls, kind: str) -> Registry:
        """Return the registry of a kind, filled from the installed distributions.

        Raises:
            UserError: two distributions offer one name.
        """
        points: dict[str, EntryPoint] = {}
        for point in entry_points(group=f"t2ibench.{kind}"):
            other = points.get(point.name)
            if other is not None and other.value != point.value:
                raise UserError(
                    f"Two packages offer a {KINDS[kind]} called {point.name!r}: {_owner(other)} ({other.value}) and "
                    f"{_owner(point)} ({point.value}). Uninstall one of them."
                )
            points[point.name] = point
        return cls(kind, points)

    def add(self, name: str, value: Any, *, again: bool = False) -> None:
        """Register a class from code (a notebook, a test); `again` replaces one that code registered before.

        Raises:
            UserError: the name is taken.
        """
        if name in self._points or (name in self._added and not again):
            raise UserError(f"A {KINDS[self.kind]} called {name!r} is registered already; choose another name.")
        self._added[name] = value

    def entries(self) -> list[Entry]:
        """Return what is registered, by name, without importing any of it."""
        found = [Entry(name, point.value, _owner(point)) for name, point in self._points.items()]
        found += [
            Entry(name, f"{getattr(value, '__module__', '?')}:{getattr(value, '__qualname__', value)}", "this process")
            for name, value in self._added.items()
        ]
        return sorted(found, key=lambda entry: entry.name)

    def __getitem__(self, name: str) -> Any:
        if name in self._added:
            return self._added[name]
        if name not in self._points:
            raise unknown_name(KINDS[self.kind], name, self, hint=f"`t2ibench list {self.kind}` shows them all.")
        point = self._points[name]
        try:
            return point.load()
        except (ImportError, AttributeError) as error:
            raise UserError(
                f"The {KINDS[self.kind]} {name!r} of {_owner(point)} cannot be loaded from {point.value}: {error}. "
                "Reinstall that package, or install what it is missing."
            ) from error

    def __contains__(self, name: object) -> bool:
        return name in self._points or name in self._added

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({*self._points, *self._added}))

    def __len__(self) -> int:
        return len(self._points) + len(self._added)


@functools.cache
def registry(kind: str) -> Registry:
    """Return the one registry of `kind`, a key of KINDS."""
    require_known("kind of plug-in", KINDS, kind)
    return Registry.of(kind)


def _owner(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else "an unnamed package"
