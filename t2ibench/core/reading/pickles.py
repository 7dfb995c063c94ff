"""Pickles of plain data, read without running anything they ask for.

A pickle is a program. The field's files come from file-sharing links, so only lists, tuples, dicts, strings and
numbers are built; numpy's scalars (the released class_info.pickle of the birds) and arrays (StackGAN's sentence codes)
are rebuilt by our own code.
"""

from __future__ import annotations

import io
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.reading.pickle_bounds import check_bounds
from t2ibench.core.reading.text import read_content

Form = TypeVar("Form")

_KINDS: Final = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")
"""numpy's names of number types."""


class _NumberType:
    """Stands in for numpy.dtype: remembers which kind of number follows and nothing else."""

    def __init__(self, name: object, *_: object) -> None:
        if not isinstance(name, str) or name not in _KINDS:
            raise pickle.UnpicklingError(f"it holds numpy values of type {name!r}, which are not plain numbers")
        self._name = name
        self._order = "<"

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if len(state) < 2 or state[1] not in ("<", ">", "|"):
            raise pickle.UnpicklingError("it describes a numpy type in a way that is not known here")
        self._order = ">" if state[1] == ">" else "<"

    def number(self, content: str | bytes) -> int | float:
        """Return the number of its bytes."""
        [value] = np.frombuffer(_raw(content), self.code).tolist()
        assert isinstance(value, int | float)
        return value

    @property
    def code(self) -> str:
        """The type as numpy writes it, as in "<f4"."""
        return self._order + self._name


class PlainArray:
    """Stands in for numpy.ndarray in a pickle; `numpy.asarray` of it, or of a list of them, gives the numbers."""

    def __init__(self) -> None:
        self._numbers: np.ndarray | None = None

    def __setstate__(self, state: object) -> None:
        match state:
            case (int(), tuple(shape), _NumberType() as kind, bool() | int() as fortran, str() | bytes() as content):
                self._fill(shape, kind, bool(fortran), _raw(content))
            case _:
                raise pickle.UnpicklingError("it describes a numpy array in a way that is not known here")

    def _fill(self, shape: tuple[Any, ...], kind: _NumberType, fortran: bool, content: bytes) -> None:
        try:
            self._numbers = np.ndarray(shape, kind.code, buffer=content, order="F" if fortran else "C")
        except (TypeError, ValueError):  # a shape of other things, or one that needs more bytes
            self._numbers = None
        # numpy takes a lone -1 for "as many as there are".
        if self._numbers is None or self._numbers.shape != shape or self._numbers.nbytes != len(content):
            raise pickle.UnpicklingError("it holds a numpy array whose shape and bytes disagree")

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if self._numbers is None:
            raise ValueError("a numpy array without content")
        return self._numbers.astype(dtype or self._numbers.dtype, copy=bool(copy))


_ARRAY_CLASS: Final = "numpy.ndarray"
"""Stands in for the class, which array pickles only pass on."""


def _new_array(kind: object, *_: object) -> PlainArray:
    """Stand in for numpy's array constructor; the content comes with the state that follows."""
    if kind != _ARRAY_CLASS:
        raise pickle.UnpicklingError("it holds a numpy array of a class that is not known here")
    return PlainArray()


def _array_of_buffer(content: object, kind: object, shape: object, order: object) -> PlainArray:
    """Stand in for the constructor that pickle protocol 5 uses."""
    if not isinstance(content, bytes | bytearray) or not isinstance(kind, _NumberType) or not isinstance(shape, tuple):
        raise pickle.UnpicklingError("it holds a numpy array of something other than plain numbers")
    made = PlainArray()
    made._fill(shape, kind, order == "F", bytes(content))
    return made


def _scalar(kind: object, content: object) -> int | float:
    """Stand in for numpy's scalar constructor."""
    if not isinstance(kind, _NumberType) or not isinstance(content, str | bytes):
        raise pickle.UnpicklingError("it holds a numpy value that is not a plain number")
    return kind.number(content)


def _raw(content: str | bytes) -> bytes:
    """Return bytes as they were written; Python 2 wrote them as a string."""
    return content.encode("latin1") if isinstance(content, str) else content


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


