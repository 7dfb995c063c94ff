"""FID, KID, precision, recall, density and coverage with intervals, beside torch-fidelity's FID, KID and PRC.

    python benchmarks/metrics_at_scale.py --n 5000          # both in turn, on the same features of width 2,048
    python benchmarks/metrics_at_scale.py --n 157,500,2933  # several sizes
    python benchmarks/metrics_at_scale.py --n 5000 --cpu    # judge CPU seconds, on a machine with other work

Each contestant runs in a process of its own, so that CPU seconds and peak memory are its own. Features are made by
code: rectified mixtures of 64 latents, about as correlated as Inception's are.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WIDTH = 2048
SMALL = 1000
"""torch-fidelity's size of a subset for KID; fewer images get smaller ones."""
AGREEMENT = 1e-6


def main() -> None:
    """Run both at every size, print what they say and cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--n", default="5000", help="images a side, several joined by commas")
    parser.add_argument("--cpu", action="store_true", help="judge CPU seconds instead of seconds")
    parser.add_argument("--child", choices=("ours", "theirs"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    for n in (int(one) for one in arguments.n.split(",")):
        if arguments.child:
            print(json.dumps(CHILDREN[arguments.child](n)))
        else:
            compare(n, "cpu" if arguments.cpu else "wall")


def compare(n: int, clock: str) -> None:
    """Run both on n images a side and print a table."""
    ours, theirs = child("ours", n), child("theirs", n)
    print(f"\n{n:,} images a side, {WIDTH:,} features")
    for name, run in (("ours", ours), ("torch-fidelity", theirs)):
        steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in run["steps"].items())
        print(f"{name:15} {run['wall']:8.1f} s {run['cpu']:8.1f} CPU s {run['peak'] / 2**20:8,.0f} MiB   ({steps})")
    for name, value in ours["values"].items():
        print(f"  {name:10} {value:.9g}   {theirs['values'].get(name, float('nan')):.9g}")
    ratio = ours[clock] / theirs[clock]
    limit, most = (1.0, 1536) if n <= 5000 else (1.2, 4096)
    shared = [name for name in ("fid", "precision", "recall") if name in theirs["values"]]
    agree = all(abs(ours["values"][one] / theirs["values"][one] - 1) <= AGREEMENT for one in shared)
    for text, met in (
        (f"{ratio:.2f} of torch-fidelity's {clock} seconds, at most {limit:.1f}", ratio <= limit),
        (f"{ours['peak'] / 2**20:,.0f} MiB, at most {most:,}", ours["peak"] <= most * 2**20),
        (f"FID, precision and recall agree within {AGREEMENT:g}", agree),
    ):
        print(f"{'met    ' if met else 'NOT MET'}  {text}")


def made_features(count: int, seed: int) -> np.ndarray:
    """Return float32 `count` x 2,048."""
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((count, 64), dtype=np.float32)
    loading = np.random.default_rng(0).standard_normal((64, WIDTH), dtype=np.float32) * np.float32(0.06)
    noise = rng.standard_normal((count, WIDTH), dtype=np.float32) * np.float32(0.25)
    return np.maximum(latent @ loading + noise + np.float32(0.3 + 0.02 * seed), 0)


def ours(n: int) -> dict[str, Any]:
    """Return values and costs of t2ibench's metrics."""
    import torch  # noqa: F401  # loading it is no part of either side's seconds

    from t2ibench.core.interfaces import MetricInput
    from t2ibench.metrics.distribution.frechet import FrechetDistance
    from t2ibench.metrics.pairs.coverage import Coverage
    from t2ibench.metrics.pairs.density import Density
    from t2ibench.metrics.pairs.kid import KernelDistance
    from t2ibench.metrics.pairs.one_pass import PairPass
    from t2ibench.metrics.pairs.precision import Precision
    from t2ibench.metrics.pairs.recall import Recall

    metrics = (FrechetDistance(), KernelDistance(), Precision(), Recall(), Density(), Coverage())
    given = MetricInput(
        {"pool": made_features(n, 1)}, {"pool": made_features(n, 2)}, np.arange(n) // 2, pairs=PairPass(metrics), seed=3
    )
    return timed({metric.name: lambda metric=metric: metric.estimate(given).value for metric in metrics})


def theirs(n: int) -> dict[str, Any]:
    """Return values and costs of torch-fidelity's metrics, KID's in a size that n images allow."""
    import torch
    from torch_fidelity import metric_fid, metric_kid, metric_prc

    sides = [torch.from_numpy(made_features(n, seed)) for seed in (1, 2)]

    def fid() -> float:
        first, second = (metric_fid.fid_features_to_statistics(side) for side in sides)
        found = metric_fid.fid_statistics_to_metric(first, second, verbose=False)
        return float(found["frechet_inception_distance"])

    def kid() -> float:
        size = min(SMALL, n)
        found = metric_kid.kid_features_to_metric(*sides, kid_subsets=100, kid_subset_size=size, verbose=False)
        return float(found["kernel_inception_distance_mean"])

    def prc() -> dict[str, float]:
        found: dict[str, float] = metric_prc.prc_features_to_metric(*sides, verbose=False)
        return {"precision": found["precision"], "recall": found["recall"]}

    return timed({"fid": fid, "kid": kid, "prc": prc})


def timed(steps: dict[str, Callable[[], Any]]) -> dict[str, Any]:
    """Return the values of all steps, and what they cost."""
    values: dict[str, float] = {}
    seconds: dict[str, float] = {}
    began, cpu = time.perf_counter(), time.process_time()
    for name, step in steps.items():
        start = time.perf_counter()
        found = step()
        values |= found if isinstance(found, dict) else {name: found}
        seconds[name] = time.perf_counter() - start
    return {
        "values": values,
        "steps": seconds,
        "wall": time.perf_counter() - began,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024),
    }


def child(name: str, n: int) -> dict[str, Any]:
    """Return what one contestant says, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, "--child", name, "--n", str(n)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


CHILDREN = {"ours": ours, "theirs": theirs}

if __name__ == "__main__":
    main()
