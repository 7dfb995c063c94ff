"""Arguments that the commands of `t2ibench data` share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from t2ibench.cli.options import config_option, workspace_option

name_argument: Final = click.argument("name")

root_option: Final = click.option(
    "--data-root",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder that holds the data set's files, if not the one named before.",
)


def dataset_arguments(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add NAME, --data-root, --workspace and --config."""
    return name_argument(root_option(workspace_option(config_option(function))))
