"""Options that several commands share."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import click

from t2ibench.core.errors import UserError
from t2ibench.core.machine.arithmetic import Arithmetic, precision_named
from t2ibench.core.machine.workers import Workers
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace

Function = TypeVar("Function", bound=Callable[..., Any])

FILE: Final = click.Path(path_type=Path, dir_okay=False)
FOLDER: Final = click.Path(path_type=Path, file_okay=False)
ANY_PATH: Final = click.Path(path_type=Path)
COUNT: Final = click.IntRange(min=1)


class NameList(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.3 only
    """Names separated by commas, as in "attngan,stackgan_v2"."""

    name = "names"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the names as a tuple without empty ones."""
        if isinstance(value, tuple):
            return value
        return tuple(part.strip() for part in str(value).split(",") if part.strip())


class NumberList(NameList):
    """Whole numbers separated by commas.

    Args:
        example: of some, as in "0,1,2".
        least: the least that one may be.
        most: the greatest.
    """

    name = "numbers"

    def __init__(self, example: str, least: int = 0, most: float = math.inf) -> None:
        self._example, self._least, self._most = example, least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the numbers as a tuple. Raises UserError: one is none, or is too small or too large."""
        if isinstance(value, tuple):
            return value
        words = super().convert(value, param, ctx)
        if bad := [one for one in words if not (one.isdecimal() and self._least <= int(one) <= self._most)]:
            option = param.opts[0] if param else "This"
            reach = f" from {self._least} to {self._most}" if self._most < math.inf else ""
            raise UserError(
                f"{option} wants whole numbers{reach} separated by commas, as in {self._example}; found {bad[0]!r}."
            )
        return tuple(map(int, words))


class ListOption(click.Option):
    """An option of names or numbers separated by commas; one given more than once is all of them together."""

    def __init__(self, names: Sequence[str], **given: Any) -> None:
        super().__init__(names, **{"type": NameList(), "default": (), **given}, multiple=True)

    def type_cast_value(self, ctx: click.Context, value: Any) -> Any:
        """Return the tuple of all that was given; None only where that is the default."""
        return value if value is None else tuple(chain.from_iterable(super().type_cast_value(ctx, value)))


list_option: Final = functools.partial(click.option, cls=ListOption)


def arithmetic_options(function: Function) -> Function:
    """Add --precision and --compile, given to the command as `arithmetic: Arithmetic`."""

    @functools.wraps(function)
    def with_arithmetic(*args: Any, precision: str, compiled: bool, **kwargs: Any) -> Any:
        return function(*args, arithmetic=Arithmetic(precision, compiled), **kwargs)

    precision = click.option(
        "--precision",
        callback=lambda ctx, param, value: precision_named(value),
        default="32",
        show_default=True,
        metavar="32|bf16",
        help="Of the model's arithmetic (bf16 is mixed: weights stay 32 bits); part of the identity.",
    )
    compiled = click.option(
        "--compile", "compiled", is_flag=True, help="Let torch.compile make the model's kernels; part of the identity."
    )
    return cast(Function, precision(compiled(with_arithmetic)))


workspace_option: Final = click.option(
    "--workspace",
    type=FOLDER,
    callback=lambda ctx, param, value: Workspace.at(value),
    show_default="./workspace",
    help="Folder that everything is written to.",
)
"""Gives the command `workspace: Workspace`."""


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
        type=FILE,
        callback=lambda ctx, param, value: load_benchmarks(value),
        show_default="benchmarks.toml here or above, else the packaged one",
        help="The benchmarks.toml to use.",
    )(cast(Function, with_own))


weights_option: Final = click.option(
    "--weights-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    help="Folder with weights files that cannot be shipped (Inception).",
)
json_option: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
seed_option: Final = click.option("--seed", type=click.IntRange(min=0), help="Seed; the default is the spec's own.")
metrics_option: Final = list_option(
    "--metrics", "--metric", help="Columns of benchmarks.toml.  [default: the protocol's]"
)
dry_run_option: Final = click.option(
    "--dry-run", is_flag=True, help="Print the resolved spec as JSON and stop before anything is computed."
)


def measured_options(function: Function) -> Function:
    """Add --data, --protocol and --samples, given as `datasets`, `protocol` and `samples`: what is measured on."""
    for option in (
        click.option("--samples", type=click.IntRange(min=0), help="Images a row; 0: every caption once."),
        click.option("--protocol", help="Protocol of benchmarks.toml.  [default: the data set's own]"),
        list_option(
            "--data",
            "datasets",
            help="Data sets.  [default: every prepared one that all models were trained on, or a table for each that "
            "some were]",
        ),
    ):
        function = option(function)
    return function


_PLACE_OPTIONS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "device": click.option(
        "--device", default="auto", show_default=True, metavar="auto|cpu|cuda[:N]|mps", help="Where to compute."
    ),
    "threads": click.option("--threads", type=COUNT, help="Threads torch computes with on the CPU."),
    "batch_size": click.option(
        "--batch-size",
        type=COUNT,
        default=50,
        show_default=True,
        help="Images a GPU makes at once. On a CPU it changes no number.",
    ),
    "data_root": click.option(
        "--data-root", type=ANY_PATH, help="Folder that holds the data set's files, if not the workspace's own."
    ),
    "weights_dir": weights_option,
    "download": click.option(
        "--download-weights", "download", is_flag=True, help="Fetch missing weights files from their source."
    ),
    "workers": click.option(
        "--workers",
        type=COUNT,
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
