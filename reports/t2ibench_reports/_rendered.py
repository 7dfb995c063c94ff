"""A document in the formats asked for: what reports of that form share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from t2ibench.core.errors import UserError, unknown_name
from t2ibench_reports import _document_text
from t2ibench_reports._document import Document

FIGURES = ("svg", "png")
"""Formats of a document's drawings alone, for documents with `no_figure`."""


def rendered(
    document: Document, wanted: Sequence[str], offered: Sequence[str], data: Mapping[str, Callable[[], str]]
) -> Mapping[str, bytes]:
    """Return <report>.<format> -> content.

    Args:
        document: the report.
        wanted: formats asked for.
        offered: formats the report has.
        data: format -> what makes it, for CSV and JSON.

    Raises:
        UserError: a format is unknown, or a figure of a report is asked for that has nothing to draw.
    """
    makers: dict[str, Callable[[], str]] = {
        "html": lambda: _page(document),
        "md": lambda: _document_text.markdown(document),
        "tex": lambda: _document_text.latex(document),
        "txt": lambda: _document_text.terminal(document) + "\n",
        **data,
    }
    files = {}
    for name in wanted:
        if name not in offered:
            raise unknown_name(f"format of the report {document.name}", name, offered)
        content = _drawn(document, name) if name in FIGURES else makers[name]().encode()
        files[f"{document.name}.{name}"] = content
    return files


def _page(document: Document) -> str:
    from t2ibench_reports._document_html import page

    return page(document)


def _drawn(document: Document, name: str) -> bytes:
    from t2ibench_reports._figure import figure_of
    from t2ibench_reports._figure_files import png, svg

    figure = figure_of(document)
    if figure is None:
        raise UserError(document.no_figure)
    return png(figure) if name == "png" else svg(figure)
