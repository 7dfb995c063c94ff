"""The simbirds species: 200 invented birds, 150 to train on and 50 to test on, the same on every machine.

A larger world has further training species after them, of the same laws, and the same 50 to test on.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache
from typing import Literal, get_args

from t2ibench_simulations.simbirds.attributes import (
    BILL_COLOURS,
    COLOURS,
    CONTRAST,
    LEG_COLOURS,
    PLUMAGE,
    Attributes,
    BillLength,
    BillShape,
    BreastPattern,
    Colour,
    HeadMark,
    Size,
    TailLength,
    WingPattern,
)
from t2ibench_simulations.simbirds.naming import name_species

TABLE_SEED = 20110
TRAIN_SPECIES = 150
TEST_SPECIES = 50
HELD_OUT_REPEATS = 2

# (wing colour, belly colour) pairs that no training species has and that two test species each have.
HELD_OUT_PAIRS: tuple[tuple[Colour, Colour], ...] = (
    ("blue", "yellow"),
    ("red", "white"),
    ("green", "orange"),
    ("black", "pink"),
    ("brown", "blue"),
    ("orange", "black"),
    ("yellow", "red"),
    ("purple", "green"),
    ("white", "purple"),
    ("grey", "brown"),
)

# Colours that real birds wear more often are drawn more often.
_WEIGHT: dict[Colour, int] = {
    "black": 5, "white": 5, "grey": 4, "brown": 5, "red": 4, "orange": 3, "yellow": 4, "green": 3, "blue": 4,
    "purple": 3, "pink": 3,
}  # fmt: skip
_ACCENTS: tuple[Colour, ...] = ("red", "yellow", "black", "white", "orange", "blue", "pink", "green", "purple", "brown")
# How the three colours wing (w), belly (b) and accent (a) fall on crown, head, back, wing, breast, belly, tail.
_SCHEMES = ("wwwwbbw", "wwwwbbw", "awwwbbw", "abwwbbw", "aawwabw", "wwwwabw", "bbbwbbw", "bbbwbbw", "wwwwwbw",
            "aawwbbw", "aawwbba", "bbwwbbw", "aabwbbw")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Species:
    """One class of the data set.

    Attributes:
        number: 1-based class number, as in CUB's classes.txt.
        name: CUB's manner of class name, as in "017.Black_winged_Sparrow".
        attributes: what the bird looks like.
        split: "train" or "test"; no species is in both.
        held_out: whether its (wing, belly) colours are one of HELD_OUT_PAIRS.
    """

    number: int
    name: str
    attributes: Attributes
    split: Literal["train", "test"]
    held_out: bool

    @property
    def file_stem(self) -> str:
        """The name with every word capitalised, as CUB begins its file names."""
        return "_".join(word[:1].upper() + word[1:] for word in self.name.split(".", 1)[1].split("_"))


def is_held_out(attributes: Attributes) -> bool:
    """Return whether the wing and belly colours form one of HELD_OUT_PAIRS."""
    return (attributes.wing, attributes.belly) in HELD_OUT_PAIRS


@cache
def all_species() -> tuple[Species, ...]:
    """Return the 200 species in the order of their numbers (ordered by noun, then by name, as CUB's are)."""
    generator = random.Random(TABLE_SEED)
    taken: set[tuple[str, ...]] = set()
    drawn: list[tuple[Attributes, Literal["train", "test"]]] = []
    pairs = _training_pairs(generator, TRAIN_SPECIES)
    drawn += [(_bird(generator, pair, taken), "train") for pair in pairs]
    seen = sorted(set(pairs))
    test_pairs = list(HELD_OUT_PAIRS) * HELD_OUT_REPEATS
    test_pairs += generator.sample(seen, TEST_SPECIES - len(test_pairs))
    drawn += [(_bird(generator, pair, taken), "test") for pair in test_pairs]
    names = name_species([attributes for attributes, _ in drawn], generator)
    ordered = sorted(zip(names, drawn, strict=True), key=lambda row: (row[0].rsplit("_", 1)[1], row[0]))
    return tuple(
        Species(number, f"{number:03d}.{name}", attributes, split, is_held_out(attributes))
        for number, (name, (attributes, split)) in enumerate(ordered, start=1)
    )


@cache
def species_table(train: int = TRAIN_SPECIES) -> tuple[Species, ...]:
    """Return the 200 species and, for more than 150 training species, further ones that look like none of them."""
    table = list(all_species())
    taken: set[tuple[str, ...]] = {tuple(bird.attributes.colour(part) for part in PLUMAGE) for bird in table}
    while len(table) < train + TEST_SPECIES:
        generator = random.Random(f"{TABLE_SEED}/{len(table)}")
        count = min(TRAIN_SPECIES, train + TEST_SPECIES - len(table))
        birds = [_bird(generator, pair, taken) for pair in _training_pairs(generator, count)]
        names = name_species(birds, generator)
        table += [
            Species(number, f"{number:03d}.{name}", bird, "train", False)
            for number, (name, bird) in enumerate(zip(names, birds, strict=True), start=len(table) + 1)
        ]
    return tuple(table)


def spread_species(count: int, table: tuple[Species, ...] | None = None) -> tuple[Species, ...]:
    """Return `count` species (4 or more) taken evenly from a table, training and test species in its shares.

    Args:
        count: how many; at most the table's.
        table: of `species_table`; None for the 200, of which three are to train on for each one to test on.
    """
    table = table or all_species()
    train = [species for species in table if species.split == "train"]
    test = [species for species in table if species.split == "test"]
    held, other = ([bird for bird in test if bird.held_out is wanted] for wanted in (True, False))
    test_count = max(1, round(count * TEST_SPECIES / len(table)))
    # Held-out combinations keep their share, so that a thinned data set can probe them too.
    held_count = max(1, round(test_count * len(held) / len(test)))
    chosen = [*_evenly(train, count - test_count), *_evenly(held, held_count), *_evenly(other, test_count - held_count)]
    return tuple(sorted(chosen, key=lambda species: species.number))


def _evenly(rows: list[Species], count: int) -> list[Species]:
    return [rows[place * len(rows) // count] for place in range(count)]


def _training_pairs(generator: random.Random, count: int) -> list[tuple[Colour, Colour]]:
    # Every wing colour and every belly colour comes once; the rest is drawn by weight.
    pairs = [(colour, COLOURS[(place + 5) % len(COLOURS)]) for place, colour in enumerate(COLOURS)]
    pairs = [(wing, belly if (wing, belly) not in HELD_OUT_PAIRS else wing) for wing, belly in pairs]
    while len(pairs) < count:
        wing, belly = generator.choices(COLOURS, [_WEIGHT[colour] for colour in COLOURS], k=2)
        # Birds of one colour all over exist but are few; a pair seen four times is enough.
        one_colour = wing == belly and generator.random() > 0.5
        if (wing, belly) not in HELD_OUT_PAIRS and not one_colour and pairs.count((wing, belly)) < 4:
            pairs.append((wing, belly))
    return pairs[:count]


def _bird(generator: random.Random, pair: tuple[Colour, Colour], taken: set[tuple[str, ...]]) -> Attributes:
    while True:
        bird = _draw(generator, *pair)
        plumage = tuple(bird.colour(part) for part in PLUMAGE)
        if plumage not in taken:
            taken.add(plumage)
            return bird


def _draw(generator: random.Random, wing: Colour, belly: Colour) -> Attributes:
    accent = generator.choice([colour for colour in _ACCENTS if colour not in (wing, belly)])
    ink: dict[str, Colour] = {"w": wing, "b": belly, "a": accent}
    crown, head, back, _, breast, _, tail = (ink[letter] for letter in generator.choice(_SCHEMES))
    size: Size = generator.choices(get_args(Size), (3, 4, 4, 3))[0]
    bill = generator.choices(BILL_COLOURS, (5, 3, 1, 3, 3, 1))[0]
    if bill == head:
        # A bill of the colour of the face cannot be told from it.
        bill = "orange" if head == "black" else "black"
    lengths: dict[Size, tuple[int, int, int]] = {
        "tiny": (4, 2, 2), "small": (4, 3, 1), "medium": (3, 3, 2), "large": (0, 2, 4)
    }  # fmt: skip
    tails: dict[Size, tuple[int, int, int]] = {
        "tiny": (4, 2, 1), "small": (2, 3, 2), "medium": (1, 2, 4), "large": (4, 2, 0)
    }  # fmt: skip
    breast_pattern = generator.choices(get_args(BreastPattern), (10, 2, 2))[0]
    if CONTRAST[breast] != CONTRAST[belly] or breast in ("red", "green", "blue", "purple"):
        # Spots run over breast and belly, so one ink must show on both.
        breast_pattern = "plain"
    return Attributes(
        crown=crown, head=head, back=back, wing=wing, breast=breast, belly=belly, tail=tail, bill=bill,
        legs=generator.choices(LEG_COLOURS, (4, 3, 2, 3, 3, 1, 2))[0],
        wing_pattern=generator.choices(get_args(WingPattern), (7, 3, 2))[0],
        breast_pattern=breast_pattern,
        head_mark=generator.choices(get_args(HeadMark), (8, 2, 2, 2, 3))[0],
        bill_length=generator.choices(get_args(BillLength), lengths[size])[0],
        bill_shape=generator.choices(get_args(BillShape), (5, 3, 2, 3))[0],
        tail_length=generator.choices(get_args(TailLength), tails[size])[0],
        size=size,
    )  # fmt: skip
