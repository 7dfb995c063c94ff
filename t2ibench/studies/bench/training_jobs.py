"""Training the models of a suite as jobs, each by `t2ibench train`; they are measured where the command was given."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.data.open import open_dataset
from t2ibench.studies.bench.cluster import Cluster, Queue
from t2ibench.studies.bench.plan import BenchItem
from t2ibench.training.request import Job, TrainRequest, plan_training
from t2ibench.training.train import carry_out, require_feasible

_SIGHT_SECONDS: Final = 60.0
"""How long a model that another machine wrote may take to be seen on a shared disk."""


def train_as_jobs(
    items: Sequence[BenchItem], place: Place, cluster: Cluster, *, stop_at_failure: bool = False
) -> Mapping[str, str]:
    """Return title -> reason of the trainings that failed; the others' models are in the workspace.

    The jobs of encoders that are lacking come first, then a job a model. Jobs of Slurm of an earlier call that are
    still there are waited for instead of sent again. Models made around another one, and those that cannot be planned
    yet, are left to whoever trains one at a time.

    Args:
        items: the models of a suite on one data set.
        place: where it is done.
        cluster: where jobs run, how many at a time and with which options.
        stop_at_failure: end the other jobs after a failure.

    Raises:
        UserError: a job cannot be sent off, or the data set cannot be prepared.
        KeyboardInterrupt: stopped by a signal; jobs of Slurm go on, local ones have saved and ended.
    """
    queue = Queue(cluster, place, stop_at_failure=stop_at_failure)
    failures: dict[str, str] = {}
    feasible: list[tuple[BenchItem, TrainRequest, Job]] = []
    encoders: dict[str, Job] = {}
    for item, request, job in _lacking_models(items, place):
        manifest = open_dataset(item.dataset, place.benchmarks, place.workspace)
        try:
            require_feasible(job, manifest)
        except UserError as error:
            failures[item.title] = str(error)
            continue
        feasible.append((item, request, job))
        for encoder in job.encoders.values():
            if encoder.done or encoder.identity in encoders:
                continue
            spec = encoder.spec
            own = TrainRequest(spec.name, dataset=spec.dataset, steps=encoder.steps or None, seed=spec.seed)
            if encoder.steps and plan_training(own, place).spec.digest == spec.digest:
                encoders[encoder.identity] = encoder
                queue.put(_title(encoder), encoder.identity, _arguments(own, cluster))
            else:
                carry_out(encoder, manifest, place)
    lost = queue.wait()
    sent = []
    for item, request, job in feasible:
        reasons = [lost[title] for title in map(_title, job.encoders.values()) if title in lost]
        if reasons:
            failures[item.title] = reasons[0]
        elif not (failures and stop_at_failure):
            queue.put(item.title, job.identity, _arguments(request, cluster))
            sent.append((item, job))
    failures |= queue.wait()
    for item, job in sent:
        if item.title not in failures and not (failures and stop_at_failure) and not _seen(job):
            failures[item.title] = (
                f"Its job is over, but {job.exported} is not there: do all machines see the workspace?"
            )
    return failures


def _lacking_models(items: Sequence[BenchItem], place: Place) -> list[tuple[BenchItem, TrainRequest, Job]]:
    """Return what of a suite's models can be trained by a process of its own, the data set being prepared now."""
    found: list[tuple[BenchItem, TrainRequest, Job]] = []
    for item in items:
        if item.request is None or item.ready is not None or item.fault or (item.job and item.job.wrapped is not None):
            continue
        open_dataset(item.dataset, place.benchmarks, place.workspace)
        job = plan_training(item.request, place)
        if not job.done and job.steps:
            found.append((item, item.request, job))
    return found


def _arguments(request: TrainRequest, cluster: Cluster) -> list[str]:
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
    return words if cluster.kind == "slurm" else [*words, "--workers", "1"]


def _title(encoder: Job) -> str:
    return f"{encoder.spec.label}, on {encoder.spec.dataset}"


def _seen(job: Job) -> bool:
    """Return whether the model of a job that is over is there, waiting a little for a slow disk."""
    patience = time.monotonic() + _SIGHT_SECONDS
    while not job.done:
        if time.monotonic() > patience:
            return False
        time.sleep(1)
    return True
