"""Options that several commands share."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from t2ibench.core.errors import UserError
from t2ibench.core.machine.arithmetic import Arithmetic, precision_named
from t2ibench.core.machine.workers import Workers
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import LoadedBenchmarks, load_benchmarks
from t2ibench.core.workspace import Workspace

Function = TypeVar("Function", bound=Callable[..., Any])


class WorkspaceType(click.Path):
    """A folder, turned into a Workspace."""

    name = "workspace"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the Workspace of a path."""
        return value if isinstance(value, Workspace) else Workspace.at(Path(str(super().convert(value, param, ctx))))


class BenchmarksType(click.Path):
    """A benchmarks.toml, read and checked."""

    name = "benchmarks"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the content of the file."""
        if isinstance(value, LoadedBenchmarks):
            return value
        return load_benchmarks(Path(str(super().convert(value, param, ctx))))


class NameList(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """Names separated by commas, as in "attngan,stackgan_v2"."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the names as a tuple without empty ones."""
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class SeedList(NameList):
    """Whole numbers separated by commas, as in "0,1,2"."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the numbers as a tuple. Raises UserError: one is none."""
        seeds = super().convert(value, param, ctx)
        if bad := [one for one in seeds if not str(one).isdecimal()]:
            raise UserError(f"--seeds wants whole numbers separated by commas, as in 0,1,2; found {bad[0]!r}.")
        return tuple(int(one) for one in seeds)


class Precision(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """A precision by its full name or a short one."""

    name = "precision"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the full name. Errors as `precision_named`."""
        return precision_named(str(value))


def arithmetic_options(function: Function) -> Function:
    """Add --precision and --compile, given to the command as `arithmetic: Arithmetic`."""

    @functools.wraps(function)
    def with_arithmetic(*args: Any, precision: str, compiled: bool, **kwargs: Any) -> Any:
        return function(*args, arithmetic=Arithmetic(precision, compiled), **kwargs)

    precision = click.option(
        "--precision",
        type=Precision(),
        default="32",
        show_default=True,
        metavar="32|bf16",
        help="Of the model's arithmetic (bf16 is mixed: weights stay 32 bits); part of the identity.",
    )
    compiled = click.option(
        "--compile", "compiled", is_flag=True, help="Let torch.compile make the model's kernels; part of the identity."
    )
    return cast(Function, precision(compiled(with_arithmetic)))


def workspace_option(function: Function) -> Function:
    """Add --workspace, given to the command as `workspace: Workspace`."""
    return click.option(
        "--workspace",
        type=WorkspaceType(file_okay=False),
        default=lambda: Workspace.at(),
        show_default="./workspace",
        help="Folder that everything is written to.",
    )(function)


def config_option(function: Function) -> Function:
    """Add --config, given to the command as `benchmarks: LoadedBenchmarks`.

    Where the command has a workspace, the data sets that the user named there are among them.
    """

    @functools.wraps(function)
    def with_own(*args: Any, **kwargs: Any) -> Any:
        workspace, benchmarks = kwargs.get("workspace"), kwargs["benchmarks"]
        if isinstance(workspace, Workspace) and workspace.data.is_dir():
            from t2ibench.data.own_datasets import with_own_datasets

            content = with_own_datasets(benchmarks.content, workspace)
            kwargs["benchmarks"] = dataclasses.replace(benchmarks, content=content)
        return function(*args, **kwargs)

    return click.option(
        "--config",
        "benchmarks",
        type=BenchmarksType(dir_okay=False),
        default=lambda: load_benchmarks(),
        show_default="benchmarks.toml here or above, else the packaged one",
        help="The benchmarks.toml to use.",
    )(cast(Function, with_own))


def seed_option(function: Function) -> Function:
    """Add --seed, given to the command as `seed: int | None`."""
    return click.option(
        "--seed", type=click.IntRange(min=0), default=None, help="Seed; the default is the spec's own."
    )(function)


def measured_options(function: Function) -> Function:
    """Add --data, --protocol and --samples, given as `datasets`, `protocol` and `samples`: what is measured on."""
    for option in (
        click.option(
            "--samples", type=click.IntRange(min=0), default=None, help="Images a row; 0: every caption once."
        ),
        click.option("--protocol", default=None, help="Protocol of benchmarks.toml.  [default: the data set's own]"),
        click.option(
            "--data",
            "datasets",
            type=NameList(),
            default=(),
            help="Data sets.  [default: every prepared one that all models were trained on, or a table for each that "
            "some were]",
        ),
    ):
        function = option(function)
    return function


def dry_run_option(function: Function) -> Function:
    """Add --dry-run, given to the command as `dry_run: bool`."""
    return click.option(
        "--dry-run", is_flag=True, help="Print the resolved spec as JSON and stop before anything is computed."
    )(function)


_PLACE_OPTIONS: Mapping[str, Callable[[Any], Any]] = {
    "device": click.option(
        "--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps", help="Where to compute."
    ),
    "threads": click.option(
        "--threads", type=click.IntRange(min=1), default=None, help="Threads torch computes with on the CPU."
    ),
    "batch_size": click.option(
        "--batch-size",
        type=click.IntRange(min=1),
        default=50,
        show_default=True,
        help="Images a GPU makes at once. On a CPU it changes no number.",
    ),
    "data_root": click.option(
        "--data-root",
        type=click.Path(path_type=Path),
        default=None,
        help="Folder that holds the data set's files, if not the workspace's own.",
    ),
    "weights_dir": click.option(
        "--weights-dir",
        type=click.Path(path_type=Path, file_okay=False, exists=True),
        default=None,
        help="Folder with weights files that cannot be shipped (Inception).",
    ),
    "download": click.option(
        "--download-weights", "download", is_flag=True, help="Fetch missing weights files from their source."
    ),
    "workers": click.option(
        "--workers",
        type=click.IntRange(min=1),
        default=1,
        show_default=True,
        help="Processes that evaluate; torchrun and srun start their own. Changes no number.",
    ),
}
"""Field of `Place` -> its option."""


def place_options(*fields: str) -> Callable[[Function], Function]:
    """Add --config, --workspace and the options of further fields of a place, given as `place: Place`.

    "config" gives a command the path of its benchmarks.toml besides.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def placed(**given: Any) -> Any:
            loaded = given.pop("benchmarks")
            own = {name: given.pop(name) for name in fields if name in _PLACE_OPTIONS}
            if "workers" in fields:
                own["workers"] = Workers.asked(own["workers"])
            if "config" in fields:
                given["config"] = loaded.path
            return function(place=Place(loaded.content, given.pop("workspace"), **own), **given)

        options = [_PLACE_OPTIONS[name] for name in fields if name in _PLACE_OPTIONS]
        made: Any = placed
        for option in reversed(options):
            made = option(made)
        return cast(Function, config_option(workspace_option(made)))

    return decorate
