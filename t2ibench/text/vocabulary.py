"""Words to numbers. No torch here: the command line and the data sets use it too."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.text.tokenizer import tokenize

END: Final = "<end>"
"""The word of index 0: padding. It never occurs in a caption."""

UNKNOWN: Final = "<unk>"
"""Stands for every word that a learned vocabulary does not hold. It never occurs in a caption; released vocabularies
have nothing like it."""

RARE: Final = 2
"""Words that training captions hold less often are read as UNKNOWN, which is how the encoder learns to read it."""

_SHOWN_WORDS: Final = 8


@dataclass(frozen=True)
class Vocabulary:
    """The words an encoder knows, by index; index 0 is `END`, the padding.

    Build one with `from_captions`, `learned` or `from_words`. A released encoder needs the very vocabulary it was
    trained with, in its order: rebuilding one from the captions gives other indices, so `digest` travels with every
    encoder.
    """

    words: tuple[str, ...]

    @classmethod
    def from_captions(cls, texts: Iterable[str]) -> Vocabulary:
        """Return the vocabulary of all words in `texts`, sorted; none is left out for being rare."""
        found: set[str] = set()
        for text in texts:
            found.update(tokenize(text))
        return cls((END, *sorted(found)))

    @classmethod
    def learned(cls, texts: Iterable[str], minimum: int = RARE) -> Vocabulary:
        """Return the vocabulary of the words that occur `minimum` times or more in `texts`, sorted, after UNKNOWN.

        For data sets without a released vocabulary. The official code takes the words of the test captions too and has
        no unknown word; here the texts should be the training captions alone.
        """
        counts: Counter[str] = Counter()
        for text in texts:
            counts.update(tokenize(text))
        return cls((END, UNKNOWN, *sorted(word for word, count in counts.items() if count >= minimum)))

    @classmethod
    def from_words(cls, words: Sequence[str]) -> Vocabulary:
        """Return the vocabulary whose words are given in order, the first one being `END`.

        Raises:
            UserError: the list is empty, does not begin with `END`, or holds a word twice.
        """
        if not words:
            raise UserError(
                "An encoder needs a vocabulary, but the list of words is empty. Prepare the data set, or give words."
            )
        if words[0] != END:
            raise UserError(
                f"A vocabulary must begin with {END!r} (index 0 is the padding), but this begins with {words[0]!r}. "
                "Give the words in the order in which the encoder learned them."
            )
        twice = next((word for word, count in Counter(words).items() if count > 1), None)
        if twice is not None:
            raise UserError(f"The vocabulary holds {twice!r} twice; every word must have one index.")
        return cls(tuple(words))

    def __len__(self) -> int:
        return len(self.words)

    @functools.cached_property
    def indices(self) -> dict[str, int]:
        """Word -> index."""
        return {word: index for index, word in enumerate(self.words)}

    @functools.cached_property
    def _unknown(self) -> int:
        """Index of UNKNOWN, 0 (which is dropped) where there is none."""
        return self.indices.get(UNKNOWN, 0)

    @functools.cached_property
    def digest(self) -> str:
        """SHA-256 (64 hex digits) over the words in order."""
        return digest_of(list(self.words))

    def encode(self, text: str, maximum: int | None = None, priorities: Sequence[float] | None = None) -> list[int]:
        """Return the indices of a sentence's words, in order.

        Unknown words are dropped, as in the official code; a vocabulary with UNKNOWN reads them as that.

        Args:
            text: the sentence.
            maximum: a longer sentence is thinned to this many words; None keeps all.
            priorities: a number a word (at least as many as the sentence may have); the words with the smallest
                numbers are kept, in their order. None keeps the first ones.

        Raises:
            UserError: the sentence holds no word, or none that is known where there is no UNKNOWN.
        """
        tokens = tokenize(text)
        known = [index for token in tokens if (index := self.indices.get(token, self._unknown))]
        if not known:
            raise UserError(_unreadable(text, tokens))
        if maximum is None or len(known) <= maximum:
            return known
        if priorities is None:
            return known[:maximum]
        known = known[: len(priorities)]
        chosen = sorted(range(len(known)), key=lambda position: (priorities[position], position))[:maximum]
        return [known[position] for position in sorted(chosen)]

    def decode(self, indices: Iterable[int]) -> tuple[str, ...]:
        """Return the words of `indices`, the padding left out."""
        return tuple(self.words[index] for index in indices if index)


def _unreadable(text: str, tokens: Sequence[str]) -> str:
    if not tokens:
        return f"The caption {text!r} holds no words. Give a sentence in English letters."
    shown = ", ".join(repr(token) for token in tokens[:_SHOWN_WORDS]) + (", ..." if len(tokens) > _SHOWN_WORDS else "")
    return (
        f"The caption {text!r} holds no word that the text encoder knows (it holds {shown}). "
        "Use words of the data set the encoder was trained on."
    )
