"""Trains a captioner, the network that says in a sentence what an image of a simulated bird or scene shows.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_captioner.py simbirds

draws images, trains for some three minutes on one core and writes `weights.safetensors` and `card.json` into
networks/captioner/simbirds/ (or simscenes/). Drawings have seeds of their own, birds are of no test species, and no
model sees any of them; nor does the captioner see what a model makes. A change of the weights changes every number
measured with them: their SHA-256 is part of the protocol that results are compared under.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from tqdm import tqdm

from t2ibench.data.batches.transforms import base_image
from t2ibench_simulations.metrics.caption_back import AttributeF1, ObjectF1
from t2ibench_simulations.networks import captioner
from t2ibench_simulations.networks.captioner.network import END, SIDE, CaptionNetwork, likeliest
from t2ibench_simulations.networks.captioner.trunks import BirdTrunk, SceneTrunk
from t2ibench_simulations.networks.simattributes import SimAttributes
from t2ibench_simulations.networks.simobjects import SimObjects
from t2ibench_simulations.simbirds.appearance import Appearance
from t2ibench_simulations.simbirds.captions import captions_for as bird_captions
from t2ibench_simulations.simbirds.make import VERSION as BIRDS_VERSION
from t2ibench_simulations.simscenes.captions import captions_for
from t2ibench_simulations.simscenes.drawing import draw_scene
from t2ibench_simulations.simscenes.make import VERSION as SCENES_VERSION
from t2ibench_simulations.simscenes.scene import Scene, scene_of
from t2ibench_simulations.training import train_simnet, train_simobjects
from t2ibench_simulations.training.judge_file import drawn, parser_of, shuffled, train, write_judge
from t2ibench_simulations.training.train_simattributes import any_bird

BATCH = 64
LOOKS = 3
"""How often each image is looked at, varied in another way each time."""
SEED = 1502
TRAINING_SEED = 700_000_000
HELD_OUT_SEED = 66_000_000
HELD_OUT = 300
SPREAD = 0.1
"""Weight of the doubly stochastic regulariser, which spreads attention over the places."""
Drawn = tuple[NDArray[np.uint8], list[str]]


@dataclass(frozen=True)
class Source:
    """A data set to learn from.

    Attributes:
        version: of its drawing.
        training: seed -> what there is to draw.
        held_out: the same of what training never shows.
        drawn: that -> its image and its captions.
        varied: images uint8 -> (images N x 3 x 64 x 64 in [-1, 1] moved, scaled, some blurred or noisy; which of them
            are mirrored).
        judged: how sentences are compared with captions.
        trunk: a captioner's trunk with its trained weights.
    """

    version: int
    training: Callable[[int], Any]
    held_out: Callable[[int], Any]
    drawn: Callable[[Any], Drawn]
    varied: Callable[[Tensor, torch.Generator], tuple[Tensor, Tensor]]
    judged: type[AttributeF1 | ObjectF1]
    trunk: Callable[[], BirdTrunk | SceneTrunk]


def drawn_bird(appearance: Appearance) -> Drawn:
    """Return a bird's image, 76 x 76, and its captions."""
    return train_simnet.image_of(appearance), bird_captions(appearance)


def any_scene(seed: int) -> Scene:
    """Return a scene of the data set's kind in any colours, or one strewn about."""
    generator = random.Random(seed)
    if generator.random() < 0.7:
        index = generator.randrange(10_000_000)
        return train_simobjects.recoloured(scene_of(index, TRAINING_SEED), generator)
    while not (scene := train_simobjects.free_scene(generator, seed)).groups:
        pass
    return scene


def scene_of_data_set(seed: int) -> Scene:
    """Return a scene as the data set has them, of a seed of its own."""
    return scene_of(seed, HELD_OUT_SEED)


def drawn_scene(scene: Scene) -> Drawn:
    """Return a scene's image, 64 x 64, and its captions."""
    drawn, _ = draw_scene(scene, train_simobjects.DRAWN_SIDE)
    return np.asarray(base_image(drawn, None, SIDE, whole=True)), captions_for(scene)


