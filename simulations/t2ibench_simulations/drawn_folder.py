"""Writing a drawn data set: many processes, and a folder that appears complete or not at all."""

from __future__ import annotations

import hashlib
import io
import multiprocessing
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

from tqdm import tqdm

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.files import read_json, write_json
from t2ibench.core.storage.claims import claimed

if TYPE_CHECKING:
    from PIL.Image import Image

SMALLEST: Final = 32
LARGEST: Final = 256
"""Shortest and longest side in pixels that images are drawn with."""
_FEWEST_IMAGES: Final = 8
_CHUNK: Final = 16
_WORTH_A_POOL: Final = 150
_MOST_PROCESSES: Final = 8
Row = TypeVar("Row")
Request = TypeVar("Request")


def check_request(name: str, images: int, size: int, processes: int | None) -> None:
    """Raise a UserError where a data set of so many images of this size cannot be drawn by so many processes."""
    if images < _FEWEST_IMAGES:
        raise UserError(f"{name} needs {_FEWEST_IMAGES} images or more, not {images}.")
    check_size(name, size)
    if processes is not None and processes < 1:
        raise UserError(f"{name} cannot be drawn by {processes} processes; give 1 or more, or leave it out.")


def check_size(name: str, size: int) -> None:
    """Raise a UserError where a data set has no images of so many pixels."""
    if not SMALLEST <= size <= LARGEST:
        raise UserError(f"{name} can be drawn at {SMALLEST} to {LARGEST} pixels, not at {size}; choose such a size.")


def jpeg_of(image: Image) -> bytes:
    """Return an image as the data sets' files hold it."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def digest_of_bytes(content: bytes) -> str:
    """Return the SHA-256 of a file's content, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def write_files(folder: Path, files: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    """Write (path below the folder, content) pairs; return path -> digest."""
    digests = {}
    for name, content in files:
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        digests[name] = digest_of_bytes(content)
    return digests


def make_folder(
    name: str, root: Path, wanted: Mapping[str, Any], write: Callable[[Path], Mapping[str, Any]]
) -> Mapping[str, Any]:
    """Write a drawn data set into `root` unless just it is there already; return its summary.

    It is built beside `root` under another name and renamed at the end, the summary (<name>.json) written last.

    Args:
        name: of the data set, as in "simscenes".
        root: the folder to make; missing or empty.
        wanted: what the summary of the same data set says.
        write: fills an empty folder and returns its summary, `wanted` included.

    Raises:
        UserError: the folder holds something else, or it cannot be written.
        RunFailedError: a process that draws died.
    """
    root = root.absolute()
    found = _existing(name, root, wanted)
    if found is not None:
        return found
    unfinished = root.with_name(f".{root.name}.{name}-unfinished")
    try:
        with claimed(root.with_name(f"{root.name}.{name}")):
            found = _existing(name, root, wanted)
            if found is not None:
                return found
            shutil.rmtree(unfinished, ignore_errors=True)
            try:
                unfinished.mkdir()
                summary = write(unfinished)
                write_json(unfinished / f"{name}.json", summary)
                if root.exists():
                    root.rmdir()
                unfinished.replace(root)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
        return summary
    except BrokenProcessPool as error:
        raise RunFailedError(
            f"A process that draws {name} died, probably out of memory. Nothing was written; ask again with one "
            "process."
        ) from error
    except OSError as error:
        raise UserError(
            f"Cannot write {name} to {root} ({error.strerror or error}). Choose another folder, or free space there."
        ) from error


def clear_other(summary: Path, wanted: Mapping[str, Any]) -> None:
    """Delete the drawn data set whose summary this is, where it was drawn with other settings."""
    if summary.is_file():
        found = read_json(summary, what="the settings of a drawn data set")
        if not isinstance(found, dict) or any(found.get(key) != value for key, value in wanted.items()):
            shutil.rmtree(summary.parent)


def draw_all(
    name: str,
    draw: Callable[[Request], Row],
    requests: Sequence[Request],
    *,
    processes: int | None,
) -> list[Row]:
    """Return `draw` of every request, in order.

    Args:
        name: of the data set, for the bar.
        draw: draws one image; must be picklable.
        requests: what to draw.
        processes: how many draw at a time; None takes the number of cores, at most 8, and one for few images.
    """
    if processes is None:
        processes = min(os.cpu_count() or 1, _MOST_PROCESSES) if len(requests) >= _WORTH_A_POOL else 1
    bar = tqdm(
        _mapped(draw, requests, processes), total=len(requests), desc=f"drawing {name}", unit="image",
        file=sys.stderr, disable=None,
    )  # fmt: skip
    return list(bar)


def _mapped(draw: Callable[[Request], Row], requests: Sequence[Request], processes: int) -> Iterator[Row]:
    if processes == 1:
        yield from map(draw, requests)
        return
    # Spawned, not forked: a fork of a process with torch's threads in it may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, -(-len(requests) // _CHUNK)), mp_context=context) as pool:
        try:
            with _without_main():
                drawn = pool.map(draw, requests, chunksize=_CHUNK)  # starts the processes
            yield from drawn
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


@contextmanager
def _without_main() -> Iterator[None]:
    """Hide the calling script from processes that are started: each would run it anew, and draw in its turn."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _existing(name: str, root: Path, wanted: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the summary of what is in `root` if it is what is wanted, None if the folder is free."""
    summary = root / f"{name}.json"
    try:
        if not root.exists() or (root.is_dir() and not any(root.iterdir())):
            return None
    except OSError as error:
        raise UserError(f"{root} cannot be read ({error.strerror}). Make it readable or choose another.") from error
    if not summary.is_file():
        raise UserError(
            f"{root} is in use and is no finished {name} data set ({summary.name} is missing). "
            "Choose an empty or new folder, or delete this one."
        )
    found = read_json(summary, what=f"the summary of {name}")
    if not isinstance(found, dict) or not wanted.keys() <= found.keys():
        raise UserError(f"{summary} is damaged. Delete {root} and ask again.")
    differing = [f"{key} {found[key]} instead of {value}" for key, value in wanted.items() if found[key] != value]
    if differing:
        raise UserError(
            f"{root} already holds other {name} ({', '.join(differing)}). Choose another folder, or delete this one."
        )
    return found
