"""The pickles of AttnGAN's metadata, read without running anything they ask for.

A pickle is a program. These files come from file-sharing links, so only lists, tuples, dicts, strings and numbers are
built; numpy's integer scalars, which the released class_info.pickle of the birds holds, are rebuilt by our own code.
"""

from __future__ import annotations

import pickle
import struct
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from t2ibench.errors import UserError

Form = TypeVar("Form")

_WIDTHS: Final = {
    "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "f4": "f", "f8": "d",
}  # fmt: skip
"""numpy's names of number types to those of `struct`."""


class _NumberType:
    """Stands in for numpy.dtype: remembers which kind of number follows and nothing else."""

    def __init__(self, name: object, *_: object) -> None:
        if not isinstance(name, str) or name not in _WIDTHS:
            raise pickle.UnpicklingError(f"it holds numpy values of type {name!r}, which are not plain numbers")
        self._letter = _WIDTHS[name]
        self._order = "<"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if len(state) < 2 or state[1] not in ("<", ">", "|"):
            raise pickle.UnpicklingError("it describes a numpy type in a way that is not known here")
        self._order = ">" if state[1] == ">" else "<"

    def number(self, content: str | bytes) -> int | float:
        """Return the number of its bytes; Python 2 wrote them as a string."""
        raw = content.encode("latin1") if isinstance(content, str) else content
        value = struct.unpack(self._order + self._letter, raw)[0]
        assert isinstance(value, int | float)
        return value


def _scalar(kind: object, content: object) -> int | float:
    """Stand in for numpy's scalar constructor."""
    if not isinstance(kind, _NumberType) or not isinstance(content, str | bytes):
        raise pickle.UnpicklingError("it holds a numpy value that is not a plain number")
    return kind.number(content)


def _encode(text: object, codec: object = "latin1") -> bytes:
    """Stand in for _codecs.encode, with which Python 3 writes bytes into old protocols."""
    if not isinstance(text, str) or codec != "latin1":
        raise pickle.UnpicklingError("it holds bytes in an encoding that is not known here")
    return text.encode("latin1")


_STAND_INS: Final[dict[tuple[str, str], Any]] = {
    ("numpy", "dtype"): _NumberType,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("_codecs", "encode"): _encode,
}


class _Refusal(pickle.UnpicklingError):
    """The pickle asks for something that plain data never needs."""


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        try:
            return _STAND_INS[module, name]
        except KeyError:
            raise _Refusal(f"{module}.{name}") from None


def read_plain_pickle(path: Path) -> Any:
    """Return the plain data of a pickle: lists, tuples, dicts, sets, str, bytes, int, float, bool and None.

    Python 2's strings are read as latin1, as the files were written. numpy scalars become int and float.

    Raises:
        UserError: the file is missing or truncated, is no pickle, or would run or build anything else. Nothing of such
            a file is run.
    """
    try:
        with path.open("rb") as file:
            return _PlainUnpickler(file, encoding="latin1").load()
    except FileNotFoundError:
        raise UserError(f"{path} does not exist.") from None
    except _Refusal as error:
        raise UserError(
            f"{path} is refused: besides plain data it asks for {error}, which could run code. Nothing of it was run. "
            "Fetch the file again from its official source."
        ) from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # a damaged pickle may raise almost anything: UnpicklingError, EOFError, ValueError, ...
        raise UserError(
            f"{path} is truncated or is no pickle of plain data ({error or type(error).__name__}). "
            "Delete it and fetch it again."
        ) from error


_NAMES: Final = TypeAdapter(list[str])
_NUMBERS: Final = TypeAdapter(list[int])
_CAPTIONS: Final = TypeAdapter(tuple[list[list[int]], list[list[int]], dict[int, str], dict[str, int]])


def read_file_names(path: Path) -> list[str]:
    """Return the picture keys of a filenames.pickle, as in "001.Black_footed_Albatross/Black_Footed_Albatross_0046_18".

    Raises:
        UserError: as `read_plain_pickle`; or it is no list of strings; or a key is absolute or climbs out with "..".
    """
    names = _checked(_NAMES, path, "a list of picture names")
    for name in names:
        if not name or name.startswith("/") or "\\" in name or ".." in name.split("/") or "\0" in name:
            raise UserError(f"{path} names the picture {name!r}, which lies outside the data set. Fetch it again.")
    return names


def read_class_ids(path: Path) -> list[int]:
    """Return the class ids of a class_info.pickle, aligned with filenames.pickle.

    Raises:
        UserError: as `read_plain_pickle`; or it is no list of whole numbers.
    """
    return _checked(_NUMBERS, path, "a list of class numbers")


def read_caption_words(path: Path) -> tuple[str, ...]:
    """Return the vocabulary of a captions.pickle ([train captions, test captions, ixtoword, wordtoix]) by index.

    Raises:
        UserError: as `read_plain_pickle`; or it is not of that form; or its indices are not 0, 1, 2, ... with "<end>"
            at 0.
    """
    words = _checked(_CAPTIONS, path, "[train captions, test captions, ixtoword, wordtoix]")[2]
    if words.get(0) != "<end>" or set(words) != set(range(len(words))):
        raise UserError(
            f"{path}: the vocabulary's indices are not 0, 1, 2, ... with '<end>' at 0. "
            "It is not the released file: fetch it again."
        )
    return tuple(words[index] for index in range(len(words)))


def _checked(form: TypeAdapter[Form], path: Path, what: str) -> Form:
    try:
        return form.validate_python(read_plain_pickle(path), strict=False)
    except ValidationError as error:
        raise UserError(
            f"{path} should hold {what}, but does not ({error.errors()[0]['msg']}). Fetch it again."
        ) from error