def varied_scenes(images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return (images, which of them are mirrored); see `Source`."""
    corner = torch.tensor([0.0, 0.0, 0.0, 0.0, 0.1, 0.1]).expand(len(images), 1, 6)
    seen, moved = train_simobjects.varied(images, corner, generator)
    return seen, moved[:, 0, 2] > 0.5  # a thing at the left edge has come to the right


SOURCES = {
    "simbirds": Source(
        BIRDS_VERSION, any_bird, train_simnet.held_out, drawn_bird, train_simnet.moved, AttributeF1,
        lambda: BirdTrunk(SimAttributes.network("cpu")),
    ),
    "simscenes": Source(
        SCENES_VERSION, any_scene, scene_of_data_set, drawn_scene, varied_scenes, ObjectF1,
        lambda: SceneTrunk(SimObjects.network("cpu")),
    ),
}  # fmt: skip


def numbered(captions: Sequence[Sequence[str]], words: Sequence[str]) -> Tensor:
    """Return int images x captions x T, `END` from each sentence's end on."""
    numbers = {word: place for place, word in enumerate(words, start=1)}
    longest = 1 + max(len(captioner.words_of(text)) for row in captions for text in row)
    found = torch.full((len(captions), len(captions[0]), longest), END)
    for row, texts in enumerate(captions):
        for column, text in enumerate(texts):
            said = [numbers[word] for word in captioner.words_of(text)]
            found[row, column, : len(said)] = torch.tensor(said)
    return found


@torch.no_grad()
def looked_at(
    network: CaptionNetwork, images: Tensor, vary: Callable[..., tuple[Tensor, Tensor]]
) -> tuple[Tensor, Tensor]:
    """Return (the trunk's maps, half precision LOOKS N x width x 8 x 8; which are of mirrored images, LOOKS N)."""
    generator = torch.Generator().manual_seed(SEED)
    network.eval()
    maps, mirrored = [], []
    for part in tqdm(images.repeat(LOOKS, 1, 1, 1).split(60), desc="looks"):
        seen, flipped = vary(part, generator)
        maps.append(network.trunk(seen.contiguous(memory_format=torch.channels_last)).half().contiguous())
        mirrored.append(flipped)
    return torch.cat(maps), torch.cat(mirrored)


def batches(maps: Tensor, mirrored: Tensor, sentences: Tensor, words: Sequence[str]) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield (maps, a sentence of each) without end; where an image is mirrored, left and right change places."""
    generator = torch.Generator().manual_seed(SEED)
    turned = torch.arange(len(words) + 1)
    if "left" in words:
        pair = torch.tensor([words.index("left"), words.index("right")]) + 1
        turned[pair] = pair.flip(0)
    for rows in shuffled(len(maps), BATCH, generator):
        chosen = torch.randint(sentences.shape[1], (len(rows),), generator=generator)
        said = sentences[rows % len(sentences), chosen]  # B x T
        said = torch.where(mirrored[rows, None], turned[said], said)
        yield maps[rows].float(), said[:, : 1 + int((said != END).sum(dim=1).max())]


def losses(network: CaptionNetwork, source: Iterator[tuple[Tensor, Tensor]]) -> Iterator[Tensor]:
    """Yield the mean over sentences of -log p, the end included, plus the regulariser of attention."""
    for maps, sentences in source:
        logits, attention = network(maps, sentences)
        length = 1 + (sentences != END).sum(dim=1)
        spoken = (torch.arange(sentences.shape[1]) < length[:, None]).float()  # N x T
        missed = functional.cross_entropy(logits.flatten(0, 1), sentences.flatten(), reduction="none").view_as(spoken)
        looked = (attention * spoken[..., None]).sum(dim=1)  # N x 64
        yield (missed * spoken).sum(dim=1).mean() + SPREAD * ((1 - looked) ** 2).sum(dim=1).mean()


def held_out_figures(
    network: CaptionNetwork, words: Sequence[str], rows: list[Drawn], source: Source
) -> dict[str, float]:
    """Return F1 of sentences against a caption of their image, and of another image, in %; and facts a sentence."""
    network.eval()
    said = [
        captioner.sentence_of(numbers, words)
        for part in train_simnet.central(train_simnet.stack([image for image, _ in rows])).split(100)
        for numbers in likeliest(network, part, beam=captioner.BEAM, words=captioner.LONGEST)
    ]
    asked = [captions[0] for _, captions in rows]
    judged = source.judged()
    for pair in list(zip(asked, said, strict=True))[:8]:
        print(f"{pair[0]}\n    {pair[1]}")
    return {
        "F1 against the image's caption": round(judged.score(said, asked), 1),
        "F1 against another image's caption": round(judged.score(said, asked[1:] + asked[:1]), 1),
        "facts a sentence": round(sum(len(judged.facts(one)) for one in said) / len(said), 2),
        "facts a caption": round(sum(len(judged.facts(one)) for one in asked) / len(asked), 2),
    }


def main() -> None:
    """Draw, train, measure, write."""
    parser = parser_of(__doc__, images=1600, steps=1000)
    parser.add_argument("data", choices=sorted(SOURCES))
    options = parser.parse_args()
    source = SOURCES[options.data]
    rows = drawn(range(TRAINING_SEED, TRAINING_SEED + options.images), options.processes, source.training, source.drawn)
    held = drawn(range(HELD_OUT_SEED, HELD_OUT_SEED + HELD_OUT), options.processes, source.held_out, source.drawn)
    words = sorted({word for _, captions in rows for text in captions for word in captioner.words_of(text)})
    sentences = numbered([captions for _, captions in rows], words)
    torch.manual_seed(SEED)
    network = CaptionNetwork(len(words), source.trunk())
    maps, mirrored = looked_at(network, train_simnet.stack([image for image, _ in rows]), source.varied)
    found = losses(network, batches(maps, mirrored, sentences, words))
    train(network, found, options.steps, rate=5e-3, decay=1e-2, clip=5.0)
    version: dict[str, Any] = {f"{options.data}_version": source.version}
    write_judge(
        f"captioner/{options.data}",
        network,
        options,
        lambda: {"accuracy": held_out_figures(network, words, held, source)},
        title=f"A captioner for {options.data}: Show, Attend and Tell's form, small",
        **version,
        seed=SEED,
        held_out=f"{HELD_OUT} images that training never shows",
        metadata={"words": " ".join(words)},
    )


if __name__ == "__main__":
    main()
