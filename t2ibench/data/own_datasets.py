"""Data sets that a user named, and settings that a user gave one: remembered in the workspace, not in benchmarks.toml.

`workspace/data/<name>/dataset.json` says what `t2ibench data prepare` was told, so that every later command knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field, TypeAdapter, ValidationError

from t2ibench.core.errors import UserError, unknown_name
from t2ibench.core.files import read_json, write_json
from t2ibench.core.spec.benchmarks import Benchmarks, Frozen, Name, Value, describe
from t2ibench.core.spec.likeness import with_settings_like
from t2ibench.core.workspace import Workspace

FILE_NAME: Final = "dataset.json"
_NAME: Final = TypeAdapter(Name)


class DatasetSettings(Frozen):
    """What a user said of a data set.

    Attributes:
        like: the data set of benchmarks.toml whose adapter, protocol and training recipes it takes; "" for itself.
        options: of the adapter, over those of benchmarks.toml.
        partial: whether missing images may be left out.
    """

    schema_: Literal[1] = Field(default=1, alias="schema")
    like: str = ""
    options: Mapping[str, Value] = Field(default_factory=dict)
    partial: bool = False


def read_settings(workspace: Workspace, name: str) -> DatasetSettings:
    """Return what was remembered of a data set; nothing special where nothing was.

    Raises:
        UserError: the file is damaged.
    """
    path = _path(workspace, name)
    if not path.is_file():
        return DatasetSettings()
    try:
        return DatasetSettings.model_validate(read_json(path, what="the settings of a data set"))
    except ValidationError as error:
        raise UserError(
            f"{path}: {describe(error)} Delete it and ask `t2ibench data prepare {name}` again as before."
        ) from error


def write_settings(workspace: Workspace, name: str, settings: DatasetSettings) -> None:
    """Remember what a user said; what is nothing special leaves no file."""
    path = _path(workspace, name)
    if settings == DatasetSettings():
        path.unlink(missing_ok=True)
    else:
        write_json(path, settings.model_dump(mode="json", by_alias=True))


def with_own_datasets(benchmarks: Benchmarks, workspace: Workspace) -> Benchmarks:
    """Return benchmarks.toml's content with the data sets and settings that were remembered in the workspace.

    Raises:
        UserError: a remembered file is damaged, or is like a data set that benchmarks.toml does not have (any more).
    """
    for path in sorted(workspace.data.glob(f"*/{FILE_NAME}")):
        benchmarks = with_settings(benchmarks, path.parent.name, read_settings(workspace, path.parent.name))
    return benchmarks


def with_settings(benchmarks: Benchmarks, name: str, settings: DatasetSettings) -> Benchmarks:
    """Return benchmarks.toml's content with one data set added or changed. Errors as `with_own_datasets`."""
    own = name not in benchmarks.datasets
    if own and settings.like not in benchmarks.datasets:
        raise unknown_name(
            f"data set (which {name} is like)",
            settings.like,
            benchmarks.datasets,
            hint=f"Add [datasets.{settings.like}] to benchmarks.toml again, or delete the folder data/{name} of the "
            "workspace.",
        )
    base = benchmarks.datasets[settings.like if own else name]
    changed: dict[str, Any] = {"options": {**base.options, **settings.options}}
    if own:
        changed |= {"title": f"Your own, read by the adapter {base.adapter}", "splits": {}, "files": {}}
    datasets = {**benchmarks.datasets, name: base.model_copy(update=changed)}
    content = benchmarks.model_copy(update={"datasets": datasets})
    return with_settings_like(content, name, settings.like) if own else content


def checked_name(name: str) -> str:
    """Return a name for a data set.

    Raises:
        UserError: it is not of the form that names have.
    """
    try:
        return _NAME.validate_python(name)
    except ValidationError:
        raise UserError(
            f"{name!r} cannot name a data set: small letters, digits, '-', '_' and '.' can, 60 at most."
        ) from None


def _path(workspace: Workspace, name: str) -> Path:
    return workspace.data / name / FILE_NAME
