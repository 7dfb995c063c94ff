"""Five sentences an image: paraphrased, partial, and always true."""

from __future__ import annotations

import random
from typing import Final

from t2ibench.core.noise import seed_of
from t2ibench_simulations.simbirds.facts import listed
from t2ibench_simulations.simscenes.scene import Group, Scene
from t2ibench_simulations.simscenes.vocabulary import NATURES, Place, Relation

CAPTIONS_PER_IMAGE: Final = 5
COUNTS: Final = ("a", "two", "three", "four")

GROUNDS: Final[dict[Place, tuple[str, ...]]] = {
    "meadow": ("on the grass", "in a green meadow"),
    "beach": ("on the sand", "on a beach"),
    "snow": ("on the snow", "in the snow"),
    "street": ("on a street", "on a grey road"),
    "room": ("on a wooden floor", "in a room"),
}
"""Where things stand."""
SURROUNDINGS: Final[dict[Place, tuple[str, ...]]] = {
    "meadow": ("in a green meadow", "in the countryside"),
    "beach": ("at the beach", "by the sea"),
    "snow": ("in a snowy place", "in winter"),
    "street": ("in a town", "in a street"),
    "room": ("in a room", "indoors"),
}
"""Where things are that need not stand."""

# (words between A and B, whether A comes first in the sentence)
WORDINGS: Final[dict[Relation, tuple[tuple[str, bool], ...]]] = {
    "left of": (("to the left of", True), ("left of", True), ("to the right of", False), ("right of", False)),
    "above": (("above", True), ("over", True), ("below", False), ("under", False)),
    "on": (("on", True), ("on top of", True), ("underneath", False)),
    "beside": (("next to", True), ("beside", True), ("next to", False), ("beside", False)),
}
_OPENINGS: Final = ("{it}", "{it}", "{it}", "{there} {it}", "an image of {it}", "this image shows {it}")
_LESS: Final = 0.15
"""How often the colour of one group is left out."""


def captions_for(scene: Scene) -> list[str]:
    """Return the captions of an image, all different, lower-case, of 2 to 18 words; they depend on the scene alone."""
    generator = random.Random(seed_of("simscenes captions", scene.seed))
    captions: list[str] = []
    while len(captions) < CAPTIONS_PER_IMAGE:
        caption = _caption(scene, generator)
        if caption not in captions:
            captions.append(caption)
    return captions


def _caption(scene: Scene, generator: random.Random) -> str:
    bare = generator.randrange(len(scene.groups)) if generator.random() < _LESS else -1
    names = [_named(group, place != bare) for place, group in enumerate(scene.groups)]
    # What stands on something else, or flies, does not stand on the ground.
    grounded = not any(NATURES[group.kind].flies for group in scene.groups) and all(
        relation != "on" for _, relation, _ in scene.relations
    )
    place = generator.choice((GROUNDS if grounded else SURROUNDINGS)[scene.place])
    first = 0
    if scene.relations and generator.random() < 0.8:
        # The first is what the scene was laid out for.
        subject, relation, other = (
            scene.relations[0] if generator.random() < 0.75 else generator.choice(scene.relations)
        )
        words, forward = generator.choice(WORDINGS[relation])
        first, last = (subject, other) if forward else (other, subject)
        said = f"{names[first]} {words} {names[last]}"
    else:
        order = generator.sample(range(len(names)), len(names))
        first = order[0]
        said = listed([names[member] for member in order])
    there = "there is" if scene.groups[first].count == 1 else "there are"
    where = generator.random()
    if where < 0.12:
        return f"{place} {there} {said}"
    sentence = generator.choice(_OPENINGS).format(it=said, there=there)
    return f"{sentence} {place}" if where < 0.6 else sentence


def _named(group: Group, coloured: bool) -> str:
    noun = group.kind if group.count == 1 else NATURES[group.kind].plural
    words = f"{group.colour} {noun}" if coloured else noun
    article = "an" if group.count == 1 and words[0] in "aeiou" else COUNTS[group.count - 1]
    return f"{article} {words}"