_ARRAYS: Final[dict[tuple[str, str], Any]] = {
    ("numpy", "ndarray"): _ARRAY_CLASS,
    ("numpy.core.multiarray", "_reconstruct"): _new_array,
    ("numpy._core.multiarray", "_reconstruct"): _new_array,
    ("numpy.core.numeric", "_frombuffer"): _array_of_buffer,
    ("numpy._core.numeric", "_frombuffer"): _array_of_buffer,
}


class _Refusal(pickle.UnpicklingError):
    """The pickle asks for something that plain data never needs."""


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, file: Any, *, arrays: bool) -> None:
        super().__init__(file, encoding="latin1")
        self._known = {**_STAND_INS, **_ARRAYS} if arrays else _STAND_INS

    def find_class(self, module: str, name: str) -> Any:
        try:
            known = self._known[module, name]
        except KeyError:
            raise _Refusal(f"{module}.{name}") from None
        if not callable(known):
            return known
        # A new function each time: a pickle may set attributes of what it is given, and must not reach ours.
        return lambda *given: known(*given)


@dataclass(frozen=True)
class PlainPickle:
    """The content of a pickle of plain data.

    Attributes:
        value: lists, tuples, dicts, sets, str, bytes, int, float, bool and None.
        repaired: whether a transfer in text mode had put a carriage return before every line feed; they were taken out.
    """

    value: Any
    repaired: bool = False


def open_plain_pickle(path: Path, *, arrays: bool = False) -> PlainPickle:
    """Return the plain data of a pickle. Python 2's strings are read as latin1; numpy scalars become int and float.

    Args:
        path: the file.
        arrays: whether numpy arrays of numbers are plain data too; each becomes a `PlainArray`.

    Raises:
        UserError: the file is missing or truncated, is no pickle, or would run or build anything else. Nothing of such
            a file is run.
    """
    content = read_content(path, what="a pickle of plain data")
    damaged = _only_with_carriage_returns(content)
    # The exact inverse of a transfer that writes \r\n for every \n, an \n after an \r included.
    mended = content.replace(b"\r\n", b"\n") if damaged else content
    try:
        if damaged and _is_text(content):  # it could be read, with a carriage return at the end of every name
            return PlainPickle(_loaded(mended, arrays), repaired=True)
        return PlainPickle(_loaded(content, arrays))
    except Exception as error:  # a damaged pickle may raise almost anything: UnpicklingError, EOFError, ValueError, ...
        if damaged and not _is_text(content):
            try:
                return PlainPickle(_loaded(mended, arrays), repaired=True)
            except Exception as other:  # the sentence is about the file as it is, but for what it asks for
                error = other if isinstance(other, _Refusal) else error
        if isinstance(error, _Refusal):
            raise UserError(
                f"{path} is refused: besides plain data it asks for {error}, which could run code. Nothing of it was "
                "run. Fetch the file again from its official source."
            ) from error
        hint = " Its line ends were changed on the way: transfer it in binary mode." if damaged else ""
        raise UserError(
            f"{path} is truncated or is no pickle of plain data ({error or type(error).__name__}).{hint} "
            "Delete it and fetch it again."
        ) from error


def read_plain_pickle(path: Path, *, arrays: bool = False) -> Any:
    """Return the value of `open_plain_pickle`."""
    return open_plain_pickle(path, arrays=arrays).value


def checked_form(form: TypeAdapter[Form], value: Any, path: Path, what: str) -> Form:
    """Return the value of a pickle in the form it should have.

    Args:
        form: of the value.
        value: as read.
        path: the pickle, for the error.
        what: the form in words, as in "a list of image names".

    Raises:
        UserError: it has another form.
    """
    try:
        return form.validate_python(value, strict=False)
    except ValidationError as error:
        raise UserError(
            f"{path} should hold {what}, but does not ({error.errors()[0]['msg']}). Fetch it again."
        ) from error


def _loaded(content: bytes, arrays: bool) -> Any:
    check_bounds(content)
    return _PlainUnpickler(io.BytesIO(content), arrays=arrays).load()


def _only_with_carriage_returns(content: bytes) -> bool:
    """Return whether every line feed follows a carriage return, which no pickle of some length is by chance."""
    return b"\n" in content and content.count(b"\n") == content.count(b"\r\n")


def _is_text(content: bytes) -> bool:
    """Return whether this may be a pickle of protocol 0, which consists of lines of text."""
    return not content.translate(None, bytes([9, 10, 13, *range(32, 256)])) and content[:1] != b"\x80"
