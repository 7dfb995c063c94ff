"""The words of a text encoder: found beside it, and checked against the encoder's size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.text.captions_pickle import CaptionsPickle

EMBEDDING: Final = "encoder.weight"
"""The tensor of a text encoder that has a row a word."""

RELEASED: Final = {"cub": 5450, "coco": 27297}
"""Words of the released vocabularies, "<end>" included, by data set."""

_ARCHIVES: Final = {"cub": "birds.zip", "coco": "coco.zip"}
"""The archive of AttnGAN's metadata that holds captions.pickle, by data set."""


def check_words(words: Sequence[str], rows: int, *, encoder: str, source: str) -> None:
    """Check that a vocabulary has as many words as an encoder has rows.

    Args:
        words: the vocabulary, "<end>" included.
        rows: of the encoder's embedding.
        encoder: the encoder's file, for the error.
        source: where the words are from, for the error.

    Raises:
        UserError: the numbers differ. The text says which vocabulary the encoder needs and where it is found.
    """
    if len(words) == rows:
        return
    raise UserError(
        f"{encoder} was trained with a vocabulary of {rows:,} words, but {source} has {len(words):,}. {advice(rows)}"
    )


def advice(rows: int) -> str:
    """Return the sentences that say which captions.pickle an encoder of `rows` words needs."""
    archives = " or ".join(name for dataset, name in _ARCHIVES.items() if RELEASED.get(dataset) == rows)
    return (
        "A released encoder needs the captions.pickle released with it (5,450 words for birds, 27,297 for COCO), which "
        f"is in AttnGAN's metadata, {archives or 'birds.zip or coco.zip'}, linked from the README of "
        "github.com/taoxugit/AttnGAN; give it with --captions. A vocabulary built anew from the captions is wrong even "
        "where its size is right, since its words have other numbers."
    )


def warning_of(captions: CaptionsPickle, source: str) -> str:
    """Return a sentence about a vocabulary that was built anew, or a file that was repaired; "" for none."""
    sentences = []
    if captions.repaired:
        sentences.append(f"{source} was changed by a transfer in text mode; its line ends were put right.")
    if captions.order:
        order = "in alphabetical order" if captions.order == "alphabetical" else "in the order of their first use"
        sentences.append(
            f"The words of {source} stand {order}, as in a vocabulary that was built anew. If the encoder is a "
            "released one, it will misread every caption: use the released captions.pickle."
        )
    return " ".join(sentences)
