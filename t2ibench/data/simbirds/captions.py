"""Ten sentences a picture, in the manner of CUB's annotators: paraphrased, partial, and always true."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass

from t2ibench.data.simbirds.appearance import Appearance
from t2ibench.data.simbirds.attributes import PLUMAGE, Attributes, Colour
from t2ibench.noise import seed_of

CAPTIONS_PER_IMAGE = 10
_LONGEST = 18
_SIZES = {
    "tiny": ("tiny", "tiny", "very small", "tiny round"),
    "small": ("small", "small", "little"),
    "medium": ("medium sized", "medium sized", "mid sized"),
    "large": ("large", "large", "tall", "long legged"),
}
_BILLS = {
    "pointed": ("pointed", "pointed", "sharp"),
    "curved": ("curved", "curved", "downcurved"),
    "hooked": ("hooked",),
    "broad": ("broad", "broad", "thick"),
}
_LENGTHS = {"short": ("short", "short", "small"), "medium": ("medium", "medium sized"), "long": ("long",)}
_OPENINGS = ("this bird has {}", "this bird has {}", "the bird has {}", "a bird with {}", "this is a bird with {}")
_SIZE_OPENINGS = ("a {size} bird with {}", "this {size} bird has {}", "this is a {size} bird with {}",
                  "the bird is {size} with {}", "{size} bird with {}")  # fmt: skip
_MAIN_OPENINGS = ("this is a {size} {main} bird with {}", "a {size} {main} bird with {}", "this {main} bird has {}",
                  "this bird is mostly {main}, with {}", "a mostly {main} bird that has {}")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fact:
    """Something true of a bird that can be said.

    Attributes:
        noun: the part as the sentence calls it.
        adjectives: what stands before the noun, as in "short pointed".
        tail: what follows the noun, as in " with white wingbars"; "" mostly.
        plural: whether the noun is plural.
        colour: whether a colour is said.
    """

    noun: str
    adjectives: str
    tail: str = ""
    plural: bool = False
    colour: bool = True

    @property
    def phrase(self) -> str:
        """The fact as a thing to have: "a short pointed bill"."""
        body = f"{self.adjectives} {self.noun}{self.tail}"
        return body if self.plural else with_article(body)

    @property
    def statement(self) -> str:
        """The fact as a clause: "its belly is white"."""
        return f"its {self.noun} {'are' if self.plural else 'is'} {self.adjectives}{self.tail}"


def with_article(words: str) -> str:
    """Return the words with "a" or "an" before them."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def captions_for(appearance: Appearance) -> list[str]:
    """Return the ten captions of a picture, all different; they depend on the appearance alone."""
    generator = random.Random(seed_of("simbirds captions", appearance.seed, *appearance.attributes.as_dict().values()))
    captions: list[str] = []
    while len(captions) < CAPTIONS_PER_IMAGE:
        caption = caption_for(appearance.attributes, generator, legs=appearance.pose.perch != "air")
        if caption not in captions:
            captions.append(caption)
    return captions


def caption_for(bird: Attributes, generator: random.Random, *, legs: bool = True) -> str:
    """Return one true sentence about a bird: lower-case, three or more attributes, two or more of them colours.

    Args:
        bird: the bird.
        generator: decides what is said and how.
        legs: whether the legs can be seen and may be spoken of.
    """
    facts = _facts(bird, generator, legs)
    coloured = [name for name in facts if name in ("crown", "wing", "belly", "breast", "back", "tail")]
    weights = {"wing": 4, "belly": 4, "crown": 4, "breast": 3, "bill": 3, "mark": 2, "face": 2}
    chosen = _draw(generator, coloured, weights, 2)
    rest = [name for name in facts if name not in chosen]
    chosen += _draw(generator, rest, weights, 1 + (generator.random() < 0.4))
    order = list(chosen)
    generator.shuffle(order)
    main = _main_colour(bird)
    size = generator.choice(_SIZES[bird.size])
    way = generator.random()
    while True:
        said = [facts[name] for name in order]
        if way < 0.14 and all(not fact.tail for fact in said):
            clauses = [fact.statement for fact in said]
            sentence = f"{with_article(size)} bird, {_listed(clauses)}" if way < 0.05 else f"this bird: {_listed(clauses)}"
            sentence = sentence.replace("this bird: its", "this bird's", 1).replace("bird's", "birds", 0)
        elif way < 0.34 and main:
            kept = [fact for fact in said if fact.adjectives != main] or said
            opening = generator.choice(_MAIN_OPENINGS)
            sentence = opening.format(_listed([fact.phrase for fact in kept]), size=size, main=main)
        else:
            opening = generator.choice(_SIZE_OPENINGS if way < 0.66 else _OPENINGS)
            sentence = opening.format(_listed([fact.phrase for fact in said]), size=size)
        if len(sentence.split()) <= _LONGEST or len(order) <= 3:
            return sentence.replace("a orange", "an orange")
        order.remove(chosen[len(order) - 1])


