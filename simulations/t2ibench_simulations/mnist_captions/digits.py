"""Where the digits come from: MNIST's files, scikit-learn's small digits, or strokes drawn by code."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench_simulations.mnist_captions.idx import read_part
from t2ibench_simulations.mnist_captions.scenes import DIGIT
from t2ibench_simulations.mnist_captions.strokes import draw_digit

DRAWN, SKLEARN, MNIST = "drawn", "scikit-learn", "mnist"
OFFLINE: Final = (DRAWN, SKLEARN)
"""Sources that no file has to be brought for."""

CAVEATS: Final = {
    DRAWN: "its digits are drawn by code and are not MNIST's: numbers may not be compared with ones measured on MNIST.",
    SKLEARN: "its digits are scikit-learn's, 8 x 8 pixels enlarged, and not MNIST's: numbers may not be compared with "
    "ones measured on MNIST.",
    MNIST: "",
}
"""Source -> what every number measured with it has to say."""

_DRAWN_COUNTS: Final = {"train": 50_000, "test": 10_000}
_TRAINING_SHARE: Final = 0.8
_ENLARGED: Final = 20


@dataclass(frozen=True)
class Pool:
    """Digits to draw from.

    Attributes:
        labels: of all digits, 0 to 9.
        image: place -> uint8 28 x 28.
    """

    labels: Sequence[int]
    image: Callable[[int], np.ndarray]


def open_pool(source: str, part: str, folder: Path | None = None) -> Pool:
    """Return the digits of a part, "train" or "test"; the parts share none.

    Args:
        source: DRAWN, SKLEARN or MNIST.
        part: which.
        folder: of MNIST's files.

    Raises:
        UserError: scikit-learn is not installed, or MNIST's files are missing or damaged.
    """
    if source == DRAWN:
        labels = [index % 10 for index in range(_DRAWN_COUNTS[part])]
        return Pool(labels, lambda index: draw_digit(labels[index], part, index))
    if source == SKLEARN:
        images, known = _sklearn_digits()
        cut = round(_TRAINING_SHARE * len(known))
        chosen = slice(cut) if part == "train" else slice(cut, None)
        small, shown = images[chosen], [int(label) for label in known[chosen]]
        return Pool(shown, lambda index: _enlarged(small[index]))
    if folder is None:
        raise ValueError("MNIST's digits need the folder of its files.")
    pool, marks = read_part(folder, part)
    return Pool([int(label) for label in marks], lambda index: pool[index])


def _sklearn_digits() -> tuple[np.ndarray, np.ndarray]:
    """Return scikit-learn's digits, N x 8 x 8 from 0 to 16, and their labels."""
    try:
        found = importlib.import_module("sklearn.datasets").load_digits()
    except ModuleNotFoundError as error:
        raise UserError(
            'digits = "scikit-learn" needs scikit-learn: pip install "t2ibench[mnist]", or take digits = "drawn".'
        ) from error
    return found.images, found.target


def _enlarged(small: np.ndarray) -> np.ndarray:
    """Return uint8 28 x 28 of an 8 x 8 digit: in the middle 20 pixels, as MNIST's."""
    from PIL import Image

    image = Image.fromarray((small * (255 / 16)).round().astype(np.uint8))
    digit = np.zeros((DIGIT, DIGIT), dtype=np.uint8)
    start = (DIGIT - _ENLARGED) // 2
    inner = image.resize((_ENLARGED, _ENLARGED), Image.Resampling.BICUBIC)
    digit[start : start + _ENLARGED, start : start + _ENLARGED] = np.asarray(inner)
    return digit
