"""What lies behind a row's numbers: values by caption, inner images, curves of training; absent where not kept."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2ibench.core.files import digest_of
from t2ibench_reports.table.format import clean
from t2ibench_reports.table.tables import Row
from t2ibench_reports.texts import TEXTS

SCHEMA = 2
SHARES: str = TEXTS["details"]["shares"]


@dataclass(frozen=True)
class Details:
    """A row's details under one plan.

    Attributes:
        stem: of its files.
        captions: of the plan, in order; empty where they are not kept.
        values: metric digest -> a value a caption.
        parts: metric digest -> (name, captions that state it, images that show it).
        content: the whole file.
    """

    stem: str
    captions: tuple[str, ...]
    values: Mapping[str, Sequence[float]]
    parts: Mapping[str, Sequence[tuple[str, int, int]]]
    content: Mapping[str, Any]

    def part(self, name: str) -> Mapping[str, Any]:
        """Return a part of the content, empty where it is missing."""
        found = self.content.get(name)
        return found if isinstance(found, dict) else {}


def details_of(row: Row, folder: Path) -> Details | None:
    """Return a row's details; None where none were kept or another version wrote them."""
    stem = Path(row.image).stem
    content = _read(folder, f"{stem}.json") if stem else {}
    if content.get("schema") != SCHEMA:
        return None
    try:
        captions = _captions(folder, content["captions"])
        values = {str(key): tuple(map(float, found)) for key, found in content["values"].items()}
        parts = {
            str(key): tuple((clean(str(name)), int(named), int(shown)) for name, named, shown in found)
            for key, found in content["parts"].items()
        }
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    sound = {key: found for key, found in values.items() if len(found) == len(captions)}
    return Details(stem, captions, sound, parts, content)


def pair_of(first: Details, second: Details, folder: Path) -> tuple[Mapping[str, Any], bool] | None:
    """Return (what `t2ibench compare` kept of two rows' captions, whether it names them the other way round)."""
    for one, other, swapped in ((first, second, False), (second, first, True)):
        content = _read(folder, f"pair-{digest_of([one.stem, other.stem])[:24]}.json")
        if content.get("schema") == SCHEMA:
            return content, swapped
    return None


def places(content: Mapping[str, Any], name: str, count: int) -> tuple[int, ...]:
    """Return a list of places of captions from a details file; empty where one is no place of `count`."""
    found = content.get(name)
    if not isinstance(found, list) or not all(isinstance(one, int) and 0 <= one < count for one in found):
        return ()
    return tuple(found)


def _captions(folder: Path, name: Any) -> tuple[str, ...]:
    found = _read(folder, name).get("captions", []) if isinstance(name, str) else []
    return tuple(clean(str(one)) for one in found) if isinstance(found, list) else ()


def _read(folder: Path, name: str) -> Mapping[str, Any]:
    """Return a JSON object of the folder; empty where there is none. A name that leaves the folder is not followed."""
    if Path(name).name != name:
        return {}
    try:
        content = json.loads((folder / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
