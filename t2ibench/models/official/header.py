"""What a torch file declares, told before torch reads it: nothing is run, and no tensor is allocated.

torch allocates what a file declares, and trusts the sizes in it. So they are compared with what the file really holds
first: a file of some kilobytes that declares gigabytes, or a tensor larger than its storage, never reaches torch.
"""

from __future__ import annotations

import math
import pickle
from collections import OrderedDict
from collections.abc import Callable
from typing import IO, Any, ClassVar, Final

MAGIC: Final = 0x1950A86A20F9469CFC6C
"""First pickled value of a file of torch's old serialisation (before 1.6)."""

_WIDTHS: Final = {
    "DoubleStorage": 8, "FloatStorage": 4, "HalfStorage": 2, "BFloat16Storage": 2, "LongStorage": 8, "IntStorage": 4,
    "ShortStorage": 2, "CharStorage": 1, "ByteStorage": 1, "BoolStorage": 1, "UntypedStorage": 1,
}  # fmt: skip
"""Bytes a number, by the name of the storage class."""


class UnsafeFileError(Exception):
    """The file asks for something a file of weights never needs; the text says for what, as in "posix.system"."""


class DamagedFileError(Exception):
    """The file contradicts itself; the text says how."""


class _StorageKind:
    def __init__(self, name: str) -> None:
        self.width = _WIDTHS[name]


class _Declared:
    """Stands in for a storage or tensor: its size in bytes and nothing else."""

    def __init__(self, nbytes: int, width: int) -> None:
        self.nbytes = nbytes
        self.width = width


class _Header(pickle._Unpickler):  # the pure Python one: no allocation but what the file's own bytes give
    """Unpickles the frame of a torch file into stand-ins, and sums up what it declares."""

    dispatch: ClassVar[dict[int, Any]] = dict(pickle._Unpickler.dispatch)

    def __init__(self, file: IO[bytes], limit: int) -> None:
        super().__init__(_Bounded(file, limit), encoding="utf-8", errors="replace")
        self.storages: dict[str, int] = {}

    def find_class(self, module: str, name: str) -> Any:
        if name in _WIDTHS and module in ("torch", "torch.cuda", "torch.storage"):
            return _StorageKind(name)
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if module == "torch._utils" and name in _REBUILDERS:
            return _REBUILDERS[name]
        if (module, name) == ("torch", "Size"):
            return tuple
        raise UnsafeFileError(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> _Declared:
        """Return the stand-in of a storage: ("storage", kind, key, location, numbers, view or nothing)."""
        if not isinstance(pid, tuple) or len(pid) < 5 or pid[0] != "storage" or not isinstance(pid[1], _StorageKind):
            raise DamagedFileError("it refers to something that is no storage of numbers")
        key, count = pid[2], pid[4]
        if not isinstance(key, str) or not _is_size(count):
            raise DamagedFileError("it declares a storage without a name or size")
        nbytes = count * pid[1].width
        if self.storages.setdefault(key, nbytes) != nbytes:
            raise DamagedFileError(f"it declares the storage {key!r} with two sizes")
        return _Declared(nbytes, pid[1].width)

    def _build(self) -> None:
        """Drop the attributes of an object (the version numbers of a state dict): stand-ins have none."""
        self.stack.pop()  # type: ignore[attr-defined]

    dispatch[pickle.BUILD[0]] = _build
    del dispatch[pickle.BYTEARRAY8[0]]  # it allocates what it is told to; torch never writes it


class _Bounded:
    """A file of which no more is asked at once than there can be."""

    def __init__(self, file: IO[bytes], limit: int) -> None:
        self._file = file
        self._limit = limit

    def read(self, size: int) -> bytes:
        return self._file.read(min(size, self._limit))

    def readline(self) -> bytes:
        line = self._file.readline(self._limit)
        if not line.endswith(b"\n"):
            raise DamagedFileError("it ends in the middle")
        return line


def _tensor(storage: Any, offset: Any, size: Any, stride: Any, *_: Any) -> _Declared:
    """Stand in for torch._utils._rebuild_tensor and its second version."""
    if not isinstance(storage, _Declared) or not _is_size(offset) or not isinstance(size, tuple):
        raise DamagedFileError("it declares a tensor in a way that is not known here")
    if not all(map(_is_size, size)) or not isinstance(stride, tuple) or not all(map(_is_size, stride)):
        raise DamagedFileError("it declares a tensor without a proper shape")
    if len(size) != len(stride):
        raise DamagedFileError("it declares a tensor whose shape and strides do not fit each other")
    nbytes = math.prod(size) * storage.width
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if nbytes > storage.nbytes or (nbytes and (last + 1) * storage.width > storage.nbytes):
        raise DamagedFileError(f"it declares a tensor of shape {size}, which is larger than its storage")
    return _Declared(nbytes, storage.width)


def _parameter(tensor: Any, *_: Any) -> Any:
    """Stand in for torch._utils._rebuild_parameter."""
    return tensor


_REBUILDERS: Final[dict[str, Callable[..., Any]]] = {
    "_rebuild_tensor": _tensor,
    "_rebuild_tensor_v2": _tensor,
    "_rebuild_parameter": _parameter,
}


def _is_size(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 48


def declared_storages(file: IO[bytes], size: int) -> dict[str, int]:
    """Return name -> bytes of the storages that the pickle at the file's position declares.

    Args:
        file: positioned at the pickle; left behind it.
        size: of the file, in bytes.

    Raises:
        UnsafeFileError: the pickle asks for anything but tensors, dicts, lists, tuples, strings and numbers.
        DamagedFileError: it ends early, or a tensor does not fit its storage.
    """
    header = _Header(file, size)
    _load(header)
    return header.storages


def check_old_format(file: IO[bytes], size: int) -> None:
    """Check a file of the old serialisation: magic number, version, machine, the object, its storages' names, numbers.

    Raises:
        UnsafeFileError: as `declared_storages`.
        DamagedFileError: as `declared_storages`, or the file is shorter than the storages it declares.
    """
    if _load(_Header(file, size)) != MAGIC:
        raise DamagedFileError("it does not begin as torch's files do")
    for _ in ("version", "machine"):
        _load(_Header(file, size))
    storages = declared_storages(file, size)
    names = _load(_Header(file, size))
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DamagedFileError("its list of storages is not a list of names")
    needed = sum(storages.get(name, 0) + 8 for name in names)
    left = size - file.tell()
    if set(names) != set(storages) or len(set(names)) != len(names):
        raise DamagedFileError("its list of storages is not that of its tensors")
    if needed > left:
        raise DamagedFileError(f"its tensors need {needed:,} more bytes, but it has {left:,}")


def _load(unpickler: _Header) -> Any:
    try:
        return unpickler.load()
    except (UnsafeFileError, DamagedFileError):
        raise
    except EOFError:
        raise DamagedFileError("it ends in the middle") from None
    except RecursionError:
        raise DamagedFileError("it is nested too deeply") from None
    except Exception as error:  # a damaged pickle may raise almost anything
        reason = " ".join(str(error).split())[:120]
        raise DamagedFileError(reason or f"it cannot be read, {type(error).__name__}") from error
