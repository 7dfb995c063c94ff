"""Names of files as tables, lists and folders give them: one form for each, and how odd ones are shown."""

from __future__ import annotations

import posixpath


def normal_name(name: str) -> str:
    """Return a file name relative to its folder in its one form: "./x.png" and "a//x.png" are "x.png" and "a/x.png".

    Args:
        name: as written, parts separated by "/".

    Raises:
        ValueError: it is empty, absolute or a drive's, climbs out with "..", or holds a backslash or a NUL; says which.
    """
    if not name.strip():
        raise ValueError("is empty")
    if "\\" in name:
        raise ValueError("holds a backslash; folders are separated by /")
    if name.startswith("/") or ".." in name.split("/") or "\0" in name:
        raise ValueError("lies outside the data set; names are written relative to its folder")
    return posixpath.normpath(name)


def is_utf8(name: str) -> bool:
    """Return whether a name is text; bytes that are not UTF-8 come from the system as lone surrogates."""
    return name.isascii() or not any("\ud800" <= character <= "\udfff" for character in name)


def shown(name: str) -> str:
    r"""Return a name that can be printed and written: bytes that are not UTF-8 as \xe9."""
    return name if is_utf8(name) else name.encode(errors="surrogateescape").decode(errors="backslashreplace")
