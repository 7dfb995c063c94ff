"""Trains SimCLIP, which reads images and captions of simulated birds into one space, as CLIP does for photographs.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_simclip.py

draws birds, trains for half an hour on one core and writes `weights.safetensors` and `card.json` into
networks/simclip/. It shares no weight, no seed and no image with the other judges, and sees no bird of a
test species. A change of the weights changes every number measured with them: their SHA-256 is part of a result's
identity.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from t2ibench.text.tokenizer import tokenize
from t2ibench_simulations.networks.packaged import marked
from t2ibench_simulations.networks.simclip.network import CLIPNetwork, tokens_of
from t2ibench_simulations.simbirds.appearance import Appearance
from t2ibench_simulations.simbirds.captions import captions_for
from t2ibench_simulations.simbirds.make import VERSION
from t2ibench_simulations.simbirds.statements import STATEMENTS, statements_in, true_statements
from t2ibench_simulations.training.judge_file import drawn, parser_of, shuffled, train, write_judge
from t2ibench_simulations.training.train_simattributes import any_bird
from t2ibench_simulations.training.train_simnet import central, held_out, image_of, moved, stack

BATCH = 160
SEED = 7919
TRAINING_SEED = 600_000_000
HELD_OUT_SEED = 99_000_000
LARGEST_SCALE = 100.0

Row = tuple[NDArray[np.uint8], list[str], frozenset[tuple[str, str]]]
"""An image 76 x 76 x 3, its ten captions, and all that is true of the bird."""


def row_of(appearance: Appearance) -> Row:
    """Return the image of a bird, its captions, and all that is true of it."""
    return image_of(appearance), captions_for(appearance), true_statements(appearance.attributes)


def contrast(images: Tensor, sentences: Tensor, scale: Tensor, also_true: Tensor) -> Tensor:
    """Return CLIP's symmetric cross-entropy over a batch's pairs.

    Differs from CLIP: a caption that is true of another image of the batch is not held against it, since the birds'
    attributes are known.

    Args:
        images: codes N x D.
        sentences: codes N x D.
        scale: what cosines are multiplied by.
        also_true: bool N x N, whether caption j is true of image i.
    """
    logits = scale * functional.normalize(images, dim=1) @ functional.normalize(sentences, dim=1).T
    own = torch.arange(len(logits))
    passed_over = also_true.clone()
    passed_over[own, own] = False
    logits = logits.masked_fill(passed_over, -torch.inf)
    return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2


def losses(network: CLIPNetwork, rows: list[Row], words: tuple[str, ...]) -> Iterator[Tensor]:
    """Yield a loss a batch, of one caption of every image."""
    generator = torch.Generator().manual_seed(SEED)
    images, true = stack([row[0] for row in rows]), marked([row[2] for row in rows], STATEMENTS)
    for chosen in shuffled(len(rows), BATCH, generator):
        seen, _ = moved(images[chosen], generator)
        which = torch.randint(10, (len(chosen),), generator=generator)
        said = [rows[row][1][caption] for row, caption in zip(chosen.tolist(), which.tolist(), strict=True)]
        stated = marked([statements_in(sentence) for sentence in said], STATEMENTS)
        also_true = (1 - true[chosen]) @ stated.T == 0
        tokens, lengths = tokens_of(said, words)
        scale = network.log_scale.exp().clamp(max=LARGEST_SCALE)
        codes = network.images(seen.contiguous(memory_format=torch.channels_last))
        yield contrast(codes, network.sentences(tokens, lengths), scale, also_true)


@torch.no_grad()
def first_of_a_hundred(network: CLIPNetwork, rows: list[Row], words: tuple[str, ...]) -> float:
    """Return the share of held-out images whose own caption ranks first among it and 99 of other species."""
    network.eval()
    images = torch.cat([network.images(part) for part in central(stack([row[0] for row in rows])).split(128)])
    sentences = network.sentences(*tokens_of([row[1][0] for row in rows], words))
    cosines = functional.normalize(images, dim=1) @ functional.normalize(sentences, dim=1).T
    generator = torch.Generator().manual_seed(SEED)
    species = torch.arange(len(rows)) % 50
    hits = 0
    for row in range(len(rows)):
        others = torch.nonzero(species != species[row])[:, 0]
        others = others[torch.randperm(len(others), generator=generator)[:99]]
        hits += bool((cosines[row, others] < cosines[row, row]).all())
    return round(hits / len(rows), 3)


def main() -> None:
    """Draw, train, measure, write."""
    options = parser_of(__doc__, images=16000, steps=3000).parse_args()
    rows = drawn(range(TRAINING_SEED, TRAINING_SEED + options.images), options.processes, any_bird, row_of)
    held = drawn(range(HELD_OUT_SEED, HELD_OUT_SEED + 1000), options.processes, held_out, row_of)
    words = tuple(sorted({word for _, captions, _ in rows for caption in captions for word in tokenize(caption)}))
    torch.manual_seed(SEED)
    network = CLIPNetwork(len(words) + 1)
    network.images.to(memory_format=torch.channels_last)
    train(network, losses(network, rows, words), options.steps, rate=2.5e-3, decay=2e-2)
    write_judge(
        "simclip",
        network,
        options,
        lambda: {"own_caption_first_of_100": first_of_a_hundred(network, held, words)},
        title="SimCLIP, which reads images and captions of simulated birds into one space",
        simbirds_version=VERSION,
        seed=SEED,
        held_out="1000 images of the 50 test species, which training never shows",
        metadata={"words": " ".join(words)},
    )


if __name__ == "__main__":
    main()
