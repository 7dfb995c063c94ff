"""Trains the digit judge, the network that says what digits a scene of mnist-captions shows and where.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_digit_judge.py
    OMP_NUM_THREADS=1 python train_digit_judge.py --mnist FOLDER --steps 300 --images 6000

The first draws scenes from the digits of the data set's training split, trains for some two minutes on one core and
writes `weights.safetensors` and `card.json` into networks/digit_judge/. The second goes on from those weights,
on scenes of which three in four show MNIST's digits, so that the judge reads both.

Nothing is held out from it: a judge that had never seen a digit in a role would doubt it there. A change of the weights
changes every number measured with them: their SHA-256 is part of the protocol that results are compared under.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur
from tqdm import tqdm

from t2ibench_simulations.mnist_captions.digits import DRAWN, MNIST, open_pool
from t2ibench_simulations.mnist_captions.idx import find_mnist
from t2ibench_simulations.mnist_captions.make import VERSION
from t2ibench_simulations.mnist_captions.scenes import SLOTS, choose_bans, draw_scene, paint
from t2ibench_simulations.mnist_captions.statements import LAYOUTS, PLACES, layout_of
from t2ibench_simulations.networks.digit_judge.network import BYTE, SceneReader, windows
from t2ibench_simulations.training.judge_file import NETWORKS, parser_of, train, write_judge

FOLDER = NETWORKS / "digit_judge"
WEIGHTS = "weights.safetensors"
BATCH = 64
TESTED = 600
SEED = 1998
NOTHING_BANNED = (-1,) * SLOTS
NO_DIGIT = -100
"""Label of a place without a digit; the loss passes over it."""


Scenes = tuple[Tensor, Tensor, Tensor]


def draw(part: str, count: int, *, split: str, held_out: bool | None = None, mnist: Path | None = None) -> Scenes:
    """Return (scenes uint8 N x 1 x 60 x 60, layouts N, digits N x 8) of a part's digits.

    Args:
        part: of the digits, "train" or "test".
        count: of scenes.
        split: keys the drawing.
        held_out: only combinations that the data set's training split holds out, or only the others; None for all.
        mnist: folder of MNIST's files, for its digits; None for digits drawn by code.
    """
    pool = open_pool(MNIST if mnist else DRAWN, part, mnist)
    bans = NOTHING_BANNED if held_out is None else choose_bans(0)
    scenes, layouts, digits = [], [], torch.full((count, len(PLACES)), NO_DIGIT)
    for index in tqdm(range(count), desc=split, leave=False):
        scene = draw_scene(pool.labels, bans, held_out=bool(held_out), seed=SEED, split=split, index=index)
        scenes.append(paint(scene, [pool.image(one) for one in scene.digits]))
        layout = layout_of(scene.template)
        layouts.append(list(LAYOUTS).index(layout))
        for place, label in zip(LAYOUTS[layout], scene.labels, strict=True):
            digits[index, PLACES.index(place)] = label
    return torch.from_numpy(np.stack(scenes))[:, None], torch.tensor(layouts), digits


def varied(scenes: Tensor, generator: torch.Generator) -> Tensor:
    """Return float scenes in [0, 1], moved by up to 2 pixels, blurred, dimmed and noisy: as models draw them."""

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(shape, generator=generator)

    down, right = torch.randint(-2, 3, (2,), generator=generator).tolist()
    seen = functional.pad(scenes.float() / BYTE, (2, 2, 2, 2))[:, :, 2 + down : 62 + down, 2 + right : 62 + right]
    if uniform(0, 1).item() < 0.6:
        seen = gaussian_blur(seen, [9, 9], [uniform(0.3, 2.2).item()] * 2)
    seen = seen * uniform(0.4, 1.2, len(seen), 1, 1, 1) + uniform(0, 0.1, len(seen), 1, 1, 1)
    noise = torch.randn(seen.shape, generator=generator) * uniform(0, 0.1, len(seen), 1, 1, 1)
    return (seen + noise).clamp(0, 1)


def losses(network: SceneReader, scenes: Tensor, layouts: Tensor, digits: Tensor) -> Iterator[Tensor]:
    """Yield the cross-entropy of the layout and of each digit, a batch drawn at random."""
    generator = torch.Generator().manual_seed(SEED)
    while True:
        rows = torch.randint(len(scenes), (BATCH,), generator=generator)
        seen, labels = varied(scenes[rows], generator), digits[rows]
        layout = network.layout(functional.avg_pool2d(seen, 4).flatten(1))
        there = labels != NO_DIGIT
        answers = network.digit(windows(seen)[there])
        yield functional.cross_entropy(layout, layouts[rows]) + functional.cross_entropy(answers, labels[there])


@torch.no_grad()
def accuracies(
    network: SceneReader, scenes: Tensor, layouts: Tensor, digits: Tensor, *, blur: float = 0
) -> dict[str, float]:
    """Return the share of scenes whose layout is named, and of digits that are named at their place."""
    network.eval()
    seen = scenes.float() / BYTE
    seen = gaussian_blur(seen, [9, 9], [blur] * 2) if blur else seen
    parts = [network(part) for part in seen.split(128)]
    right = torch.cat([layout for layout, _ in parts]).argmax(1) == layouts
    named = torch.cat([digit for _, digit in parts]).argmax(2) == digits
    return {
        "layout": round(right.float().mean().item(), 4),
        "digit": round(named[digits != NO_DIGIT].float().mean().item(), 4),
    }


def training_scenes(count: int, mnist: Path | None) -> Scenes:
    """Return scenes to learn from: drawn digits, or one part of these and three of MNIST's."""
    if mnist is None:
        return draw("train", count, split="judge")
    parts = (draw("train", count // 4, split="judge"), draw("train", count - count // 4, split="judge", mnist=mnist))
    scenes, layouts, digits = (torch.cat(both) for both in zip(*parts, strict=True))
    return scenes, layouts, digits


def main() -> None:
    """Draw, train, measure, write."""
    parser = parser_of(__doc__, images=12000, steps=2000, processes=0)
    parser.add_argument("--mnist", type=Path, help="go on from the weights that are there, on these files' digits too")
    options = parser.parse_args()
    mnist = find_mnist(options.mnist) if options.mnist else None
    if options.mnist and mnist is None:
        parser.error(f"{options.mnist} holds no MNIST files")
    torch.manual_seed(SEED)
    network = SceneReader()
    before: list[str] = []
    if mnist:
        before = json.loads((FOLDER / "card.json").read_text())["trained"]
        network.load_state_dict({key: value.float() for key, value in load_file(FOLDER / WEIGHTS).items()})
    scenes = training_scenes(options.images, mnist)
    train(network, losses(network, *scenes), options.steps, rate=2e-3 if mnist else 3e-3, decay=2e-2)

    def measured() -> dict[str, Any]:
        found = {}
        for name, source in {DRAWN: None, MNIST: mnist}.items() if mnist else {DRAWN: None}.items():
            for split, held_out in (("test", False), ("held-out", True)):
                drawn = draw("test", TESTED, split=f"judge-{split}", held_out=held_out, mnist=source)
                found[f"{name}, {split}"] = accuracies(network, *drawn)
            found[f"{name}, held-out, blurred by 1.5 pixels"] = accuracies(network, *drawn, blur=1.5)
        return {"accuracy": found}

    digits = "one part drawn and three of MNIST's" if mnist else "drawn"
    write_judge(
        "digit_judge",
        network,
        options,
        measured,
        title="The digit judge, which says what digits a scene shows and where",
        mnist_captions_version=VERSION,
        trained=[*before, f"{options.steps} steps on {options.images} scenes, digits {digits}"],
        seed=SEED,
        tested_on=f"{TESTED} scenes a row, of digits that training never shows",
    )


if __name__ == "__main__":
    main()
