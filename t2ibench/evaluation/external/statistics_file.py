"""Statistics of images in .npz files: those of pytorch-fid, clean-fid and TTUR are read, the same form is written.

All three keep `mu` (d) and `sigma` (d x d); clean-fid's files for KID keep `feats` (N x d). None says which network,
resize or images it was made from, so numbers made with it carry a warning. Ours add a text, `t2ibench`, that says so.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.files import atomic_path
from t2ibench.core.types import GaussianStatistics

ORIGIN_KEY: Final = "t2ibench"
_PARTS: Final = ("name", "version", "weights", "resize", "range")
"""What of an extractor's identity has to agree."""
_LARGEST: Final = 1e100
"""Numbers beyond this have squares and traces that overflow."""
_ROUNDING: Final = 1e-4
"""How far below 0, in parts of the trace, an eigenvalue may come out by rounding."""


@dataclass(frozen=True, eq=False)
class StatisticsFile:
    """The content of a file.

    Attributes:
        name: of the file, without its folder.
        digest: SHA-256 over the numbers, whatever the file's form.
        statistics: mean and covariance; of the features where the file holds those.
        features: float N x d; None where the file holds none.
        origin: what our own files say: {"extractor": {...}, "images": ..., "n": ...}; None in others.
    """

    name: str
    digest: str
    statistics: GaussianStatistics
    features: np.ndarray | None
    origin: Mapping[str, Any] | None

    def misfit(self, extractor: Mapping[str, Any], width: int | None = None) -> str:
        """Return why the numbers cannot be compared with an extractor's, "" if they can or nobody knows.

        Args:
            extractor: its identity, as records have it.
            width: numbers an image of its layer; None if not known.
        """
        if width is not None and width != len(self.statistics.mean):
            return (
                f"{self.name} holds {len(self.statistics.mean)} numbers an image, and {extractor.get('name')} gives "
                f"{width}: it was made with another network."
            )
        if self.origin is None:
            return ""
        made = self.origin["extractor"]
        for part in _PARTS:
            if made.get(part) != extractor.get(part):
                return (
                    f"{self.name} was made with {made.get('name')} ({part} {_short(made.get(part))}), and this column "
                    f"reads {extractor.get('name')} ({part} {_short(extractor.get(part))}): they cannot be compared."
                )
        return ""

    @property
    def doubt(self) -> str:
        """The warning that every number made with the file carries, "" for files of ours."""
        if self.origin is not None:
            return ""
        return (
            f"{self.name} does not say which network, resize and images it was made from: whether its preprocessing "
            "is that of this column is not known."
        )


def read_statistics(path: Path) -> StatisticsFile:
    """Return the content of a statistics file. Nothing in it is run.

    Raises:
        UserError: the file is missing, damaged, holds neither mu and sigma nor feats, or they do not fit.
    """
    wanted = "an .npz file with mu and sigma (pytorch-fid, clean-fid, TTUR) or feats (clean-fid)"
    try:
        content = path.read_bytes()
        if not content.startswith(b"PK"):  # numpy would take it for a pickle and advise to load it unsafely
            raise ValueError("it is no .npz file, which is a zip archive of arrays")
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            known: tuple[str, ...] = ("mu", "sigma", "feats", ORIGIN_KEY)
            keys = archive.files
            found = {key: _member(archive, key, path) for key in known if key in keys}
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist: it should be {wanted}.") from error
    except IsADirectoryError as error:
        raise UserError(f"{path} is a folder: it should be {wanted}.") from error
    except (OSError, ValueError, EOFError, AttributeError, KeyError, SyntaxError, zlib.error, NotImplementedError,
            RuntimeError, MemoryError, zipfile.BadZipFile) as error:  # fmt: skip
        reason = " ".join(str(error).split())[:100] or type(error).__name__
        raise UserError(f"{path} cannot be read as statistics ({reason}): it should be {wanted}.") from error
    origin = _origin(path, found)
    if "feats" in found:
        features = _numbers(path, "feats", found["feats"], 2)
        if len(features) < 2:
            raise UserError(f"{path}: feats has {len(features)} rows, and two at least are needed.")
        mean, covariance = features.mean(axis=0), np.cov(features, rowvar=False).reshape(features.shape[1], -1)
        return StatisticsFile(
            path.name, _digest(features), GaussianStatistics(mean, covariance, len(features)), features, origin
        )
    if "mu" not in found or "sigma" not in found:
        shown = ", ".join(sorted(keys)[:6]) or "nothing"
        raise UserError(f"{path} holds {shown}: it should be {wanted}.")
    mean, covariance = _numbers(path, "mu", found["mu"], 1), _numbers(path, "sigma", found["sigma"], 2)
    width = len(mean)
    if covariance.shape != (width, width):
        raise UserError(
            f"{path}: mu has {width} numbers and sigma {covariance.shape}; sigma should be {width} x {width}."
        )
    if not np.allclose(covariance, covariance.T, rtol=1e-4, atol=1e-6 * max(float(np.abs(covariance).max()), 1e-30)):
        raise UserError(f"{path}: sigma is not symmetric, so it is no covariance. Make the file again.")
    try:  # exists where no eigenvalue lies below the shift
        np.linalg.cholesky(covariance + max(_ROUNDING * np.trace(covariance), 1e-12) * np.eye(width))
    except np.linalg.LinAlgError as error:
        raise UserError(
            f"{path}: sigma has a negative eigenvalue, so it is no covariance. Make the file again."
        ) from error
    count = origin.get("n") if origin else None
    return StatisticsFile(
        path.name, _digest(mean, covariance), GaussianStatistics(mean, covariance, count), None, origin
    )


