"""One training step of AttnGAN or DM-GAN at the papers' sizes: how long, how much memory, how near to the machine?

    python benchmarks/train_step.py attngan bird              # some three minutes on two quiet cores
    python benchmarks/train_step.py dmgan bird
    python benchmarks/train_step.py attngan bird --small      # seconds: sizes that say nothing about speed
    python benchmarks/train_step.py attngan bird --rounds 3 --no-memory

Two arms train the same model from the same random weights, on the same random images, with the same noise: ours, that
is the plug-in under the engine, and the reference, `reference_step/`, which is the same step written straightforwardly.
They take turns, step by step, so that a busy machine slows both. Printed for each: seconds a step (the least and the
median, the first step left out), images a second, seconds by phase, arithmetic done, and how fast that is measured
against the largest matrix product speed found in the same run; the ratio of the two arms; and how far their losses are
apart. Before each step ours is given the reference's weights and moments, since Adam turns a difference in the last bit
into one of the weights; --drift lets both go their own way, and the reference beside itself in another memory layout.
Peak memory is measured in a process of its own an arm. Nothing is kept.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from step_arms import ARMS, CONFIGURATIONS, ReferenceArm, both_arms, new_batch, new_model
from torch.utils.flop_counter import FlopCounterMode

TARGET = 0.90
APART = 1e-4
"""Of the losses of five steps, each begun with equal weights; docs/numerical-precision.md says why they differ."""


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    if arguments.child:
        print(_peak_memory(arguments))
        return
    memory = {} if arguments.no_memory else {arm: _in_own_process(arguments, arm) for arm in ARMS}
    now = time.process_time if arguments.cpu else time.perf_counter
    peak = _matrix_peak(1024 if arguments.small else 3072, now)
    arms, model = both_arms(
        arguments.model,
        arguments.configuration,
        now,
        small=arguments.small,
        batch_size=arguments.batch_size,
        compiled=arguments.compile,
    )
    seconds: dict[str, list[float]] = {arm: [] for arm in arms}
    phases: dict[str, list[dict[str, float]]] = {arm: [] for arm in arms}
    apart, flops, data = [], {}, []
    relaid = ReferenceArm(model).relaid() if arguments.drift else None
    by_rounding = []
    warming = 2 if arguments.compile else 1  # kernels are made in the second step: not while arithmetic is counted
    for step in range(arguments.rounds + warming):
        began = now()
        batch = new_batch(model, step, arguments.batch_size)
        data.append(now() - began)
        losses = {}
        if step and relaid is None:
            arms["ours"].take_over(arms["reference"])
        for name, arm in list(arms.items())[:: 1 if step % 2 else -1]:  # none is always the first
            if step == 0:  # the first step warms up; its arithmetic is counted, which takes time of its own
                with FlopCounterMode(display=False) as counter:
                    losses[name] = arm.step(batch)
                flops[name] = counter.get_total_flops()
                continue
            began = now()
            losses[name] = arm.step(batch)
            if step < warming:
                continue
            seconds[name].append(now() - began)
            phases[name].append(arm.clock.seconds)
        apart.append(_apart(losses["ours"], losses["reference"]))
        if relaid is not None:
            by_rounding.append(_apart(relaid.step(batch), losses["reference"]))
        if not arguments.quiet:
            print(_round(step, seconds, apart[-1]), file=sys.stderr, flush=True)
    _print(arguments, seconds, phases, flops, data, peak, memory)
    _print_agreement(seconds, apart, by_rounding, drift=arguments.drift)


def _print(
    arguments: argparse.Namespace,
    seconds: dict[str, list[float]],
    phases: dict[str, list[dict[str, float]]],
    flops: dict[str, int],
    data: list[float],
    peak: float,
    memory: dict[str, float],
) -> None:
    size = "small sizes" if arguments.small else "the papers' sizes"
    print(f"{arguments.model}, {arguments.configuration}, {size}, batch {arguments.batch_size}, float32")
    print(
        f"{platform.machine()}, {arguments.threads} threads, torch {torch.__version__}, load {os.getloadavg()[0]:.1f}; "
        f"largest matrix product speed {peak / 1e9:.0f} GFLOP/s; "
        f"seconds are {'CPU seconds' if arguments.cpu else 'those of the clock'}"
    )
    print(f"{'':34}" + "".join(f"{arm:>12}" for arm in seconds) + f"{'ratio':>8}")

    def row(title: str, values: list[float], form: str = ".2f", *, ratio: bool = True) -> None:
        shown = "".join(f"{value:>12{form}}" for value in values)
        print(f"{title:34}{shown}" + (f"{values[1] / values[0]:8.2f}" if ratio else ""))

    row("seconds a step, least", [min(found) for found in seconds.values()])
    row("seconds a step, median", [statistics.median(found) for found in seconds.values()])
    row("images a second, at the least", [arguments.batch_size / min(found) for found in seconds.values()])
    row("GFLOP a step", [flops[arm] / 1e9 for arm in seconds], ".0f")
    speeds = [flops[arm] / min(found) for arm, found in seconds.items()]
    row("GFLOP/s", [speed / 1e9 for speed in speeds], ".0f")
    row("  of the largest, %", [100 * speed / peak for speed in speeds], ".0f", ratio=False)
    if memory:
        row("peak memory, MB", [memory[arm] for arm in seconds], ".0f")
    print("median seconds by phase")
    row("  data", [statistics.median(data)] * 2, ratio=False)
    for phase in phases["reference"][0]:
        row(f"  {phase}", [statistics.median(found[phase] for found in phases[arm]) for arm in seconds])


def _print_agreement(
    seconds: dict[str, list[float]], apart: list[float], by_rounding: list[float], *, drift: bool
) -> None:
    weights = "weights left to drift" if drift else "each begun with equal weights and moments"
    print(f"losses apart, relative, by step, {weights}: " + ", ".join(f"{value:.1e}" for value in apart))
    if drift:
        print("the reference and itself in another layout: " + ", ".join(f"{value:.1e}" for value in by_rounding))
    ratios = [ours / plain for plain, ours in zip(seconds["reference"], seconds["ours"], strict=True)]
    ratio = statistics.median(ratios)
    print(
        f"ours / reference, median of {len(ratios)} pairs: {ratio:.3f} "
        f"({'at most' if ratio <= TARGET else 'ABOVE'} {TARGET})"
    )
    if not drift:
        verdict = "agree" if max(apart[:5]) <= APART else "DO NOT AGREE"
        print(f"losses of {min(5, len(apart))} steps {verdict} to {APART:g}")


def _apart(ours: dict[str, float], reference: dict[str, float]) -> float:
    """Return the largest difference of two steps' losses, relative to the reference's where that is above 1."""
    assert ours.keys() == reference.keys()
    return max(abs(ours[name] - value) / max(abs(value), 1.0) for name, value in reference.items())


def _round(step: int, seconds: dict[str, list[float]], apart: float) -> str:
    times = ", ".join(f"{arm} {found[-1]:.2f} s" for arm, found in seconds.items() if found)
    return f"step {step}: {times or 'warming up'}; losses apart {apart:.1e}"


def _matrix_peak(resolution: int, now: Callable[[], float]) -> float:
    """Return the best of ten float32 products of square matrices, FLOP/s."""
    left, right = torch.randn(resolution, resolution), torch.randn(resolution, resolution)
    best = float("inf")
    for _ in range(10):
        began = now()
        torch.mm(left, right)
        best = min(best, now() - began)
    return 2 * resolution**3 / best


def _in_own_process(arguments: argparse.Namespace, arm: str) -> float:
    """Return an arm's peak memory in MB."""
    command = [sys.executable, __file__, arguments.model, arguments.configuration, "--child", arm]
    command += ["--batch-size", str(arguments.batch_size), "--threads", str(arguments.threads)]
    done = subprocess.run(command + ["--small"] * arguments.small, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _peak_memory(arguments: argparse.Namespace) -> float:
    """Return this process' peak memory in MB after two steps of one arm."""
    model: Any = new_model(
        arguments.model, arguments.configuration, small=arguments.small, batch_size=arguments.batch_size
    )
    batches = [new_batch(model, step, arguments.batch_size) for step in range(2)]
    arm = ARMS[arguments.child](model)
    del model
    for batch in batches:
        arm.step(batch)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", choices=sorted(CONFIGURATIONS))
    parser.add_argument("configuration", choices=["bird", "coco"])
    parser.add_argument("--small", action="store_true", help="small networks, for a check that all works")
    parser.add_argument("--batch-size", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=6, help="timed steps of each arm, after the first")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--cpu", action="store_true", help="count CPU seconds: with --threads 1, on a busy machine")
    parser.add_argument("--compile", action="store_true", help="ours with torch.compile; not in the memory measured")
    parser.add_argument("--no-memory", action="store_true", help="leave out the two processes that measure memory")
    parser.add_argument(
        "--drift",
        action="store_true",
        help="do not equal weights between steps; tell how far rounding alone takes them",
    )
    parser.add_argument("--quiet", action="store_true", help="print the result alone")
    parser.add_argument("--child", choices=sorted(ARMS), help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    main()
