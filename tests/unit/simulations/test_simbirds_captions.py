import random
import re
from collections.abc import Iterator

import pytest

from t2ibench_simulations.simbirds.appearance import appearance_of
from t2ibench_simulations.simbirds.attributes import COLOURS, Attributes
from t2ibench_simulations.simbirds.captions import LONGEST_CAPTION, caption_for, captions_for
from t2ibench_simulations.simbirds.species import all_species

# Written down here again, not imported: the test reads captions as a reader would.
PART_OF = {
    "wings": "wing", "belly": "belly", "underside": "belly", "abdomen": "belly", "crown": "crown", "cap": "crown",
    "head": "head", "face": "head", "cheeks": "head", "breast": "breast", "chest": "breast", "throat": "breast",
    "back": "back", "tail": "tail", "bill": "bill", "beak": "bill", "legs": "legs", "feet": "legs",
}  # fmt: skip
MARK_OF = {
    "eyebrow": "eyebrow", "superciliary": "eyebrow", "mask": "mask", "eye mask": "mask", "eyering": "eyering",
    "eye ring": "eyering", "crest": "crest",
}  # fmt: skip
PATTERN_OF = {
    "wingbars": ("wing", "barred"), "wing bars": ("wing", "barred"), "bars": ("wing", "barred"),
    "stripes": ("wing", "striped"), "spots": ("breast", "spotted"), "speckles": ("breast", "spotted"),
    "streaks": ("breast", "streaked"),
}  # fmt: skip
SHAPE_OF = {
    "pointed": "pointed", "sharp": "pointed", "curved": "curved", "downcurved": "curved", "hooked": "hooked",
    "broad": "broad", "thick": "broad",
}  # fmt: skip
LENGTHS = {"short": "short", "long": "long", "medium sized": "medium"}
SIZES = {
    "tiny": "tiny", "tiny round": "tiny", "small": "small", "little": "small", "medium sized": "medium",
    "mid sized": "medium", "large": "large", "tall": "large", "long legged": "large",
}  # fmt: skip


def statements(caption: str) -> Iterator[tuple[str, str]]:
    """Yield (noun, what is said of it) until nothing is left of the sentence."""
    text = caption.replace("gray", "grey")
    if text.startswith("this bird's "):
        for clause in re.split(r", its | and its ", text.removeprefix("this bird's ")):
            noun, said = re.split(r" (?:is|are) ", clause, maxsplit=1)
            yield from with_pattern(noun, said)
        return
    match = re.match(r"(?:this is |the |this )?(?:an? )?(.*?) ?bird(?: (?:is |has |with |that has ))(.*)", text)
    assert match, caption
    before, rest = match.groups()
    if before:
        yield "bird", before
    aside = re.match(rf"((?:mostly )?(?:{'|'.join([*COLOURS, *SIZES])})) with (.*)", rest)
    if aside and " is " in caption:
        yield "bird", aside.group(1)
        rest = aside.group(2)
    for part in re.split(r", | and ", rest):
        part = re.sub(r"^an? ", "", part)
        head, _, pattern = part.partition(" with ")
        adjectives, noun = next(
            (head.removesuffix(noun).strip(), noun) for noun in sorted([*PART_OF, *MARK_OF], key=len, reverse=True)
            if head.endswith(f" {noun}")
        )  # fmt: skip
        yield noun, adjectives
        if pattern:
            yield from marks(pattern)


def with_pattern(noun: str, said: str) -> Iterator[tuple[str, str]]:
    said, _, pattern = said.partition(" with ")
    yield noun, said.replace(" and ", " ")
    if pattern:
        yield from marks(pattern)


def marks(pattern: str) -> Iterator[tuple[str, str]]:
    colour, noun = pattern.split(" ", 1)
    yield noun, colour


def check(noun: str, said: str, bird: Attributes) -> int:
    """Assert that a statement is true and return how many colours of the plumage it names."""
    if noun == "bird":
        words = said.removeprefix("mostly ")
        colour = next((name for name in COLOURS if words.endswith(name)), None)
        if colour is not None:
            parts = (bird.crown, bird.head, bird.back, bird.wing, bird.breast, bird.belly, bird.tail)
            assert parts.count(colour) >= 5
            words = words.removesuffix(colour).strip()
        assert not words or SIZES[words] == bird.size
        return colour is not None
    if noun in PATTERN_OF:
        part, pattern = PATTERN_OF[noun]
        assert getattr(bird, f"{part}_pattern") == pattern and getattr(bird, f"{part}_mark_colour") == said
        return 0
    if noun in MARK_OF:
        assert bird.head_mark == MARK_OF[noun] and bird.head_mark_colour == said
        return 0
    colours = 0
    part = PART_OF[noun]
    left = said
    for words in [*LENGTHS, *SHAPE_OF, *COLOURS]:
        if not re.search(rf"\b{words}\b", left):
            continue
        left = re.sub(rf"\b{words}\b", "", left, count=1)
        if words in COLOURS:
            assert getattr(bird, part) == words
            colours += part not in ("bill", "legs")
        elif words in SHAPE_OF:
            assert part == "bill" and bird.bill_shape == SHAPE_OF[words]
        else:
            assert getattr(bird, f"{part}_length") == LENGTHS[words]
    assert not left.strip(), f"{left!r} is not understood"
    if noun == "head":
        assert bird.crown == bird.head
    return colours


@pytest.mark.parametrize("start", range(0, 200, 50))
def test_every_word_of_every_caption_is_true(start: int) -> None:
    for species in all_species()[start : start + 50]:
        for index in range(2):
            for caption in captions_for(appearance_of(species, index)):
                said = list(statements(caption))
                colours = sum(check(noun, words, species.attributes) for noun, words in said)
                assert colours >= 2, caption
                assert len(said) >= 3, caption


def test_captions_are_ten_different_lower_case_sentences_of_fair_length() -> None:
    for species in all_species()[::11]:
        captions = captions_for(appearance_of(species, 0))
        assert len(set(captions)) == 10
        for caption in captions:
            assert caption == caption.lower() and re.fullmatch(r"[a-z', ]+", caption)
            assert 8 <= len(caption.split()) <= LONGEST_CAPTION + 1
            assert not re.search(r"\ba [aeiou]|\ban [^aeiou]|\b(\w+) \1\b", caption), caption


def test_captions_are_the_same_every_time_and_differ_between_images() -> None:
    assert captions_for(appearance_of(all_species()[8], 0)) == captions_for(appearance_of(all_species()[8], 0))
    assert captions_for(appearance_of(all_species()[8], 0)) != captions_for(appearance_of(all_species()[8], 1))


def test_hidden_legs_are_not_spoken_of() -> None:
    generator = random.Random(0)
    bird = next(species.attributes for species in all_species() if species.attributes.size == "small")
    captions = [caption_for(bird, generator, legs=False) for _ in range(300)]
    assert not any(re.search(r"\b(legs|feet)\b", caption) for caption in captions)
    assert any(re.search(r"\b(legs|feet)\b", caption_for(bird, generator)) for _ in range(300))
