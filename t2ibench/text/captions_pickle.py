"""AttnGAN's captions.pickle: the words an encoder knows, in its own order. No torch here: data sets read it too."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from t2ibench.core.errors import UserError
from t2ibench.core.reading.pickles import checked_form, open_plain_pickle
from t2ibench.text.vocabulary import END

_FORM: Final = TypeAdapter(tuple[list[list[int]], list[list[int]], dict[int, str], dict[str, int]])


@dataclass(frozen=True)
class CaptionsPickle:
    """What a captions.pickle holds.

    Attributes:
        captions: as word indices: (of the training images, of the test images), image by image as in filenames.pickle.
        words: the vocabulary by index; index 0 is "<end>".
        order: what the words' order gives away: "alphabetical" or "first appearance" for a vocabulary that was rebuilt,
            "" otherwise. The released files have the order of Python 2's hashes, which is neither.
        repaired: see PlainPickle.
    """

    captions: tuple[Sequence[Sequence[int]], Sequence[Sequence[int]]]
    words: tuple[str, ...]
    order: str
    repaired: bool


def read_captions_pickle(path: Path) -> CaptionsPickle:
    """Return the content of a captions.pickle ([train captions, test captions, ixtoword, wordtoix]).

    Raises:
        UserError: as `open_plain_pickle`; or it is not of that form; its indices are not 0, 1, 2, ... with "<end>" at
            0; its two tables contradict each other; or a caption holds an index that is not among them.
    """
    content = open_plain_pickle(path)
    what = "[train captions, test captions, ixtoword, wordtoix]"
    train, test, table, indices = checked_form(_FORM, content.value, path, what)
    if table.get(0) != END or set(table) != set(range(len(table))):
        raise UserError(
            f"{path}: the vocabulary's indices are not 0, 1, 2, ... with '<end>' at 0. "
            "It is not the released file: fetch it again."
        )
    words = tuple(table[index] for index in range(len(table)))
    if any(indices.get(word, index) != index for index, word in table.items()) or len(set(words)) != len(words):
        raise UserError(f"{path}: its two tables of words contradict each other. It is damaged: fetch it again.")
    used = set().union(*train, *test)
    if used and not 0 <= min(used) <= max(used) < len(words):
        raise UserError(
            f"{path}: its captions use the index {max(used)}, but its vocabulary has {len(words)} words. "
            "It is damaged: fetch it again."
        )
    return CaptionsPickle((train, test), words, _order(words, [*train, *test]), content.repaired)


def _order(words: Sequence[str], captions: Sequence[Sequence[int]]) -> str:
    """Return what CaptionsPickle.order says."""
    if list(words[1:]) == sorted(words[1:]) and len(words) > 2:
        return "alphabetical"
    expected = 1
    for index in itertools.chain.from_iterable(captions):
        if index > expected:
            return ""
        expected += index == expected
    return "first appearance" if expected == len(words) > 2 else ""
