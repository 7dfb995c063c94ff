"""Reading text, lines and JSON of users' files: one way for all of them, with the reason where one cannot be read."""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError

_WIDE_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)


def read_text(path: Path, *, what: str) -> str:
    """Return a UTF-8 file's text without a byte order mark, every line end a line feed.

    Args:
        path: the file.
        what: what it should hold, for errors, as in "the captions".

    Raises:
        UserError: the file is missing, cannot be read, or is not UTF-8; names the encoding where it shows, else the
            line.
    """
    content = read_content(path, what=what)
    refuse_wide_text(content, path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UserError(
            f"{path}, line {line}: this is not UTF-8 (byte 0x{error.object[error.start]:02x}). Save it as UTF-8."
        ) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_content(path: Path, *, what: str) -> bytes:
    """Return a file's bytes. Arguments as `read_text`.

    Raises:
        UserError: the file is missing or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist: it should hold {what}.") from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def refuse_wide_text(content: bytes, path: Path) -> None:
    """Raise UserError where a file's bytes are UTF-16 or UTF-32, told by a byte order mark or by its zero bytes."""
    if content.startswith(_WIDE_MARKS) or b"\0" in content[:4096]:
        kind = "UTF-16" if content.startswith(_WIDE_MARKS[:2]) else "UTF-16 or UTF-32, or no text"
        raise UserError(f"{path} is {kind}: save it as UTF-8.")


def text_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number from 1, line) of the lines that are not blank.

    Line feeds alone part them: U+2028, U+0085 and other separators that `splitlines` knows may stand in a value.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def parse_json(text: str) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is no JSON; a key stands twice in an object, so that one value would be lost; it is nested too
            deep; or it holds half of a surrogate pair, which no UTF-8 file can hold.
    """
    try:
        value = json.loads(text, object_pairs_hook=_object)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if "\\ud" in text.lower():
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            half = error.object[error.start]
            raise ValueError(f"it holds half of a character, \\u{ord(half):04x}: the other half was cut off") from None
    return value


def json_lines(path: Path, *, what: str) -> Iterator[tuple[int, Any]]:
    """Yield (number from 1, value) of the lines that are not blank. Arguments as `read_text`.

    Raises:
        UserError: as `read_text`, or a line is no JSON; it is named.
    """
    for number, line in text_lines(read_text(path, what=what)):
        try:
            yield number, parse_json(line)
        except ValueError as error:
            raise UserError(f"{path}, line {number}: this is not JSON ({error}).") from error


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice")
    return found
