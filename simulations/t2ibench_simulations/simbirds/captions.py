"""Ten sentences an image, in the manner of CUB's annotators: paraphrased, partial, and always true."""

from __future__ import annotations

import random
from collections import Counter

from t2ibench.core.noise import seed_of
from t2ibench_simulations.simbirds.appearance import Appearance
from t2ibench_simulations.simbirds.attributes import PLUMAGE, Attributes, Colour
from t2ibench_simulations.simbirds.facts import Fact, facts_of, listed, with_article
from t2ibench_simulations.simbirds.named_parts import SIZES, WORDS

CAPTIONS_PER_IMAGE = 10
LONGEST_CAPTION = 18
"""In words; a sentence that would be longer leaves a pattern or a fact out."""

_FEWEST_FACTS = 3
_COLOUR_TOPICS = ("wing", "belly", "crown", "breast", "back", "tail")


def captions_for(appearance: Appearance) -> list[str]:
    """Return the ten captions of an image, all different; they depend on the appearance alone."""
    bird = appearance.attributes
    generator = random.Random(seed_of("simbirds captions", appearance.seed, *bird.as_dict().values()))
    captions: list[str] = []
    while len(captions) < CAPTIONS_PER_IMAGE:
        caption = caption_for(bird, generator, legs=appearance.pose.perch != "air")
        if caption not in captions:
            captions.append(caption)
    return captions


def caption_for(bird: Attributes, generator: random.Random, *, legs: bool = True) -> str:
    """Return one true sentence about a bird, lower-case.

    It says three attributes or more, two or more of them colours of the plumage, mostly in 8 to 18 words.

    Args:
        bird: the bird.
        generator: decides what is said and how.
        legs: whether the legs can be seen and may be spoken of.
    """
    facts = facts_of(bird, generator, legs=legs)
    way = generator.random()
    main = main_colour(bird) if way < 0.20 else None
    if main is not None:
        # What has the main colour is said already; the rest is what makes a description.
        told_apart = {topic: fact for topic, fact in facts.items() if main not in fact.adjectives}
        if len(told_apart) >= 2 and any(topic in _COLOUR_TOPICS for topic in told_apart):
            facts = told_apart
        else:
            main = None
    chosen = _draw([topic for topic in facts if topic in _COLOUR_TOPICS], 1 if main else 2, generator)
    more = _FEWEST_FACTS - len(chosen) + (generator.random() < 0.4) - (main is not None)
    chosen += _draw([topic for topic in facts if topic not in chosen], more, generator)
    order = generator.sample(chosen, len(chosen))
    size = generator.choice(SIZES[bird.size])
    if main is not None:
        opening: str = generator.choice(WORDS["main_openings"])
    elif way > 0.88:
        opening = "this bird's {clauses}"
    else:
        opening = generator.choice(WORDS["size_openings" if way < 0.60 else "openings"])
    while True:
        said = [facts[topic] for topic in order]
        sentence = opening.format(
            facts=listed([fact.phrase for fact in said]),
            clauses=listed([fact.clause for fact in said]).removeprefix("its "),
            size=size, a_size=with_article(size), main=main,
        )  # fmt: skip
        patterned = [topic for topic in order if facts[topic].pattern]
        if len(sentence.split()) <= LONGEST_CAPTION:
            return sentence
        if len(order) > _FEWEST_FACTS:
            order.remove(chosen.pop())
        elif patterned:
            fact = facts[patterned[0]]
            facts[patterned[0]] = Fact(fact.noun, fact.adjectives, plural=fact.plural)
        else:
            return sentence


def main_colour(bird: Attributes) -> Colour | None:
    """Return the colour of five or more of the seven parts of the plumage, None if there is no such colour."""
    colour, count = Counter(bird.colour(part) for part in PLUMAGE).most_common(1)[0]
    return colour if count >= 5 else None


def _draw(topics: list[str], count: int, generator: random.Random) -> list[str]:
    left, drawn = list(topics), []
    for _ in range(min(count, len(left))):
        topic = generator.choices(left, [WORDS["weights"][topic] for topic in left])[0]
        left.remove(topic)
        drawn.append(topic)
    return drawn
