"""Sentences to words, as AttnGAN's data loader does it. No torch here: the command line uses it too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_WORD: Final = re.compile(r"\w+")
_BROKEN_PAIR: Final = "\ufffd\ufffd"


def tokenize(text: str) -> tuple[str, ...]:
    r"""Return the words of a sentence, lower-case and ASCII, in order; empty where it has none.

    Two U+FFFD in a row (a broken two-byte character) become a space, words are maximal runs of `\w` (Unicode), and
    each is then stripped of its non-ASCII characters. So apostrophes and hyphens split words, digits and underscores
    stay, accents vanish with their letter ("café" -> "caf").

    Source: AttnGAN's `load_captions` (nltk's RegexpTokenizer on `\w+`). User sentences go the same way; the official
    `gen_example` forgets the U+FFFD step under Python 2.
    """
    words = _WORD.findall(text.replace(_BROKEN_PAIR, " ").lower())
    reduced = (word.encode("ascii", "ignore").decode("ascii") for word in words)
    return tuple(word for word in reduced if word)


def usable_captions(texts: Iterable[str]) -> tuple[str, ...]:
    """Return the captions that hold a word, each in one line, in order; an ASCII letter or digit makes a word."""
    lines = (" ".join(text.split()) for text in texts)
    return tuple(line for line in lines if tokenize(line))


def usable_lines(lines: Iterable[str]) -> list[str]:
    """Return the lines of a caption file that hold at least one token, without their line ends, in order.

    A line counts by its Unicode tokens, before the reduction to ASCII, as in the official loader; a line that has only
    non-ASCII letters is therefore kept, and is empty afterwards.
    """
    stripped = (line.rstrip("\r\n") for line in lines)
    return [line for line in stripped if _WORD.search(line.replace(_BROKEN_PAIR, " "))]