def write_statistics(path: Path, statistics: GaussianStatistics, origin: Mapping[str, Any]) -> None:
    """Write mu and sigma (float64) so that pytorch-fid, clean-fid and TTUR read them, with where they come from.

    Args:
        path: ends in .npz.
        statistics: what to write.
        origin: {"extractor": an identity as records have it, "images": what they show, "n": how many, ...}.

    Raises:
        UserError: the place cannot be written.
    """
    note = np.array(json.dumps({"schema": 1, **origin}, ensure_ascii=False, allow_nan=False))
    with atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, mu=statistics.mean, sigma=statistics.covariance, t2ibench=note)


def _numbers(path: Path, key: str, values: np.ndarray, dimensions: int) -> np.ndarray:
    if values.ndim != dimensions or not values.size or values.dtype.kind not in "fiu":
        raise UserError(
            f"{path}: {key} has the shape {values.shape} and the type {values.dtype}; it should be "
            f"{'a vector' if dimensions == 1 else 'a matrix'} of numbers."
        )
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise UserError(f"{path}: {key} has numbers that are not finite. Make the file again.")
    largest = float(np.abs(numbers).max())
    if largest > _LARGEST:
        raise UserError(
            f"{path}: {key} has numbers of up to {largest:.1e}, which no network's features reach and whose squares "
            "cannot be computed with. Make the file again."
        )
    return numbers


def _member(archive: Mapping[str, np.ndarray], key: str, path: Path) -> np.ndarray:
    """Return an archive's array; numpy hands out the bytes of members that are none."""
    values = archive[key]
    if not isinstance(values, np.ndarray):
        raise UserError(f"{path}: its member {key} is no array. Make the file again.")
    return values


def _origin(path: Path, found: Mapping[str, np.ndarray]) -> dict[str, Any] | None:
    if ORIGIN_KEY not in found:
        return None
    try:
        origin = json.loads(str(found[ORIGIN_KEY]))
        if not isinstance(origin, dict):
            raise TypeError("it is no table")
        if not isinstance(origin.get("extractor"), dict):
            raise TypeError("it names no extractor")
        count = origin.get("n")
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
            raise TypeError(f"it says that n is {str(count)[:40]!r}, which is no number of images")
    except (ValueError, TypeError, RecursionError) as error:
        raise UserError(
            f"{path}: its note on where it comes from is damaged ({error}). Make the file again."
        ) from error
    return dict(origin)


def _digest(*arrays: np.ndarray) -> str:
    hasher = hashlib.sha256()
    for array in arrays:
        hasher.update(str(array.shape).encode() + np.ascontiguousarray(array).tobytes())
    return hasher.hexdigest()


def _short(value: object) -> str:
    return str(value)[:12] if isinstance(value, str) and len(value) == 64 else str(value)
