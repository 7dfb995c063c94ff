"""How fast the simulated data sets are drawn, one core: milliseconds an image, and seconds for a whole set.

    python benchmarks/drawing.py            # 200 images of each
    python benchmarks/drawing.py --images 40

Each image counts with its captions and its share of the set's files.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench_simulations.simbirds.make import make_simbirds
from t2ibench_simulations.simscenes.make import make_simscenes

SIDE = 96


def main() -> None:
    """Draw, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=200)
    images = parser.parse_args().images
    datasets = load_benchmarks().content.datasets
    with tempfile.TemporaryDirectory() as folder:
        for name, make in (("simbirds", make_simbirds), ("simscenes", make_simscenes)):
            began = time.process_time()
            make(Path(folder) / name, images, SIDE, 0)
            each = (time.process_time() - began) / images
            whole = datasets[name].options.get("images", 0)
            print(f"{name}: {1000 * each:.1f} ms an image of {SIDE} pixels; {whole:,} of them {whole * each:.0f} s")


if __name__ == "__main__":
    main()
