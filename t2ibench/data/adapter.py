"""What a kind of data set must offer: one class, one entry point under `t2ibench.datasets`; and what all need."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.reading.file_names import normal_name, shown
from t2ibench.core.spec.benchmarks import DatasetEntry, Value
from t2ibench.data.manifest import Manifest


@runtime_checkable
class DatasetAdapter(Protocol):
    """Finds and reads the files of one data set. Built with the data set's name and its table in benchmarks.toml."""

    def __init__(self, name: str, entry: DatasetEntry) -> None: ...

    def read(self, root: Path, *, partial: bool = False) -> Manifest:
        """Return the manifest of the files under `root`, complete but for `request`, `stamp`, `made` and `home`.

        Args:
            root: folder of the files, absolute.
            partial: whether images that are missing or not usable may be left out (`Manifest.missing` names them);
                otherwise one such image is an error. Drawn data sets, which miss nothing, need not take it.

        Raises:
            MissingImagesError: images are missing and `partial` is not set.
            UserError: another file is missing (the sentence names it, its source and what to do) or damaged.
        """
        ...


@runtime_checkable
class DrawnDataset(Protocol):
    """An adapter whose images are drawn by code, so that no user has to bring them."""

    def drawing(self, settings: Mapping[str, int]) -> Mapping[str, Value]:
        """Return all that the drawn images depend on: the entry's options overridden by `settings`, and a version.

        Args:
            settings: any of images, size and seed.

        Raises:
            UserError: the entry has an option that is not known or has a wrong value.
        """
        ...

    def draw(self, root: Path, settings: Mapping[str, int], *, replace: bool) -> None:
        """Draw the data set into `root`; what is complete there already and is just this is left as it is.

        Args:
            root: the folder, missing or empty or holding an earlier drawing.
            settings: as for `drawing`.
            replace: whether an earlier drawing with other settings may be deleted; otherwise it is an error.
        """
        ...


@runtime_checkable
class MadeOfFiles(Protocol):
    """An adapter that may make its images of what a user's folder holds; they lie in the workspace, never there."""

    def place_of(self, root: Path, home: Path) -> Path:
        """Return the folder to read for `root`: that itself, or where below `home` to make the images first.

        The place made depends on the files under `root` and on the options, so that other files have another place.

        Args:
            root: folder that the user named.
            home: the data set's folder in the workspace.

        Raises:
            UserError: a file is missing, or an option does not fit.
        """
        ...

    def make(self, root: Path, place: Path) -> None:
        """Make the images of the files under `root` in `place`; what is complete there is left as it is.

        Raises:
            UserError: a file is missing or damaged.
            RunFailedError: the disk is full.
        """
        ...


class MissingImagesError(UserError):
    """Images that the metadata names are not there or not usable; `names` holds all of their ids."""

    def __init__(self, message: str, names: tuple[str, ...]) -> None:
        super().__init__(message)
        self.names = names


def missing_file(path: Path, entry: DatasetEntry, source: str, root: Path) -> UserError:
    """Return the error for a file that a user has to bring.

    Args:
        path: where it was expected.
        entry: the data set's table; its `files` know the addresses.
        source: the archive it comes in, a key of `entry.files`.
        root: the folder the user named.
    """
    known = entry.files.get(source)
    origin = f" It comes in {source} from {known.url} ({known.note})." if known else ""
    return UserError(f"{path} is missing.{origin} Put it under {root}, or name another folder with --data-root.")


def how_to_bring(name: str, entry: DatasetEntry) -> str:
    """Return a sentence that says which files a data set needs and what to do with them."""
    files = "; ".join(f"{file} from {source.url} ({source.note})" for file, source in entry.files.items())
    if files:
        return (
            f"Run `t2ibench data fetch {name}`, which fetches what it can, or fetch {files} and run "
            f"`t2ibench data prepare {name} --data-root FOLDER`, or give --data-root FOLDER here."
        )
    return f"Bring its files, then run `t2ibench data prepare {name} --data-root FOLDER` or name FOLDER here."


def checked_options(name: str, entry: DatasetEntry, defaults: Mapping[str, Value]) -> dict[str, Value]:
    """Return the adapter's options: the defaults, overridden by the data set's table.

    Raises:
        UserError: an option is not known, or its value is of another type than the default.
    """
    found = dict(defaults)
    for key, value in entry.options.items():
        what = f"option of the adapter {entry.adapter} (datasets.{name}.options)"
        require_known(what, defaults, key, hint=f"They are {', '.join(defaults)}.")
        kind = float if isinstance(defaults[key], float) else type(defaults[key])
        fits = isinstance(value, int | float) if kind is float else isinstance(value, kind)
        if not fits or isinstance(value, bool) is not isinstance(defaults[key], bool):
            raise UserError(
                f"datasets.{name}.options: {key} = {value!r} does not fit; a value like {defaults[key]!r} is expected."
            )
        found[key] = value
    return found


def chosen(name: str, option: str, value: Value, known: Collection[str]) -> str:
    """Return an option's value.

    Raises:
        UserError: it is none of `known`, with near names.
    """
    require_known(f"value of the option {option} of {name}", known, str(value))
    return str(value)


def safe_name(name: str, where: Path | str) -> str:
    """Return a relative file name that metadata gives, in its one form; see `normal_name`.

    Args:
        name: as written in the metadata, parts separated by "/".
        where: the metadata file, and the line where that is known, for the error.

    Raises:
        UserError: it is empty, absolute, climbs out with "..", or holds a backslash or a NUL.
    """
    try:
        return normal_name(name)
    except ValueError as error:
        raise UserError(f"{where} names the image {name!r}, which {error}. Correct the name.") from error


def some(names: Sequence[str], count: int = 3) -> str:
    """Return the first names in a list, with dots where there are more."""
    return ", ".join(shown(name) for name in names[:count]) + (", ..." if len(names) > count else "")


def counted(names: Sequence[str], said: str, count: int = 3) -> list[str]:
    """Return a sentence that counts and names things, as in ["2 images have no class: a, b."]; [] where there are none.

    Args:
        names: of the things.
        said: of them, after their number.
        count: how many are named.
    """
    return [f"{len(names)} {said}: {some(names, count)}."] if names else []
