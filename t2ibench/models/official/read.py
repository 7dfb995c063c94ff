"""Opening a .pth file: both of torch's formats, as tensors and nothing else.

torch allocates what a file declares, and trusts the sizes in it. So they are compared with what the file really holds
first: a file of some kilobytes that declares gigabytes, or a tensor larger than its storage, never reaches torch.
"""

from __future__ import annotations

import io
import math
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar, Final

from t2ibench.core.errors import UserError

_MAGIC: Final = 0x1950A86A20F9469CFC6C
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
    if _load(_Header(file, size)) != _MAGIC:
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


_OLD: Final = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""How torch's old files begin: a pickle of the magic number."""

_AGAIN: Final = "Delete it and fetch it again from its official source."
_LARGEST_PICKLE: Final = 64 << 20


def read_official_file(path: Path) -> Any:
    """Return what a file of weights holds: dicts, lists, strings, numbers, and tensors on the CPU.

    Read by `torch.load` with `weights_only=True`, after what the file declares was compared with what it holds; nothing
    in it is run.

    Raises:
        UserError: the file is missing, empty, truncated or damaged; is no torch file (a web page or an archive is named
            as such); would run code; declares more than it holds; or holds other things than plain tensors.
    """
    size = _size(path)
    try:
        with path.open("rb") as file:
            _check(path, file, size)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror or error}.") from error
    except UnsafeFileError as error:
        raise _refused(path, str(error)) from error
    except DamagedFileError as error:
        raise UserError(f"{path} is truncated or damaged: {error}. {_AGAIN}") from error

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"{path} holds more than tensors, and torch refuses it ({reason}). Nothing of it was run."
        ) from error
    except Exception as error:  # torch raises many kinds for a bad file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"{path} is truncated or damaged: {reason}. {_AGAIN}") from error


def _size(path: Path) -> int:
    if path.is_dir():
        raise UserError(f"{path} is a folder; name the .pth files in it.")
    if not path.is_file():
        raise UserError(f"{path} does not exist.")
    size = path.stat().st_size
    if not size:
        raise UserError(f"{path} has 0 bytes: its download did not succeed. {_AGAIN}")
    return size


def _check(path: Path, file: IO[bytes], size: int) -> None:
    """Tell the format and compare what the file declares with what it holds.

    Raises:
        UnsafeFileError: as `declared_storages`.
        DamagedFileError: as `check_old_format`.
        UserError: it is no torch file, or a zip bomb.
    """
    beginning = file.read(512)
    file.seek(0)
    if beginning.startswith(b"PK\x03\x04"):
        _check_zip(path, file, size)
    elif beginning.startswith(_OLD):
        check_old_format(file, size)
    elif _OLD.startswith(beginning):
        raise DamagedFileError("it ends in the middle")
    else:
        _check_stranger(path, file, beginning, size)


def _check_zip(path: Path, file: IO[bytes], size: int) -> None:
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            names = [entry.filename for entry in entries]
            declared = sum(entry.file_size for entry in entries)
            if declared > size:
                raise UserError(
                    f"{path} is refused: it has {size:,} bytes, but declares {declared:,} bytes of content, as a zip "
                    f"bomb does. torch does not compress its files. {_AGAIN}"
                )
            if len(set(names)) != len(names):
                raise UserError(f"{path} is refused: it holds two entries of one name. {_AGAIN}")
            pickles = [name for name in names if name.endswith("/data.pkl") and name.count("/") == 1]
            if len(pickles) != 1:
                shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
                raise UserError(
                    f"{path} is a zip archive but no torch file (it holds {shown}). Unpack it and name the .pth files."
                )
            prefix = pickles[0].removesuffix("data.pkl")
            if f"{prefix}constants.pkl" in names:
                raise UserError(f"{path} is a TorchScript program; the official files are state dicts.")
            if archive.getinfo(pickles[0]).file_size > _LARGEST_PICKLE:
                raise DamagedFileError("its table of tensors is absurdly large")
            storages = declared_storages(io.BytesIO(archive.read(pickles[0])), size)
            sizes = {entry.filename: entry.file_size for entry in entries}
            damaged = archive.testzip()  # torch does not compare them
            if damaged is not None:
                raise DamagedFileError(f"the bytes of {damaged} are not those of its CRC-32")
    except (UserError, UnsafeFileError, DamagedFileError):
        raise
    except Exception as error:  # zipfile raises many kinds for a damaged archive: BadZipFile, UnicodeDecodeError, ...
        raise DamagedFileError(str(error) or "it ends in the middle") from error
    for key, nbytes in storages.items():
        held = sizes.get(f"{prefix}data/{key}")
        if held is None:
            raise DamagedFileError(f"the numbers of its storage {key!r} are missing")
        if held != nbytes:
            raise DamagedFileError(f"its storage {key!r} has {held:,} bytes instead of the {nbytes:,} it declares")


def _check_stranger(path: Path, file: IO[bytes], beginning: bytes, size: int) -> None:
    """Raise the error for a file of neither format."""
    text = beginning.lstrip().lower()
    if text.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise UserError(
            f"{path} is a web page, not a file of weights: the download ended at a page that asks for something, as "
            "Google Drive's does for large files. Download it with a browser."
        )
    if text.startswith(b"version https://git-lfs"):
        raise UserError(f"{path} is a pointer of Git LFS, not the file itself. Fetch it with `git lfs pull`.")
    if beginning[:1] == b"\x80":
        try:
            declared_storages(file, size)
        except UnsafeFileError as error:
            raise _refused(path, str(error)) from error
        except DamagedFileError:
            pass  # no torch file either way
        raise UserError(f"{path} is a pickle, not a torch file: name the .pth file of the weights.")
    raise UserError(f"{path} is not a torch file: it does not begin as one. Name the .pth file of the weights.")


def _refused(path: Path, asked: str) -> UserError:
    return UserError(
        f"{path} is refused: besides plain tensors it asks for {asked}, which a file of weights does not need and "
        "which could run code. Nothing of it was run. Fetch the file again from its official source."
    )
