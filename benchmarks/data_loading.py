"""How fast training batches are made: from the image files, and from a cache, side by side in one run.

    python benchmarks/data_loading.py cub --root ../shared/data/cub-mini

Prints images a second for one core (one thread does everything), each way several times in turn, and the ratio; and
how far the two ways' images are apart, which should be nothing. Nothing is kept.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path

import torch

from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.types import DataRequest
from t2ibench.core.workspace import Workspace
from t2ibench.data.batches.batches import TrainingData
from t2ibench.data.images import make_cache
from t2ibench.data.manifest import Manifest
from t2ibench.data.open import open_dataset


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    torch.set_num_threads(1)
    request = DataRequest(resolutions=tuple(arguments.resolutions), batch_size=arguments.batch_size)
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.at(Path(folder))
        manifest = open_dataset(arguments.name, load_benchmarks().content, workspace, root=arguments.root)
        raw = _data(manifest, request)  # opened before there is a cache
        facts = make_cache(manifest, max(request.resolutions))
        cached = _data(manifest, request)
        apart = max(
            float((raw.batch(step, "").images[resolution] - cached.batch(step, "").images[resolution]).abs().max())
            for step in range(3)
            for resolution in request.resolutions
        )
        ways = {"files": raw, "cache": cached}
        speeds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(arguments.rounds):  # in turn, so that a busy machine slows both
            for way, data in ways.items():
                speeds[way].append(_images_a_second(data, arguments.steps, request.batch_size))
    resolutions = ", ".join(map(str, request.resolutions))
    print(f"{arguments.name}: {len(manifest.split('train'))} images, resolutions {resolutions}")
    print(f"cache: shorter side {facts.base}, {facts.bytes / 1e6:.0f} MB, made in {facts.seconds:.1f} s")
    print(f"largest difference between the two ways: {apart * 127.5:g} of 255")
    for way, found in speeds.items():
        shown = ", ".join(f"{speed:.0f}" for speed in found)
        print(f"{way}: {statistics.median(found):.0f} images a second and core (rounds: {shown})")
    print(f"ratio: {statistics.median(speeds['cache']) / statistics.median(speeds['files']):.1f}")


def _data(manifest: Manifest, request: DataRequest) -> TrainingData:
    """Return batches that are read anew each time: without memory, files are decoded at every visit."""
    return TrainingData(manifest, request, 0, cache_bytes=0)


def _images_a_second(data: TrainingData, steps: int, batch_size: int) -> float:
    began = time.perf_counter()
    for step in range(steps):
        data.batch(step, "")
    return steps * batch_size / (time.perf_counter() - began)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", help="a data set of benchmarks.toml")
    parser.add_argument("--root", type=Path, required=True, help="folder of its files")
    parser.add_argument("--resolutions", type=int, nargs="+", default=[64, 128, 256], help="of the pyramid, ascending")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--steps", type=int, default=8, help="batches a round")
    parser.add_argument("--rounds", type=int, default=5)
    return parser.parse_args()


if __name__ == "__main__":
    main()
