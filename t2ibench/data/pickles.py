"""The pickles of AttnGAN's metadata: names and classes of images, and the words of their captions."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from t2ibench.core.errors import UserError
from t2ibench.core.reading.pickles import checked_form, read_plain_pickle
from t2ibench.text.captions_pickle import read_captions_pickle

_NAMES: Final = TypeAdapter(list[str])
_NUMBERS: Final = TypeAdapter(list[int])
_CAPTIONS: Final = TypeAdapter(tuple[list[list[int]], list[list[int]]])


def read_file_names(path: Path) -> list[str]:
    """Return the image keys of a filenames.pickle, as in "001.Black_footed_Albatross/Black_Footed_Albatross_0046_18".

    Raises:
        UserError: as `read_plain_pickle`; or it is no list of strings; or a key is absolute or climbs out with "..".
    """
    names = checked_form(_NAMES, read_plain_pickle(path), path, "a list of image names")
    for name in names:
        if not name or name.startswith("/") or "\\" in name or ".." in name.split("/") or "\0" in name:
            raise UserError(f"{path} names the image {name!r}, which lies outside the data set. Fetch it again.")
    return names


def read_class_ids(path: Path) -> list[int]:
    """Return the class ids of a class_info.pickle, aligned with filenames.pickle.

    Raises:
        UserError: as `read_plain_pickle`; or it is no list of whole numbers.
    """
    return checked_form(_NUMBERS, read_plain_pickle(path), path, "a list of class numbers")


def read_caption_numbers(path: Path) -> tuple[list[list[int]], list[list[int]]]:
    """Return the captions of a captions.pickle as word indices: (of the training images, of the test images).

    They stand image by image in the order of filenames.pickle. Errors as `read_captions_pickle`.
    """
    read_captions_pickle(path)  # is strict about the indices
    return checked_form(_CAPTIONS, read_plain_pickle(path)[:2], path, "[train captions, test captions, ...]")