def _draw(generator: random.Random, names: list[str], weights: dict[str, int], count: int) -> list[str]:
    left, drawn = list(names), []
    for _ in range(min(count, len(left))):
        name = generator.choices(left, [weights.get(name, 1) for name in left])[0]
        left.remove(name)
        drawn.append(name)
    return drawn


def _facts(bird: Attributes, generator: random.Random, legs: bool) -> dict[str, Fact]:
    pick = generator.choice

    def say(colour: Colour) -> str:
        return "gray" if colour == "grey" and generator.random() < 0.15 else colour

    wing_tail = {
        "plain": "",
        "barred": f" with {say(bird.wing_mark_colour)} {pick(('wingbars', 'wing bars', 'bars'))}",
        "striped": f" with {say(bird.wing_mark_colour)} stripes",
    }[bird.wing_pattern]
    spots = {"plain": "", "spotted": pick(("spots", "speckles")), "streaked": "streaks"}[bird.breast_pattern]
    breast_tail = f" with {say(bird.breast_mark_colour)} {spots}" if spots else ""
    one_head = bird.crown == bird.head
    head_noun = pick(("head", "head", "crown")) if one_head else pick(("crown", "crown", "cap"))
    facts = {
        "wing": Fact("wings", say(bird.wing), wing_tail if generator.random() < 0.6 else "", plural=True),
        "belly": Fact(pick(("belly", "belly", "belly", "underside", "abdomen")), say(bird.belly)),
        "crown": Fact(head_noun, say(bird.crown)),
        "breast": Fact(pick(("breast", "breast", "chest", "throat")), say(bird.breast)),
        "back": Fact("back", say(bird.back)),
        "tail": _tail(bird, generator, say(bird.tail)),
        "bill": _bill(bird, generator, say(bird.bill)),
    }
    if breast_tail and facts["breast"].noun != "throat" and generator.random() < 0.6:
        facts["breast"] = Fact(facts["breast"].noun, say(bird.breast), breast_tail)
    if not one_head:
        facts["face"] = Fact(*pick((("face", False), ("cheeks", True)))[:1], say(bird.head))
        if generator.random() < 0.4:
            facts["face"] = Fact("cheeks", say(bird.head), plural=True)
        else:
            facts["face"] = Fact("face", say(bird.head))
    if legs:
        facts["legs"] = Fact(pick(("legs", "legs", "feet")), say(bird.legs), plural=True)
    mark = say(bird.head_mark_colour)
    if bird.head_mark == "eyebrow":
        facts["mark"] = Fact(pick(("eyebrow", "eyebrow", "superciliary")), mark)
    elif bird.head_mark == "mask":
        facts["mark"] = Fact(pick(("mask", "eye mask")), mark)
    elif bird.head_mark == "eyering":
        facts["mark"] = Fact(pick(("eyering", "eye ring")), mark)
    elif bird.head_mark == "crest":
        facts["mark"] = Fact("crest", mark)
    return facts


def _tail(bird: Attributes, generator: random.Random, colour: str) -> Fact:
    if generator.random() < 0.4 and bird.tail_length != "medium":
        return Fact("tail", f"{bird.tail_length} {colour}")
    return Fact("tail", colour)


def _bill(bird: Attributes, generator: random.Random, colour: str) -> Fact:
    noun = generator.choice(("bill", "bill", "bill", "beak", "beak"))
    length, shape = generator.choice(_LENGTHS[bird.bill_length]), generator.choice(_BILLS[bird.bill_shape])
    way = generator.random()
    if way < 0.40:
        return Fact(noun, f"{length} {shape}", colour=False)
    if way < 0.60:
        return Fact(noun, f"{length} {colour}")
    if way < 0.80:
        return Fact(noun, f"{shape} {colour}")
    return Fact(noun, colour)


def _main_colour(bird: Attributes) -> Colour | None:
    colour, count = Counter(bird.colour(part) for part in PLUMAGE).most_common(1)[0]
    return colour if count >= 5 else None


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
