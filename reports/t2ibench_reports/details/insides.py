"""How a row's images came about: the stages, maps, gates and canvases that its evaluation kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from t2ibench_reports.details.details import details_of
from t2ibench_reports.details.rows import details_of as words_on
from t2ibench_reports.rendering.document import Inside, View
from t2ibench_reports.rendering.images import Tile, cut
from t2ibench_reports.table.format import clean
from t2ibench_reports.table.tables import Row
from t2ibench_reports.texts import TEXTS

HOW_TO_LOOK: str = TEXTS["insides"]["how_to_look"]


def insides_of(row: Row, folder: Path) -> tuple[Inside, ...]:
    """Return an Inside a caption; empty for rows that show nothing or whose files cannot be read.

    Args:
        row: of a table.
        folder: of the details.
    """
    details = details_of(row, folder)
    inside = details.part("inside") if details else {}
    try:
        seen = list(inside["seen"])
        labels = [clean(str(label)) for one in seen for view in one["views"] for label in view.get("labels", ())]
        tiles = list(cut(folder, inside["image"], labels))
        if len(tiles) != len(labels):
            return ()
        found = []
        for one in seen:
            views = [_view(view, tiles) for view in one["views"]]
            title = " · ".join(filter(None, (row.label, words_on(row))))
            found.append(Inside(title, clean(str(one["caption"])), tuple(views)))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()
    return tuple(found)


def _view(view: Mapping[str, Any], tiles: list[Tile]) -> View:
    """Return a view, taking its tiles from the front of those left."""
    count = len(view.get("labels", ()))
    mine, tiles[:count] = tuple(tiles[:count]), []
    bars: Sequence[Any] = view.get("bars", ())
    words = tuple(
        (clean(str(word)), min(max(float(share), 0.0), 1.0), f"{100 * float(share):.0f}%") for word, share in bars
    )
    return View(clean(str(view["title"])), mine, words)
