"""The leaderboard: every number with its identity, its interval, its origin and its control rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, ClassVar

from t2ibench.core.errors import UserError, unknown_name
from t2ibench_reports import _data_files, _latex, _plain
from t2ibench_reports._tables import Leaderboard as Table
from t2ibench_reports._tables import build

if TYPE_CHECKING:
    from t2ibench.core.interfaces import ReportInput

_TEXT_FORMATS: Mapping[str, Callable[[Table], str]] = {
    "csv": _data_files.comma_separated,
    "md": _plain.markdown,
    "tex": _latex.latex,
    "json": _data_files.json_text,
    "txt": _plain.terminal,
}


class Leaderboard:
    """Who is better, by how much, and whether the difference is real."""

    name: ClassVar[str] = "leaderboard"
    formats: ClassVar[tuple[str, ...]] = ("html", *_TEXT_FORMATS)
    default_formats: ClassVar[tuple[str, ...]] = ("html", "csv", "md", "tex", "json")

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return leaderboard.<format> -> content for each format asked for.

        Raises:
            UserError: there are no records, or a format is unknown.
        """
        if not given.records:
            reason = f" ({given.faults[0]})" if given.faults else ""
            raise UserError(
                f"There are no results to report{reason}. `t2ibench quickstart` makes some in about ten minutes; "
                "`t2ibench eval --models attngan --data simbirds` measures a trained model."
            )
        # Faults name a file by its whole path; the page must be the same wherever the results folder lies.
        folder = f"{given.images.parent}/"
        table = build(given.records, [fault.replace(folder, "") for fault in given.faults])
        files = {}
        for name in given.formats:
            if name not in self.formats:
                raise unknown_name("format of the leaderboard", name, self.formats)
            files[f"leaderboard.{name}"] = self._text(name, table, given).encode()
        return files

    def _text(self, name: str, table: Table, given: ReportInput) -> str:
        if name in _TEXT_FORMATS:
            return _TEXT_FORMATS[name](table)
        from t2ibench_reports._html import page

        return page(table, given.images)
