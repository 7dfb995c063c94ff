"""Training several models of a suite at once, each by `t2ibench train` in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.data.open import open_dataset
from t2ibench.studies.bench.plan import BenchItem
from t2ibench.training.checks import require_feasible
from t2ibench.training.interruption import Interruption
from t2ibench.training.request import Job, TrainRequest
from t2ibench.training.tracking.progress import say
from t2ibench.training.train import carry_out, plan_training

_POLL_SECONDS: Final = 0.2
_COMMAND = (sys.executable, "-m", "t2ibench")


@dataclass(frozen=True, slots=True)
class SideBySide:
    """How many trainings run at once, and the benchmarks.toml that their processes read."""

    jobs: int
    config: Path


@dataclass
class _Training:
    item: BenchItem
    process: subprocess.Popen[str]
    relay: threading.Thread
    begun: float
    told: list[str] = field(default_factory=list)

    @property
    def reason(self) -> str:
        """The sentence that the process ended with, for a failure."""
        last = next((line for line in reversed(self.told) if line.strip()), "it said nothing")
        return last.strip().removeprefix("Error: ")


def train_side_by_side(
    items: Sequence[BenchItem], place: Place, how: SideBySide, *, stop_at_failure: bool = False
) -> Mapping[str, str]:
    """Return title -> reason of the trainings that failed; the others' models are in the workspace.

    Each process computes with its share of the threads. Encoders that several models need are trained first, alone.
    Models made around another one, and those that cannot be planned yet, are left to whoever trains one at a time.

    Args:
        items: the models of a suite on one data set.
        place: where it is done.
        how: how many at once.
        stop_at_failure: begin no other training after a failure.

    Raises:
        UserError: the data set cannot be prepared, or an encoder fails.
        KeyboardInterrupt: stopped by a signal; every training finished its step and saved everything.
    """
    waiting = _alone(items, place)
    if len(waiting) < 2:
        return {}
    threads = max(1, (place.threads or len(os.sched_getaffinity(0))) // how.jobs)
    say(f"Training {len(waiting)} models, {how.jobs} at a time with {threads} threads each.")
    running: list[_Training] = []
    failures: dict[str, str] = {}
    with Interruption() as interruption:
        try:
            while waiting or running:
                while waiting and len(running) < how.jobs and not (failures and stop_at_failure):
                    running.append(_begun(waiting.pop(0), place, how.config, threads))
                if interruption.requested:
                    raise KeyboardInterrupt
                for one in [each for each in running if each.process.poll() is not None]:
                    running.remove(one)
                    one.relay.join()
                    if one.process.returncode:
                        failures[one.item.title] = one.reason
                    minutes = (time.monotonic() - one.begun) / 60
                    verb = "failed" if one.process.returncode else "trained"
                    say(f"{one.item.title}: {verb} after {minutes:.1f} minutes, {len(waiting) + len(running)} to go.")
                if failures and stop_at_failure and not running:
                    break
                time.sleep(_POLL_SECONDS)
        finally:
            for one in running:  # a signal of ours alone: they are in sessions of their own, and would go on
                one.process.terminate()
            for one in running:
                one.process.wait()
                one.relay.join()
    return failures


def lacking_models(items: Sequence[BenchItem], place: Place) -> list[tuple[BenchItem, TrainRequest, Job]]:
    """Return what of a suite's models can be trained by a process of its own, the data set being prepared now.

    Raises:
        UserError: the data set cannot be prepared.
    """
    found: list[tuple[BenchItem, TrainRequest, Job]] = []
    for item in items:
        if item.request is None or item.ready is not None or item.fault or (item.job and item.job.wrapped is not None):
            continue
        open_dataset(item.dataset, place.benchmarks, place.workspace)
        job = plan_training(item.request, place)
        if not job.done and job.steps:
            found.append((item, item.request, job))
    return found


def _alone(items: Sequence[BenchItem], place: Place) -> list[tuple[BenchItem, TrainRequest]]:
    """Return what can be trained by processes that share nothing, their encoders trained now."""
    found = lacking_models(items, place)
    if len(found) > 1:
        manifest = open_dataset(found[0][0].dataset, place.benchmarks, place.workspace)
        for _, _, job in found:
            try:
                require_feasible(job, manifest)
            except UserError:
                continue  # its process says so; no encoder is trained for it
            for encoder in job.encoders.values():
                if not encoder.done:
                    carry_out(encoder, manifest, place)
    return [(item, request) for item, request, _ in found]


def command_of(request: TrainRequest, place: Place, config: Path, *options: str) -> list[str]:
    """Return the command that makes a request in a process of its own."""
    places = ["--device", place.device, "--workspace", str(place.workspace.root), "--config", str(config.absolute())]
    return [*_COMMAND, *_words(request), *options, *places]


def _begun(what: tuple[BenchItem, TrainRequest], place: Place, config: Path, threads: int) -> _Training:
    item, request = what
    process = subprocess.Popen(
        command_of(request, place, config, "--threads", str(threads), "--workers", "1"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,  # Ctrl-C is for this process, which passes it on once
        env=os.environ | {"OMP_NUM_THREADS": str(threads)},
    )
    told: list[str] = []
    relay = threading.Thread(target=_relay, args=(process, told), daemon=True)
    relay.start()
    return _Training(item, process, relay, time.monotonic(), told)


def _words(request: TrainRequest) -> list[str]:
    """Return the arguments of `t2ibench` that make this request; a suite sets neither batch size nor parameters."""
    label = f"{request.name}:{request.variant}" if request.variant else request.name
    words = ["train", label, "--data", request.dataset, "--precision", request.precision]
    for option, value in (
        ("--steps", request.steps),
        ("--encoder-steps", request.encoder_steps),
        ("--seed", request.seed),
    ):
        words += [] if value is None else [option, str(value)]
    if request.snapshots:
        words += ["--snapshots", ",".join(map(str, request.snapshots))]
    return words


def _relay(process: subprocess.Popen[str], told: list[str]) -> None:
    """Pass on what a process says, line by line, and keep it."""
    assert process.stderr is not None
    for line in process.stderr:
        told.append(line)
        del told[:-20]
        say(line.rstrip("\n"))
