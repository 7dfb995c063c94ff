"""Splits and classes of one's own images: by a rule, by lists, by a column, by folders."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Final

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.reading.text import read_text, text_lines
from t2ibench.data.adapter import safe_name, some
from t2ibench.data.folder.captions import Record

SPLITS: Final = ("train", "val", "test")
"""Splits that images can be put into, in the manifest's order."""
FOLDERS: Final = "folders"


def split_by_hash(key: str, test_share: float) -> str:
    """Return "test" for about `test_share` of all keys, else "train".

    An image's split depends on its id alone, so adding images moves none.
    """
    number = int.from_bytes(hashlib.sha256(f"split\0{key}".encode()).digest()[:8], "big")
    return "test" if number < test_share * 2**64 else "train"


def split_by_lists(root: Path, keys: Mapping[str, str]) -> tuple[dict[str, str], list[Path]]:
    """Return (id -> split of all images in the lists, the lists): train.txt, val.txt and test.txt, an image a line.

    Args:
        root: holds the lists.
        keys: file -> id of the images that there are; lists may name either.

    Raises:
        UserError: there is no list; a list names an unknown image (near ones are given), or two lists name one.
    """
    known = {**{key: key for key in keys.values()}, **keys}
    found: dict[str, str] = {}
    lists = [path for split in SPLITS if (path := root / f"{split}.txt").is_file()]
    if not lists:
        raise UserError(f'{root} has no train.txt nor test.txt, which the option split = "lists" reads.')
    for path in lists:
        for number, line in text_lines(read_text(path, what="an image a line")):
            name = safe_name(line.strip(), f"{path}, line {number}")
            require_known(f"image (named in {path}, line {number})", known, name)
            if found.setdefault(known[name], path.stem) != path.stem:
                raise UserError(f"{path} names the image {name!r}, which another list names too.")
    return found, lists


def split_by_column(records: Sequence[Record], column: str, path: Path) -> dict[str, str]:
    """Return file -> split, as a column of the captions file says.

    Raises:
        UserError: an image's row has no such column, or it names none of SPLITS.
    """
    return {record.file: _checked(column_of(record, column, path), record, path) for record in records}


def split_by_folder(records: Sequence[Record], path: Path) -> dict[str, str]:
    """Return file -> split, the name of the first of its folders that is one of SPLITS.

    Raises:
        UserError: an image lies in no such folder.
    """
    found = {}
    for record in records:
        split = next((part for part in PurePosixPath(record.file).parts[:-1] if part in SPLITS), "")
        found[record.file] = _checked(split, record, path)
    return found


def classes_of(records: Sequence[Record], rule: str, path: Path) -> tuple[dict[str, int], list[str]]:
    """Return (file -> class number from 1, names of the classes in order of their numbers).

    Args:
        records: the images.
        rule: "folders" for the folder an image lies in, else a column of the captions file.
        path: the captions file, for errors.

    Raises:
        UserError: an image has no class.
    """
    names = {
        record.file: PurePosixPath(record.file).parent.name if rule == FOLDERS else column_of(record, rule, path)
        for record in records
    }
    nameless = [file for file, name in names.items() if not name]
    if nameless:
        raise UserError(f"{len(nameless)} images of {path} have no class by {rule!r}: {some(nameless)}.")
    numbers = {name: number for number, name in enumerate(sorted(set(names.values())), start=1)}
    return {file: numbers[name] for file, name in names.items()}, list(numbers)


def column_of(record: Record, column: str, path: Path) -> str:
    """Return a record's value in a column; rows that leave it empty say nothing.

    Raises:
        UserError: there is no such column, with near names; or rows of one image contradict each other.
    """
    require_known(f"column of {path} (at the image {record.file!r})", record.fields, column)
    values = {value: line for value, line in record.fields[column].items() if value.strip()}
    if len(values) > 1:
        said = " and ".join(f"{value!r} (line {line})" for value, line in values.items())
        raise UserError(f"{path}: the rows of the image {record.file!r} disagree: the column {column} says {said}.")
    return next(iter(values), "")


def _checked(split: str, record: Record, path: Path) -> str:
    if split not in SPLITS:
        raise UserError(
            f"{path}: the image {record.file!r} is of the split {split!r}, which is none of {', '.join(SPLITS)}."
        )
    return split
