"""`t2ibench export`: results, data sets and submissions in forms that others read; one command a file."""

from __future__ import annotations

import click

from t2ibench.cli.export import dataset, results, submission


@click.group("export")
def command() -> None:
    """Write results, data sets and submissions in forms that others read."""


for _one in (results.command, dataset.command, submission.command):
    command.add_command(_one)
