"""Captions of one's own: captions.jsonl, captions.csv, or one .txt an image."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError
from t2ibench.data.adapter import safe_name
from t2ibench.text.tokenizer import tokenize

CAPTION_FILES: Final = ("captions.jsonl", "captions.csv", "captions.tsv", "metadata.jsonl", "metadata.csv")
SUFFIXES: Final = frozenset((".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".ppm"))
"""Endings of the files that count as images."""
_FILE_KEYS: Final = ("file", "file_name", "filename", "image", "path")
_CAPTION_KEYS: Final = ("captions", "caption", "text")


@dataclass
class Record:
    """An image with its captions.

    Attributes:
        file: relative to the folder, with "/".
        captions: as written, in order; may be empty or hold empty lines.
        fields: the other columns, as text.
    """

    file: str
    captions: list[str] = field(default_factory=list)
    fields: dict[str, str] = field(default_factory=dict)


def read_caption_table(path: Path) -> list[Record]:
    """Return the records of a .jsonl, .csv or .tsv file, in its order; rows about one image become one record.

    A row names its image under "file", "file_name", "filename", "image" or "path", and its caption under "caption",
    "captions" (in JSON a list, too) or "text"; all other columns are kept.

    Raises:
        UserError: a line is damaged, lacks one of the two, or names a file outside the folder.
    """
    records: dict[str, Record] = {}
    for line, row in _rows(path):
        where = f"{path}, line {line}"
        file_key = _key(row, _FILE_KEYS, where, "image")
        caption_key = _key(row, _CAPTION_KEYS, where, "caption")
        name, given = row[file_key], row[caption_key]
        captions = [given] if isinstance(given, str) else given
        if not isinstance(name, str) or not isinstance(captions, list):
            raise UserError(f"{where}: {file_key!r} should be a text and {caption_key!r} a text or a list of texts.")
        if not all(isinstance(caption, str) for caption in captions):
            raise UserError(f"{where}: the captions of {name!r} are not all texts.")
        record = records.setdefault(name, Record(safe_name(name, path)))
        record.captions += captions
        others = {key: value for key, value in row.items() if key not in (file_key, caption_key)}
        record.fields |= {key: str(value) for key, value in others.items() if isinstance(value, str | int | float)}
    return list(records.values())


def read_caption_texts(root: Path) -> list[Record]:
    """Return a record for every image below a folder, sorted, with the lines of its text file as captions.

    The text file has the image's name with .txt; it lies beside the image, or in text/ where the image lies in
    images/.

    Raises:
        UserError: a text file is not UTF-8.
    """
    return [Record(file, _lines(root, file)) for file in image_files(root)]


def image_files(root: Path) -> list[str]:
    """Return the images below a folder, sorted, relative to it, with "/"; hidden files and folders are left out."""
    found = []
    for folder, below, files in os.walk(root):
        below[:] = [name for name in below if not name.startswith(".")]
        place = Path(folder).relative_to(root)
        images = (name for name in files if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."))
        found += [(place / name).as_posix() for name in images]
    return sorted(found)


def usable_captions(texts: Iterable[str], count: int) -> tuple[str, ...]:
    """Return at most `count` captions, each in one line; those without an ASCII letter or digit are left out."""
    lines = (" ".join(text.split()) for text in texts)
    return tuple(line for line in lines if tokenize(line))[:count]


def _lines(root: Path, file: str) -> list[str]:
    parts = Path(file).with_suffix(".txt").parts
    places = [root.joinpath(*parts)]
    if parts[0] == "images":
        places.append(root.joinpath("text", *parts[1:]))
    for path in places:
        try:
            return [line for line in _split_lines(path.read_text(encoding="utf-8-sig")) if line.strip()]
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise UserError(f"{path} cannot be read as UTF-8 text ({error}). Save it as UTF-8.") from error
    return []


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: it should hold the captions.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as UTF-8 text ({error}). Save it as UTF-8.") from error
    if path.suffix == ".jsonl":
        for number, line in enumerate(_split_lines(text), start=1):
            if line.strip():
                yield number, _parsed(line, f"{path}, line {number}")
        return
    delimiter = "\t" if path.suffix == ".tsv" else ","
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            if None in row:
                raise UserError(
                    f"{path}, line {reader.line_num}: there are more values than columns ({row[None]} have none). A "
                    f"caption that holds {'a tab' if delimiter == chr(9) else 'a comma'} stands in double quotes."
                )
            yield reader.line_num, {key: value for key, value in row.items() if key and value is not None}
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: {error}.") from error


def _split_lines(text: str) -> list[str]:
    """Return the lines of a text; only line feeds part them, since other separators may stand in a caption."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _parsed(line: str, where: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise UserError(f"{where}: this is not JSON ({error}).") from error
    if not isinstance(row, dict):
        raise UserError(f'{where}: a line like {{"file": "a.png", "caption": "a red ball"}} is expected.')
    return row


def _key(row: Mapping[str, Any], keys: tuple[str, ...], where: str, what: str) -> str:
    for key in keys:
        if key in row:
            return key
    raise UserError(f"{where}: no {what} is named; a column {' or '.join(keys)} is expected, found {', '.join(row)}.")
