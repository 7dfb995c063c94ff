"""Names of the invented species, in CUB's manner: what is striking about the bird, then what kind of bird it is."""

from __future__ import annotations

import random

from t2ibench_simulations.simbirds.attributes import Attributes, Part
from t2ibench_simulations.simbirds.named_parts import WORDS


def name_species(birds: list[Attributes], generator: random.Random) -> list[str]:
    """Return a name for each bird, all different and all true, as in "Black_winged_Sparrow".

    Raises:
        ValueError: the names of a kind of bird are used up.
    """
    taken: set[str] = set()
    names: list[str] = []
    for bird in birds:
        nouns = list(WORDS["species"][bird.size][bird.bill_shape])
        generator.shuffle(nouns)
        candidates = [f"{adjective}_{noun}" for adjective in _adjectives(bird) for noun in nouns]
        free = [name for name in candidates if name not in taken]
        if not free:
            raise ValueError(f"no name is left for {bird}")
        taken.add(free[0])
        names.append(free[0])
    return names


def _adjectives(bird: Attributes) -> list[str]:
    striking: list[Part] = []
    if bird.crown != bird.head:
        striking.append("crown")
    if bird.breast not in (bird.belly, bird.wing):
        striking.append("breast")
    if bird.head not in (bird.wing, bird.belly):
        striking.append("head")
    striking += ["belly", "wing"] if bird.belly != bird.wing else ["wing", "belly"]
    rest: list[Part] = ["tail", "bill", "back", "legs", "head", "breast", "crown"]
    order = striking + [part for part in rest if part not in striking]
    return [f"{bird.colour(part).capitalize()}_{WORDS['endings'][part]}" for part in order]
