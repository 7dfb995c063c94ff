"""A document in the formats asked for: what reports of that form share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from t2ibench.errors import unknown_name
from t2ibench_reports import _document_text
from t2ibench_reports._document import Document


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
        UserError: a format is unknown.
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
        files[f"{document.name}.{name}"] = makers[name]().encode()
    return files


def _page(document: Document) -> str:
    from t2ibench_reports._document_html import page

    return page(document)
