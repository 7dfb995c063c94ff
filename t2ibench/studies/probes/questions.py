"""What a probe asks: captions that differ in one thing, to be drawn with the same noise."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from t2ibench.core.errors import UserError
from t2ibench.core.noise import seed_of
from t2ibench.text.tokenizer import tokenize

Pairing = Literal["all", "first", "none"]
PLACE: Final = "{}"
MOST_VARIANTS: Final = 24
ORIGINAL: Final = "as it is"
"""Label of a caption whose words are replaced."""
_WORD: Final = re.compile(r"\w+")
_BRACES: Final = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Variant:
    """One wording.

    Attributes:
        text: the whole caption.
        label: what it is called at the head of its column.
        word: the word of the original caption that was replaced; "" where none was.
        place: which of the original's words that is, from 0; -1 where none was.
    """

    text: str
    label: str
    word: str = ""
    place: int = -1


@dataclass(frozen=True, slots=True)
class Question:
    """Wordings that share their noise.

    Attributes:
        title: the caption with its changed place, or what the wordings have in common.
        variants: the wordings, each a column.
        key: what the noise hangs on; it holds no wording, so that further ones leave the images of the others alone.
        pairing: which images of one noise are compared: all with all, the first with each other one, or none.
        group: part of the probe it belongs to, as in "held out of training"; "" for a probe of one part.
    """

    title: str
    variants: tuple[Variant, ...]
    key: str
    pairing: Pairing = "all"
    group: str = ""

    @property
    def noise_id(self) -> str:
        """The caption id that keyed noise hangs on, the same for all wordings."""
        return f"probe/{hashlib.sha256(self.key.encode()).hexdigest()}"

    @property
    def pairs(self) -> list[tuple[int, int]]:
        """Which wordings are compared, as (first, second) places."""
        count = len(self.variants)
        if self.pairing == "none":
            return []
        if self.pairing == "first":
            return [(0, other) for other in range(1, count)]
        return [(one, other) for one in range(count) for other in range(one + 1, count)]


def change_question(template: str) -> Question:
    """Return the question of a caption with one "{a|b|c}"; "a" before the place becomes "an" where it has to.

    Raises:
        UserError: there is not exactly one such place, or fewer than two wordings, or two that are equal.
    """
    template = " ".join(template.split())
    found = _BRACES.findall(template)
    if len(found) != 1 or template.count("{") != 1 or template.count("}") != 1:
        raise UserError(
            f"The caption {template!r} of a probe wants one place that changes, written as {{red|blue|green}}; "
            f"found {len(found)}."
        )
    wordings = [" ".join(one.split()) for one in found[0].split("|")]
    if len(wordings) < 2 or len(set(wordings)) != len(wordings):
        raise UserError(f"The caption {template!r} of a probe wants two or more different wordings between its braces.")
    if len(wordings) > MOST_VARIANTS:
        raise UserError(f"The caption {template!r} of a probe has {len(wordings)} wordings; {MOST_VARIANTS} are most.")
    bare = _BRACES.sub(PLACE, template)
    variants = tuple(Variant(filled(bare, [wording]), wording or "(nothing)") for wording in wordings)
    return Question(_BRACES.sub("…", template), variants, bare)


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


def fixed_question(title: str, captions: Sequence[str], *, group: str) -> Question:
    """Return the question of captions that have nothing to change, as those of what never happens."""
    tidy = [" ".join(caption.split()) for caption in captions]
    return Question(title, tuple(Variant(one, one) for one in tidy), "fixed captions", "none", group)


def unknown_words(captions: Sequence[str], known: frozenset[str]) -> tuple[str, ...]:
    """Return the words of captions that are not known, in their order."""
    found = dict.fromkeys(word for caption in captions for word in tokenize(caption))
    return tuple(word for word in found if word not in known)


def filled(bare: str, wordings: Sequence[str]) -> str:
    """Return a caption with its places "{}" filled in order, and "a" or "an" before each as it has to be."""
    parts = bare.split(PLACE)
    text = parts[0]
    for wording, part in zip(wordings, parts[1:], strict=True):
        text = re.sub(r"\b(a|A)n?( +)$", rf"\1{'n' if wording[:1].lower() in _VOWELS else ''}\2", text)
        text += wording + part
    return " ".join(text.split())


_VOWELS: Final = frozenset("aeiou")
