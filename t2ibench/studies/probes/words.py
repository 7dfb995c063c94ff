"""Each word of a caption replaced by another of its kind, and how much of the model's attention a word had."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.noise import seed_of
from t2ibench.core.types import Trace
from t2ibench.studies.probes.questions import Question, Variant, filled
from t2ibench.text.tokenizer import tokenize

ORIGINAL: Final = "as it is"
_WORD: Final = re.compile(r"\w+")


def word_question(caption: str, kinds: Mapping[str, Sequence[str]]) -> Question:
    """Return the question of a caption: as it is, then with each of its words that has a kind replaced.

    The replacement is drawn by the caption and the place among the words of the kind that the caption does not hold.

    Raises:
        UserError: no word of the caption has another of its kind.
    """
    caption = " ".join(caption.split())
    found = list(_WORD.finditer(caption))
    taken = {match[0].lower() for match in found}
    variants = [Variant(caption, ORIGINAL)]
    for place, match in enumerate(found):
        word = match[0].lower()
        others = next((words for words in kinds.values() if word in words), ())
        free = [other for other in others if other not in taken]
        if not free:
            continue
        other = free[seed_of("probe of words", caption, place) % len(free)]
        bare = f"{caption[: match.start()]}{{}}{caption[match.end() :]}"
        variants.append(Variant(filled(bare, [other]), f"{word} → {other}", word, place))
    if len(variants) == 1:
        raise UserError(
            f"No word of the caption {caption!r} has another of its kind: add its words to `kinds` of "
            "[probes.words.on.DATA] in benchmarks.toml."
        )
    return Question(caption, tuple(variants), caption, "first")


def attention_shares(trace: Trace) -> list[dict[str, float]] | None:
    """Return how a model's attention is divided among a caption's words: word -> share, a mapping an image.

    The mean over the places of an image (or the steps of a drawing), then over the stages; a word that stands twice
    has both shares. None where the model has no attention to words.

    Args:
        trace: filled by the model.
    """
    if trace.attention:
        layers = [(one.words, one.weights.detach().float().flatten(2).mean(dim=2)) for one in trace.attention]  # N x T
    elif trace.drawing is not None and trace.drawing.weights is not None:
        layers = [(trace.drawing.words, trace.drawing.weights.detach().float().mean(dim=1))]  # N x T
    else:
        return None
    rows: list[dict[str, float]] = [{} for _ in layers[0][0]]
    for words, means in layers:
        for row, said, shares in zip(rows, words, means.cpu().tolist(), strict=True):
            for word, share in zip(said, shares[: len(said)], strict=True):
                row[word] = row.get(word, 0.0) + share / len(layers)
    return rows


def unknown_words(captions: Sequence[str], known: frozenset[str]) -> tuple[str, ...]:
    """Return the words of captions that are not known, in their order."""
    found = dict.fromkeys(word for caption in captions for word in tokenize(caption))
    return tuple(word for word in found if word not in known)
