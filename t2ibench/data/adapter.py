"""What a kind of data set must offer: one class, one entry point under `t2ibench.datasets`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol, runtime_checkable

from t2ibench.data.manifest import Manifest
from t2ibench.errors import UserError
from t2ibench.spec import DatasetEntry


@runtime_checkable
class DatasetAdapter(Protocol):
    """Finds and reads the files of one data set. Built with the data set's name and its table in benchmarks.toml."""

    def __init__(self, name: str, entry: DatasetEntry) -> None: ...

    def read(self, root: Path, *, progress: bool) -> Manifest:
        """Return the manifest of the files under `root`, complete but for `request`, `stamp` and `made`.

        Raises:
            UserError: a file is missing (the sentence names it, its source and what to do) or damaged.
        """
        ...


@runtime_checkable
class DrawnDataset(Protocol):
    """An adapter whose pictures are drawn by code, so that no user has to bring them."""

    def drawing(self, settings: Mapping[str, int]) -> Mapping[str, int]:
        """Return all that the drawn pictures depend on: the entry's options overridden by `settings`, and a version.

        Args:
            settings: any of images, size and seed.

        Raises:
            UserError: the entry has an option that is not known or no whole number.
        """
        ...

    def draw(self, root: Path, settings: Mapping[str, int], *, replace: bool, progress: bool) -> None:
        """Draw the data set into `root`; what is complete there already and is just this is left as it is.

        Args:
            root: the folder, missing or empty or holding an earlier drawing.
            settings: as for `drawing`.
            replace: whether an earlier drawing with other settings may be deleted; otherwise it is an error.
            progress: whether to show a bar on stderr.
        """
        ...


class MissingPicturesError(UserError):
    """Pictures that the metadata names are not there; `names` holds all of their keys."""

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
    wanted = f"Fetch {files}." if files else "Bring its files."
    return f"{wanted} Then run `t2ibench data prepare {name} --data-root FOLDER`, or give --data-root FOLDER here."
