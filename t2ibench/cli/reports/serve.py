"""`t2ibench serve`: the reports in a browser, brought up to date as results come in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import click

from t2ibench.cli.options import workspace_option
from t2ibench.core.errors import UserError
from t2ibench.core.records import COMPARISONS, DETAILS, PROBES, RECORDS, VALIDITY, Results
from t2ibench.core.workspace import Workspace


@click.command("serve")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8642, show_default=True, help="Port to listen on; 0: any free one."
)
@click.option("--open/--no-open", "opened", default=False, help="Show the first page in a browser.")
@workspace_option
def command(port: int, opened: bool, workspace: Workspace) -> None:
    """Show the reports folder on 127.0.0.1 until Ctrl-C.

    While a page is open, reports are rendered again when results have changed, and what is shown follows. Only this
    machine can reach it, and only files of the reports folder.
    """
    from t2ibench.studies.report_server import ReportServer

    server = ReportServer(workspace.reports, port=port, rebuild=rebuilder(workspace))
    click.echo(f"The reports of {workspace.root} are at {server.address} (Ctrl-C ends this).")
    if opened:
        click.launch(server.address)
    try:
        server.serve()
    except KeyboardInterrupt:
        click.echo(f"Stopped; the pages stay in {workspace.reports}.")
    finally:
        server.close()


def rebuilder(workspace: Workspace) -> Callable[[], None]:
    """Return what renders the reports that are older than the results, the leaderboard first.

    Where the results change meanwhile, it stops: its next call begins anew.
    """
    done: list[tuple[int, ...]] = []

    def rebuild() -> None:
        now = _stamp(workspace)
        if not now or done == [now]:
            return
        from t2ibench.cli.reports.report import load_report, report_folder, write_report

        for name, subjects in wanted_reports(workspace):
            if _stamp(workspace) != now:
                return
            page = report_folder(workspace, name, subjects) / f"{name}.html"
            if page.is_file() and page.stat().st_mtime_ns > max(now[::2]):
                continue
            try:
                write_report(load_report(name), workspace, printed="none", subjects=subjects)
            except UserError:
                continue  # there is nothing to report under that name yet
        done[:] = [now]

    return rebuild


def wanted_reports(workspace: Workspace) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield (report, subjects): the reports on everything, those on each model, and the comparisons that were made."""
    from t2ibench.core.types import Origin

    results = Results(workspace.results)
    yield from ((name, ()) for name in ("leaderboard", "components", "gallery", "probe"))
    latest, _ = results.latest()
    models: dict[str, None] = {}
    for record in latest.values():
        source = record.source
        if source.origin in (Origin.RETRAINED, Origin.OFFICIAL_WEIGHTS, Origin.EXTERNAL_IMAGES):
            variant = f":{source.variant}" if source.variant and ":" not in source.name else ""
            models.setdefault(f"{source.name}{variant}")
    yield from (("model", (name,)) for name in models)
    pairs: dict[tuple[str, str], None] = {}
    for comparison in results.comparisons():
        rows = [comparison.get(resolution) for resolution in ("first", "second")]
        names = [row.get("name") if isinstance(row, dict) else None for row in rows]
        if all(isinstance(name, str) for name in names):
            pairs.setdefault((str(names[0]), str(names[1])))
    yield from (("compare", pair) for pair in pairs)


def _stamp(workspace: Workspace) -> tuple[int, ...]:
    """Return (time of change, size) of each file of the results that is there: they change when the results do."""
    found: list[int] = []
    for name in (RECORDS, COMPARISONS, DETAILS, PROBES, VALIDITY):
        path = workspace.results / name
        if path.exists():
            told = path.stat()
            found += [told.st_mtime_ns, told.st_size]
    return tuple(found)
