"""A document in the formats asked for: the one renderer of all reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from t2ibench.core.errors import UserError, unknown_name
from t2ibench_reports.rendering.document import Document

if TYPE_CHECKING:
    from pandas import DataFrame

FIGURES = ("svg", "png", "pdf")
"""Formats of a document's drawings alone, for documents with `no_figure`."""


class TableReport:
    """Base of reports whose tables are to be had in every format of text."""

    formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "tex", "json", "txt")
    default_formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "tex", "json")


def rendered(
    document: Document,
    wanted: Sequence[str],
    offered: Sequence[str],
    values: Callable[[], DataFrame] | None = None,
    further: Callable[[], Mapping[str, Any]] = dict,
) -> Mapping[str, bytes]:
    """Return <report>.<format> -> content.

    Args:
        document: the report.
        wanted: formats asked for.
        offered: formats the report has.
        values: makes the frame of its CSV and JSON; needed where it offers them.
        further: makes what its JSON holds beside the values and records.

    Raises:
        UserError: a format is unknown, or a figure of a report is asked for that has nothing to draw.
    """
    for name in wanted:
        if name not in offered:
            raise unknown_name(f"format of the report {document.name}", name, offered)
    return {f"{document.name}.{name}": _content(document, name, wanted, values, further) for name in wanted}


def _content(
    document: Document,
    name: str,
    wanted: Sequence[str],
    values: Callable[[], DataFrame] | None,
    further: Callable[[], Mapping[str, Any]],
) -> bytes:
    from t2ibench_reports.rendering import data, latex, text

    if name in FIGURES:
        return _drawn(document, name)
    if name == "html":
        from t2ibench_reports.rendering.page import page

        return page(document).encode()
    if name in ("csv", "json"):
        assert values is not None
        frame = values()
        if name == "csv":
            return data.comma_separated(frame).encode()
        return data.json_text(document, frame, further()).encode()
    if name == "md":
        return text.markdown(document, figure="svg" in wanted).encode()
    return {"tex": latex.latex, "txt": text.terminal}[name](document).encode()


def _drawn(document: Document, name: str) -> bytes:
    from t2ibench_reports.rendering.figures import figure_file

    content = figure_file(document, name)
    if content is None:
        raise UserError(document.no_figure)
    return content
