"""Opening a .pth file: both of torch's formats, as tensors and nothing else."""

from __future__ import annotations

import io
import pickle
import zipfile
from pathlib import Path
from typing import IO, Any, Final

from t2ibench.core.errors import UserError
from t2ibench.models.official.header import (
    DamagedFileError,
    UnsafeFileError,
    check_old_format,
    declared_storages,
)

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
    """Tell the format and compare what the file declares with what it holds. Raises as the module's function."""
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
