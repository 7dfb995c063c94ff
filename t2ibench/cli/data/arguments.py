"""Arguments that the commands of `t2ibench data` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from t2ibench.cli.options import ANY_PATH, place_options

name_argument: Final = click.argument("name")

_ROOT: Final = click.option(
    "--data-root",
    "--root",
    "root",
    type=ANY_PATH,
    help="Folder that holds the data set's files, if not the one named before.",
)


def dataset_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add NAME, --data-root, --workspace and --config, given to the command as `name`, `root` and `place`."""
    return name_argument(_ROOT(place_options()(function)))
