"""Captions of one's own: captions.jsonl, captions.csv, or one .txt an image."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.reading.text import json_lines, read_text, text_lines
from t2ibench.data.adapter import safe_name
from t2ibench.data.listing import is_image_name

CAPTION_FILES: Final = ("captions.jsonl", "captions.csv", "captions.tsv", "metadata.jsonl", "metadata.csv")
_FILE_KEYS: Final = ("file", "file_name", "filename", "image", "path")
_CAPTION_KEYS: Final = ("captions", "caption", "text")


@dataclass
class Record:
    """An image with its captions.

    Attributes:
        file: relative to the folder, with "/".
        captions: as written, in order; may be empty or hold empty lines.
        fields: the other columns: name -> the values that its rows give, each with the first line that gives it.
    """

    file: str
    captions: list[str] = field(default_factory=list)
    fields: dict[str, dict[str, int]] = field(default_factory=dict)


def read_caption_table(path: Path) -> tuple[list[Record], list[str]]:
    """Return (the records of a .jsonl, .csv or .tsv file; the caption columns that were not read, for a warning).

    Records stand in the file's order; rows about one image become one.
    A row names its image under "file", "file_name", "filename", "image" or "path", and its caption under "caption",
    "captions" (in JSON a list, too) or "text"; all other columns are kept.

    Raises:
        UserError: a line is damaged, lacks one of the two, or names a file outside the folder; a quote is left open;
            a column stands twice. The line is named.
    """
    records: dict[str, Record] = {}
    unread: dict[str, None] = {}
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
        name = safe_name(name, where)
        record = records.setdefault(name, Record(name))
        record.captions += captions
        for key, value in row.items():
            if key in (file_key, caption_key):
                continue
            if key in _CAPTION_KEYS:
                unread[key] = None
            if isinstance(value, str | int | float):
                record.fields.setdefault(key, {}).setdefault(str(value), line)
    return list(records.values()), list(unread)


def read_caption_texts(root: Path, images: Iterable[str]) -> tuple[list[Record], list[str]]:
    """Return (a record for every image, with the lines of its text file as captions; the text files read).

    The text file has the image's name with .txt; it lies beside the image, or in text/ where the image lies in
    images/.

    Raises:
        UserError: a text file is not UTF-8.
    """
    records, read = [], []
    for file in images:
        places = text_places(file)
        text = next((place for place in places if (root / place).is_file()), None)
        lines = [] if text is None else [line for _, line in text_lines(read_text(root / text, what="captions"))]
        records.append(Record(file, lines))
        read += [] if text is None else [text]
    return records, read


def text_places(file: str) -> list[str]:
    """Return where the text file of an image may lie, relative to the folder."""
    parts = Path(file).with_suffix(".txt").parts
    apart = [Path("text", *parts[1:])] if parts[0] == "images" else []
    return [path.as_posix() for path in (Path(*parts), *apart)]


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    if path.suffix == ".jsonl":
        for number, row in json_lines(path, what="the captions"):
            if not isinstance(row, dict):
                form = '{"file": "a.png", "caption": "a red ball"}'
                raise UserError(f"{path}, line {number}: a line like {form} is expected.")
            yield number, row
        return
    text = read_text(path, what="the captions")
    names: list[str] = []
    for number, cells in _table_rows(text, "\t" if path.suffix == ".tsv" else ",", path):
        where = f"{path}, line {number}"
        if not names:
            names = [cell.strip() for cell in cells]
            twice = [name for name in names if name and names.count(name) > 1]
            if twice:
                raise UserError(f"{where}: the column {twice[0]!r} stands twice, and only one of them could be read.")
            continue
        if len(cells) != len(names):
            raise UserError(
                f"{where}: there are {'more' if len(cells) > len(names) else 'fewer'} values than columns "
                f"({len(cells)} for {', '.join(names)}). A caption that "
                f"holds {'a tab' if path.suffix == '.tsv' else 'a comma'} stands in double quotes."
            )
        yield number, {name: cell for name, cell in zip(names, cells, strict=True) if name}


def _table_rows(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (line it begins at, cells) of the rows that hold anything.

    Raises:
        UserError: a quote is not closed, or only by a later row's, so that it swallows rows.
    """
    lines = text.split("\n")
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True)
    while True:
        began = reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            fault = "a quote is not closed" if reader.line_num > began else f"the quotes are wrong ({error})"
            raise UserError(f'{path}, line {began}: {fault}. Write " in a value as "" and quote the value.') from error
        if cells is None:
            return
        swallowed = [line for line in lines[began : reader.line_num] if any(map(_names_image, line.split(delimiter)))]
        if swallowed:
            raise UserError(
                f"{path}, line {began}: a quote is not closed in this line, and the value in quotes holds a line that "
                f"reads like a row: {swallowed[0][:60]!r}. Close the quote."
            )
        if any(cell.strip() for cell in cells):
            yield began, cells


def _names_image(cell: str) -> bool:
    return is_image_name(cell.strip().strip('"'))


def _key(row: Mapping[str, Any], keys: tuple[str, ...], where: str, what: str) -> str:
    for key in keys:
        if row.get(key) is not None:
            return key
    raise UserError(f"{where}: no {what} is named; a column {' or '.join(keys)} is expected, found {', '.join(row)}.")
