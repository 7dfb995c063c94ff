"""Records that others measured: nothing of them is believed before it was checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.files import canonical_json
from t2ibench.core.reading.file_names import normal_name
from t2ibench.core.reading.text import parse_json, read_text, text_lines
from t2ibench.core.records import RECORDS, ResultRecord, Results
from t2ibench.core.types import Origin

LARGEST: Final = 64 * 2**20
"""Bytes of a file of records of others that is read at all."""
_MARKUP = re.compile(r"<\s*[A-Za-z/!?]|javascript:|data:text", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def read_small_text(path: Path, what: str) -> str:
    """Return a file's text.

    Raises:
        UserError: it is missing, no UTF-8, or larger than LARGEST.
    """
    try:
        size = path.stat().st_size if path.is_file() else 0
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    if size > LARGEST:
        raise UserError(f"{path} has {size / 2**20:,.0f} MiB, and {what} has {LARGEST >> 20} MiB at most: not read.")
    return read_text(path, what=what)


def checked_record(value: Any, where: str) -> ResultRecord:
    """Return a record of others.

    Args:
        value: as parsed from JSON.
        where: it stands, for errors.

    Raises:
        UserError: it is no record, holds NaN, markup, control characters or the path of a file elsewhere, claims to be
            what a paper printed, or has an id that does not belong to its content.
    """
    for text in _texts(value):
        if found := _MARKUP.search(text):
            raise UserError(f"{where} holds markup ({found[0]!r} in {text[:40]!r}): results are plain text.")
        if _CONTROL.search(text):
            raise UserError(f"{where} holds a control character in {text[:40]!r}: results are plain text.")
    try:
        canonical_json(value)
        record = ResultRecord.model_validate_json(canonical_json(value))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise UserError(f"{where} is no result record of this version: {place}: {first['msg']}.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{where} holds a number that is none (NaN or infinity), or is nested too deep.") from error
    if record.images:
        try:
            name = normal_name(record.images)
        except ValueError as error:
            raise UserError(f"{where} names the file {record.images!r}, which {error}.") from error
        if "/" in name:
            raise UserError(f"{where} names the file {record.images!r}, which lies in another folder.")
    if record.source.origin is Origin.REPORTED:
        raise UserError(f"{where} is of origin {Origin.REPORTED.value!r}: printed figures come with the toolkit.")
    if record.id != ResultRecord.key(record.source, record.plan, record.metric):
        raise UserError(f"{where} has an id that is not the digest of its row, plan and metric: it was changed.")
    if (record.status == "ok") != (record.value is not None):
        raise UserError(f"{where} says {record.status!r} and has {'no' if record.value is None else 'a'} value.")
    interval = record.interval
    if interval and not interval.low <= interval.high:
        raise UserError(f"{where} has an interval whose ends are the wrong way round.")
    return record


def read_records(given: Path) -> tuple[Path, list[ResultRecord]]:
    """Return (the file, its records, each checked, the last of each id).

    Args:
        given: a workspace, its results folder, or a records.jsonl.

    Raises:
        UserError: there are none, or one is refused by `checked_record`.
    """
    places = (given, given / RECORDS, given / "results" / RECORDS)
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise UserError(f"{given} has no {RECORDS}: name another workspace, its results folder or that file.")
    found: dict[str, ResultRecord] = {}
    for number, line in text_lines(read_small_text(path, "a file of results")):
        try:
            value = parse_json(line)
        except ValueError as error:
            raise UserError(f"{path}, line {number}: this is no JSON ({error}).") from error
        record = checked_record(value, f"{path}, line {number}:")
        found[record.id] = record
    return path, list(found.values())


def import_records(given: Path, results: Results) -> tuple[int, list[str]]:
    """Take over another workspace's records and return (how many, sentences about those left out).

    What was measured here stays: of equal questions the own answer counts. Records of others say so wherever they are
    shown. Sample images and details stay behind.

    Args:
        given: see `read_records`.
        results: to append to.

    Raises:
        UserError: see `read_records`.
    """
    path, records = read_records(given)
    own, _ = results.latest()
    taken, said = [], []
    for record in records:
        mine = own.get(record.id)
        if mine is not None and (mine.status == "ok" or record.status == "failed"):
            if mine.value != record.value and mine.images_digest == record.images_digest:
                said.append(
                    f"{record.source.name}, {record.metric.column}: {record.value} there and {mine.value} here for the "
                    "same images; the own number was kept."
                )
            continue
        taken.append(_marked(record, _origin_of(path)))
    results.append(taken)
    return len(taken), said


def _marked(record: ResultRecord, origin: str) -> ResultRecord:
    environment = {"imported_from": origin, **record.environment}
    marked = record.with_warnings((f"Measured in another workspace ({origin}) and imported.",))
    return marked.model_copy(update={"images": "", "environment": environment})


def _origin_of(path: Path) -> str:
    """Return what a workspace is called: the folder's name, without the place it lies in."""
    folders = [part for part in path.absolute().parent.parts if part not in ("results", "workspace", "/")]
    return folders[-1] if folders else path.name


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield all strings of a JSON value, keys too."""
    if depth > 20:
        return  # the schema has no room for such depth
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from _texts(one, depth + 1)
    elif isinstance(value, Sequence):
        for one in value:
            yield from _texts(one, depth + 1)
