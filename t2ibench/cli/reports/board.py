"""`t2ibench board`: a public leaderboard from a folder of submissions."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import FOLDER, place_options
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place

_PLACE = ("device", "batch_size", "data_root", "weights_dir")


@click.group("board")
def command() -> None:
    """Check submissions of others and make a static site of those that pass."""


@command.command("check")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@place_options(*_PLACE)
def check(file: Path, place: Place) -> None:
    """Check the submission FILE: schema, identity, plausibility, and its sample images measured again.

    This is what a repository of submissions runs on a pull request: status 0 if the submission may be shown.
    """
    from t2ibench.studies.exchange.board import check_submission

    found = check_submission(file, place)
    click.echo(f"{found.name} by {found.by}: passed, {len(found.records)} records.")
    click.echo(f"Measured again with the same outcome: {', '.join(found.measured_again) or 'nothing'}.")
    for note in found.notes:
        click.echo(f"  {note}")


@command.command("build")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), metavar="SUBMISSIONS")
@click.option("-o", "--output", type=FOLDER, required=True, help="Site's folder.")
@place_options(*_PLACE)
def build(folder: Path, output: Path, place: Place) -> None:
    """Make a static site of the submissions in a folder that pass `board check`, and say why the others do not.

    index.html is the leaderboard; its data lie beside it as CSV and JSON, what was checked in checks.json.
    """
    from t2ibench.cli.reports.report import load_report
    from t2ibench.core.files import write_bytes, write_json
    from t2ibench.core.interfaces import ReportInput
    from t2ibench.studies.exchange.board import board_records, check_folder

    passed, refused = check_folder(folder, place)
    faults = [f"Refused: {reason}" for reason in refused.values()]
    if not passed:
        raise UserError(f"No submission in {folder} passed. {' '.join(faults)}")
    given = ReportInput(board_records(passed), faults, output / "images", ("html", "csv", "json"))
    for name, content in load_report("leaderboard").render(given).items():
        write_bytes(output / name.replace("leaderboard.html", "index.html"), content)
    checks = [
        {"file": one.name, "by": one.by, "measured_again": list(one.measured_again), "notes": list(one.notes)}
        for one in passed
    ]
    write_json(output / "checks.json", {"passed": checks, "refused": refused})
    for one in passed:
        click.echo(f"passed: {one.name} by {one.by}; measured again: {', '.join(one.measured_again) or 'nothing'}")
    for sentence in faults:
        click.echo(sentence)
    click.echo(f"wrote {output / 'index.html'}", err=True)
