"""`t2ibench report`: render a report from the results folder."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from t2ibench.cli.options import FOLDER, list_option, workspace_option
from t2ibench.core.errors import UserError, require_known
from t2ibench.core.files import write_bytes
from t2ibench.core.interfaces import Report, ReportInput
from t2ibench.core.records import ResultRecord, Results
from t2ibench.core.registry import registry
from t2ibench.core.workspace import Workspace

_IMAGES = ("png", "pdf")
"""Formats that are no text."""


@click.command("report")
@click.argument("name", default="leaderboard")
@click.argument("subjects", nargs=-1, metavar="[ROW]...")
@click.option("--data", default="", metavar="NAME", help="Only results on this data set.")
@click.option("--protocol", default="", metavar="NAME", help="Only results under this protocol.")
@list_option("--format", "formats", help="Formats to write, as in html,csv.")
@click.option("-o", "--output", type=FOLDER, help="Folder to write to, if not the workspace's own.")
@click.option(
    "--print", "printed", default="txt", show_default=True, help="Format to print on stdout; none for nothing."
)
@click.option("--open/--no-open", "opened", default=False, help="Show the page in a browser.")
@workspace_option
def command(name: str, opened: bool, workspace: Workspace, **asked: Any) -> None:
    """Render the report NAME from the results, and from nothing else.

    leaderboard (the default), components, gallery, previous (what papers print), probe, metric-validity, compare A B,
    model NAME, and what other packages bring. A row is named as in tables, as in attngan:no-attention, with @ and the
    first digits of its weights where there are several.

    The table goes to stdout, the paths of the files written to stderr.
    """
    paths = show_report(load_report(name), workspace, **asked)
    if opened:
        pages = [path for path in paths if path.suffix == ".html"]
        if not pages:
            raise UserError("--open needs the format html: add it to --format.")
        click.launch(pages[0].as_uri())


def load_report(name: str) -> Report:
    """Return the registered report.

    Raises:
        UserError: the name is unknown, or what is registered under it is no report.
    """
    report = registry("reports")[name]()
    if not isinstance(report, Report):
        raise UserError(f"{name!r} is registered as a report, but lacks what t2ibench.core.interfaces.Report asks for.")
    return report


def show_report(report: Report, workspace: Workspace, **asked: Any) -> list[Path]:
    """Write a report, print its text, name its files on stderr and return them. Arguments as for `write_report`."""
    text, paths = write_report(report, workspace, **asked)
    click.echo(text, nl=False)
    _tell_written(paths)
    return paths


def write_report(
    report: Report,
    workspace: Workspace,
    *,
    data: str = "",
    protocol: str = "",
    formats: Sequence[str] = (),
    output: Path | None = None,
    printed: str = "txt",
    subjects: Sequence[str] = (),
) -> tuple[str, list[Path]]:
    """Render a report, write its files and return (the text to print, the paths written).

    Args:
        report: see `load_report`.
        workspace: whose results are read; files go to its reports unless `output` is given.
        data: only results on this data set; "" for all.
        protocol: only results under this protocol; "" for all.
        formats: what to write; empty for the report's default.
        output: folder to write to.
        printed: the format to return as text, which need not be written; "none" or one the report lacks: no text.
        subjects: names of the rows that the report is about, as many as it takes.

    Raises:
        UserError: a name is unknown, or there is nothing to report.
    """
    _check_subjects(report, subjects)
    formats = tuple(dict.fromkeys(formats or report.default_formats))
    wanted = (*formats, *(() if printed in ("none", "txt") else (printed,)))
    require_known(f"format of the report {report.name}", report.formats, *wanted)
    if printed in _IMAGES:
        raise UserError(f"{printed} is an image, and stdout shows text: ask for it with --format {printed}.")
    results = Results(workspace.results)
    latest, faults = results.latest()
    records = only(only(list(latest.values()), "dataset", data), "protocol", protocol)
    shown = (printed,) if printed in report.formats else ()
    given = ReportInput(
        records,
        faults,
        results.folder / "images",
        tuple(dict.fromkeys((*formats, *shown))),
        tuple(subjects),
        results.comparisons(),
    )
    files = report.render(given)
    # A part of the results never overwrites the report on all of them.
    folder = output or report_folder(workspace, report.name, (*subjects, data, protocol))
    return _text(files, shown), _write(files, formats, folder)


def write_report_on(name: str, identity: str, workspace: Workspace, folder: Path) -> str:
    """Write the report on one study, name its files on stderr and return its text for a terminal.

    Args:
        name: of the report.
        identity: of the study within the workspace's results.
        workspace: whose results are read.
        folder: to write to.
    """
    report = load_report(name)
    formats = tuple(dict.fromkeys((*report.default_formats, "txt")))
    given = ReportInput([], [], Results(workspace.results).folder / "images", formats, (identity,))
    files = report.render(given)
    _tell_written(_write(files, [one for one in formats if one != "txt"], folder))
    return _text(files, ("txt",))


def report_folder(workspace: Workspace, name: str, parts: Sequence[str]) -> Path:
    """Return where a report on a part of the results is written, as in reports/compare/attngan/dmgan."""
    return workspace.reports.joinpath(name, *(_folder_name(part) for part in parts if part))


def _check_subjects(report: Report, subjects: Sequence[str]) -> None:
    """Refuse more or fewer names than the report is about."""
    wanted: tuple[str, ...] = tuple(getattr(report, "subjects", ()))
    if len(subjects) == len(wanted):
        return
    if not wanted:
        raise UserError(f"The report {report.name} takes no names of rows; found {' '.join(subjects)!r}.")
    asked = "one row" if len(wanted) == 1 else f"{len(wanted)} rows"
    raise UserError(
        f"The report {report.name} is about {asked}: t2ibench report {report.name} {' '.join(wanted)}. "
        "`t2ibench report leaderboard` names the rows that there are."
    )


def only(records: list[ResultRecord], field: str, wanted: str) -> list[ResultRecord]:
    """Return the records whose plan's `field` is `wanted`; all of them where nothing is wanted or none exist."""
    if not wanted or not records:
        return records
    kind = {"dataset": "data set", "protocol": "protocol"}[field]
    require_known(f"{kind} with results", {getattr(record.plan, field) for record in records}, wanted)
    return [record for record in records if getattr(record.plan, field) == wanted]


def _write(files: Mapping[str, bytes], formats: Collection[str], folder: Path) -> list[Path]:
    """Write the files of some formats and return their paths."""
    contents = {folder / name: content for name, content in files.items() if _format_of(name) in formats}
    for path, content in contents.items():
        write_bytes(path, content)
    return list(contents)


def _tell_written(paths: Sequence[Path]) -> None:
    for path in paths:
        click.echo(f"wrote {path}", err=True)


def _text(files: Mapping[str, bytes], shown: Sequence[str]) -> str:
    return "".join(content.decode() for name, content in files.items() if _format_of(name) in shown)


def _format_of(file_name: str) -> str:
    return file_name.rpartition(".")[2]


def _folder_name(name: str) -> str:
    """Return a name that cannot leave its folder."""
    return re.sub(r"[^A-Za-z0-9_.-]|^\.+", "_", name)
