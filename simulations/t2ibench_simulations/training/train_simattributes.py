"""Trains SimAttributes, the network that says whether an image of a simulated bird shows what its caption states.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_simattributes.py

draws birds, trains for some six minutes on one core and writes `weights.safetensors` and `card.json` into
networks/simattributes/. It shares no weight, no seed and no image with SimNet. A change of the weights
changes every number measured with them: their SHA-256 is part of the protocol that results are compared under.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from t2ibench_simulations.networks.simattributes.network import AttributeNetwork
from t2ibench_simulations.simbirds.appearance import Appearance, appearance_for
from t2ibench_simulations.simbirds.attributes import BILL_COLOURS, LEG_COLOURS, WORDS
from t2ibench_simulations.simbirds.make import VERSION
from t2ibench_simulations.training.judge_file import drawn, parser_of, shuffled, train, write_judge
from t2ibench_simulations.training.train_simnet import central, held_out, image_of, moved, random_bird, together

BATCH = 64
SEED = 4047
TRAINING_SEED = 500_000_000
HELD_OUT_SEED = 88_000_000
UNSEEN = -100
"""Label of what cannot be seen, as the legs of a flying bird; the loss passes over it."""


def labels_of(appearance: Appearance) -> list[int]:
    """Return the class of every attribute, in the order of WORDS; UNSEEN for the legs of a bird in the air."""
    words = appearance.attributes.as_dict()
    labels = [known.index(words[name]) for name, known in WORDS.items()]
    if appearance.pose.perch == "air":
        labels[list(WORDS).index("legs")] = UNSEEN
    return labels


def any_bird(seed: int) -> Appearance:
    """Return a bird of a training species or of random attributes.

    Bill and legs have colours of their own in half of them, so that they cannot be guessed from the species.
    """
    generator = random.Random(seed)
    bird = random_bird(generator)
    if generator.random() < 0.5:
        bird = replace(bird, bill=generator.choice(BILL_COLOURS), legs=generator.choice(LEG_COLOURS))
    return appearance_for(bird, seed)


def row_of(appearance: Appearance) -> tuple[NDArray[np.uint8], list[int]]:
    """Return the image of a bird, cut as the data pipeline cuts images, 76 x 76, and its labels."""
    return image_of(appearance), labels_of(appearance)


def batches(images: Tensor, labels: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (images N x 3 x 64 x 64 in [-1, 1], labels N x heads) without end; see `moved` for what is varied."""
    generator = torch.Generator().manual_seed(SEED)
    for rows in shuffled(len(images), BATCH, generator):
        yield moved(images[rows], generator)[0], labels[rows]


def losses(network: AttributeNetwork, source: Iterator[tuple[Tensor, Tensor]]) -> Iterator[Tensor]:
    """Yield the mean cross-entropy of all attributes."""
    for images, labels in source:
        answers = network(images.contiguous(memory_format=torch.channels_last))
        yield torch.stack(
            [
                functional.cross_entropy(answers[name], labels[:, at], label_smoothing=0.02, ignore_index=UNSEEN)
                for at, name in enumerate(WORDS)
            ]
        ).mean()


@torch.no_grad()
def accuracies(network: AttributeNetwork, images: Tensor, labels: Tensor) -> dict[str, float]:
    """Return attribute -> share of right answers on central crops, where it can be seen."""
    network.eval()
    parts = [network(part) for part in central(images).split(128)]
    shares = {}
    for at, name in enumerate(WORDS):
        visible = labels[:, at] != UNSEEN
        answer = torch.cat([part[name] for part in parts]).argmax(1)
        shares[name] = round((answer == labels[:, at])[visible].float().mean().item(), 3)
    return shares


def main() -> None:
    """Draw, train, measure, write."""
    options = parser_of(__doc__, images=9000, steps=1500).parse_args()
    seeds = range(TRAINING_SEED, TRAINING_SEED + options.images)
    images, labels = together(drawn(seeds, options.processes, any_bird, row_of))
    held = drawn(range(HELD_OUT_SEED, HELD_OUT_SEED + 1000), options.processes, held_out, row_of)
    torch.manual_seed(SEED)
    network = AttributeNetwork().to(memory_format=torch.channels_last)
    train(network, losses(network, batches(images, labels)), options.steps, rate=4e-3, decay=2e-2)
    write_judge(
        "simattributes",
        network,
        options,
        lambda: {"accuracy": accuracies(network, *together(held))},
        title="SimAttributes, which names what a simulated bird looks like",
        simbirds_version=VERSION,
        seed=SEED,
        held_out="1000 images of the 50 test species, which training never shows",
    )


if __name__ == "__main__":
    main()
