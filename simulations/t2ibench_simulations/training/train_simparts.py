"""Trains SimParts, the network that finds the parts of a simulated bird, on the masks that come with drawn birds.

    OMP_NUM_THREADS=1 python simulations/t2ibench_simulations/training/train_simparts.py

draws birds, trains for some three minutes on one core and writes `weights.safetensors` and `card.json` into
networks/simparts/.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from t2ibench.data.batches.transforms import base_image, central_square
from t2ibench_simulations.networks.simparts.network import SIDE, PartNetwork
from t2ibench_simulations.simbirds.appearance import Appearance
from t2ibench_simulations.simbirds.attributes import PARTS
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.make import VERSION
from t2ibench_simulations.training.judge_file import drawn, parser_of, train, write_judge
from t2ibench_simulations.training.train_simnet import BASE, central, held_out, stack, training_bird

BATCH = 32
SEED = 6007
TRAINING_SEED = 600_000_000
HELD_OUT_SEED = 66_000_000


def parts_of(appearance: Appearance) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return an appearance's image, 76 x 76 x 3, and its map of parts, 76 x 76: what covers most of each pixel."""
    drawing = draw_bird(appearance, 96)
    numbers = np.asarray(drawing.parts)

    def cut(image: Image.Image) -> NDArray[np.uint8]:
        return np.asarray(central_square(base_image(image, drawing.box, SIDE), BASE))

    layers = [cut(Image.fromarray(np.where(numbers == k, 255, 0).astype(np.uint8))) for k in range(len(PARTS) + 1)]
    return cut(drawing.image), np.stack(layers).argmax(axis=0).astype(np.uint8)


def losses(network: PartNetwork, images: Tensor, maps: Tensor) -> Iterator[Tensor]:
    """Yield the cross-entropy of a batch's pixels, rare parts weighing more."""
    generator = torch.Generator().manual_seed(SEED)
    share = torch.bincount(maps.flatten().long(), minlength=len(PARTS) + 1) / maps.numel()
    weight = share.clamp(min=1e-4) ** -0.5
    for step in count():
        rows = torch.randint(len(images), (BATCH,), generator=generator)
        top, left = (int(one) for one in torch.randint(BASE - SIDE + 1, (2,), generator=generator))
        seen = images[rows, :, top : top + SIDE, left : left + SIDE].float() / 127.5 - 1
        wanted = maps[rows, top : top + SIDE, left : left + SIDE].long()
        if step % 2:
            seen, wanted = seen.flip(3), wanted.flip(2)
        # Generated images are softer and noisier than drawn ones.
        soft = functional.avg_pool2d(seen, 3, stride=1, padding=1, count_include_pad=False)
        blur = torch.rand(BATCH, 1, 1, 1, generator=generator)
        seen = blur * soft + (1 - blur) * seen + 0.08 * torch.randn(seen.shape, generator=generator)
        yield functional.cross_entropy(network(seen.contiguous(memory_format=torch.channels_last)), wanted, weight)


def together(rows: list[tuple[NDArray[np.uint8], NDArray[np.uint8]]]) -> tuple[Tensor, Tensor]:
    """Return (images N x 3 x 76 x 76, maps N x 76 x 76)."""
    return stack([image for image, _ in rows]), torch.from_numpy(np.stack([parts for _, parts in rows]))


@torch.no_grad()
def overlaps(network: PartNetwork, images: Tensor, maps: Tensor) -> dict[str, float]:
    """Return part -> intersection over union of what is found and what was drawn, over all images' central crops."""
    network.eval()
    edge = (BASE - SIDE) // 2
    inner = slice(edge, edge + SIDE)
    found = torch.cat([network(part).argmax(1) for part in central(images).split(100)])
    true = maps[:, inner, inner]
    shares: dict[str, float] = {}
    for number, part in enumerate(PARTS, start=1):
        both, either = (found == number) & (true == number), (found == number) | (true == number)
        shares[part] = round((both.sum() / either.sum()).item(), 3)
    return shares


def main() -> None:
    """Draw, train, measure, write."""
    options = parser_of(__doc__, images=3000, steps=900).parse_args()
    shown = drawn(range(TRAINING_SEED, TRAINING_SEED + options.images), options.processes, training_bird, parts_of)
    held = drawn(range(HELD_OUT_SEED, HELD_OUT_SEED + 400), options.processes, held_out, parts_of)
    torch.manual_seed(SEED)
    network = PartNetwork().to(memory_format=torch.channels_last)
    train(network, losses(network, *together(shown)), options.steps, rate=6e-3, decay=1e-2)
    write_judge(
        "simparts",
        network,
        options,
        lambda: {"overlap": overlaps(network, *together(held))},
        title="SimParts, which finds the parts of a simulated bird",
        simbirds_version=VERSION,
        seed=SEED,
        held_out="400 images of the 50 test species, which training never shows",
    )


if __name__ == "__main__":
    main()
