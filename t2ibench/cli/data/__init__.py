"""`t2ibench data`: fetch, make, prepare, check and show data sets; one command a file."""

from __future__ import annotations

import click

from t2ibench.cli.data import check, fetch, make, prepare, show


@click.group("data")
def command() -> None:
    """Fetch, make, prepare, check and show data sets."""


for _one in (fetch.command, make.command, prepare.command, check.command, show.command):
    command.add_command(_one)
