"""`t2ibench data`: make, prepare, check and show data sets; one command a file."""

from __future__ import annotations

import click

from t2ibench.cli.data import check, make, prepare, show


@click.group("data")
def command() -> None:
    """Make, prepare, check and show data sets."""


for _one in (make.command, prepare.command, check.command, show.command):
    command.add_command(_one)
