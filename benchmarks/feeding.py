"""Images decoded and resized, ready for Inception, on one core: ours beside clean-fid's and torch-fidelity's loaders.

    python benchmarks/feeding.py                  # 96 JPEG files of 256 pixels, five rounds by turns
    python benchmarks/feeding.py --images 16      # a check that the pixels are the same

Time is CPU time of this process, the least of the rounds. Images are drawn by chance, with structure at several scales.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from random_inception import smooth_noise
from torch import Tensor
from torch.utils.data import DataLoader

from t2ibench.core.files import digest_of_file
from t2ibench.evaluation.external.image_files import read_square
from t2ibench.features.resizing import resized_by_pil_as_floats, resized_by_tensorflow

SIDE = 299
BATCH = 32
TARGET = 0.7


def main() -> None:
    """Measure by turns, compare pixels, print ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=96)
    parser.add_argument("--size", type=int, default=256, help="of the files, in pixels")
    parser.add_argument("--form", choices=("jpg", "png"), default="jpg")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for place, pixels in enumerate(smooth_noise(arguments.images, arguments.size)):
            files.append(Path(folder) / f"{place:05}.{arguments.form}")
            Image.fromarray(pixels.permute(1, 2, 0).numpy()).save(files[-1])
        digests = {file: digest_of_file(file) for file in files}
        pairs: list[tuple[str, Callable[[], Tensor], Callable[[], Tensor]]] = [
            ("clean-fid", lambda: clean_fid(files), lambda: ours(digests, resized_by_pil_as_floats)),
            ("torch-fidelity", lambda: torch_fidelity(files), lambda: ours(digests, resized_by_tensorflow)),
        ]
        for name, theirs, mine in pairs:
            same = torch.equal(theirs(), mine())
            rounds = [(seconds(theirs), seconds(mine)) for _ in range(arguments.rounds)]
            their_time, my_time = (min(column) for column in zip(*rounds, strict=True))
            print(
                f"{name}: {len(files) / their_time:.0f} images/s and core, ours {len(files) / my_time:.0f}, "
                f"{my_time / their_time:.2f} of its time (at most {TARGET}); pixels {'the same' if same else 'DIFFER'}"
            )


def seconds(work: Callable[[], Tensor]) -> float:
    """Return the CPU seconds of a call."""
    began = time.process_time()
    work()
    return time.process_time() - began


def clean_fid(files: Sequence[Path]) -> Tensor:
    """Return what clean-fid's loader gives its network."""
    from cleanfid.utils import ResizeDataset

    return torch.cat(list(DataLoader(ResizeDataset([str(file) for file in files], "clean"), batch_size=BATCH)))


def torch_fidelity(files: Sequence[Path]) -> Tensor:
    """Return what torch-fidelity's loader and the resize within its network make."""
    from torch_fidelity.datasets import ImagesPathDataset
    from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

    loader = DataLoader(ImagesPathDataset([str(file) for file in files]), batch_size=BATCH)
    return torch.cat(
        [
            interpolate_bilinear_2d_like_tensorflow1x(batch.float(), size=(SIDE, SIDE), align_corners=False)
            for batch in loader
        ]
    )


def ours(digests: dict[Path, str], resize: Callable[[Tensor, int], Tensor]) -> Tensor:
    """Return what a folder's images are when a network of ours sees them; every file's digest is checked."""
    files, parts = list(digests), []
    for start in range(0, len(files), BATCH):
        squares = np.stack([read_square(file, digests[file]) for file in files[start : start + BATCH]])
        parts.append(resize(torch.from_numpy(squares).permute(0, 3, 1, 2).contiguous(), SIDE))
    return torch.cat(parts)


if __name__ == "__main__":
    main()
