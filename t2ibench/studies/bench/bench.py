"""Running a suite to its end: what fails is told and left behind, the rest is trained and measured."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.place import Place
from t2ibench.core.storage.claims import claimed
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.measuring.table import Evaluation
from t2ibench.evaluation.request.open_table import open_table
from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables
from t2ibench.studies.bench.cluster import Cluster, Queue
from t2ibench.studies.bench.failures import keep_failures
from t2ibench.studies.bench.plan import BenchItem, BenchRequest, plan_bench, suite_of
from t2ibench.studies.bench.training_jobs import train_as_jobs
from t2ibench.training.tracking.progress import say
from t2ibench.training.train import ensure_trained

_POLL_SECONDS: Final = 1.0
_BEGINNING_SECONDS: Final = 60.0
"""How much later than another worker the one that leads may begin."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Something that a suite wanted and could not have: what, and the sentence that says why."""

    what: str
    reason: str


@dataclass(frozen=True)
class BenchOutcome:
    """What came of a suite: the evaluations, one a data set, and all that failed."""

    evaluations: tuple[Evaluation, ...]
    failures: tuple[Failure, ...]


def run_bench(
    request: BenchRequest,
    place: Place,
    *,
    keep_going: bool = True,
    trainer: Cluster | None = None,
) -> BenchOutcome:
    """Return what came of training and measuring a suite. What is there is neither trained nor measured again.

    Metrics that fail become records, and so do models that cannot be trained: one a metric, until asking again makes
    the model. Both, and data sets that fail, are in the outcome, and the rest goes on.

    Args:
        request: what is asked.
        place: where it is done.
        keep_going: whether to go on after a failure.
        trainer: where models are trained as jobs; None trains one after the other here.

    Raises:
        UserError: there is no such suite, data set or budget, or the first failure where `keep_going` is False.
        KeyboardInterrupt: stopped by a signal, with everything saved.
    """
    protocol = suite_of(request, place.benchmarks).protocol
    if not place.workers.leads:
        _help(request, place, protocol)
        return BenchOutcome((), ())
    items = plan_bench(request, place)
    failures: list[Failure] = []
    evaluations: list[Evaluation] = []
    for dataset in dict.fromkeys(item.dataset for item in items):
        here = [item for item in items if item.dataset == dataset]
        with claimed(_suite_place(request, place)) if place.workers.count > 1 else nullcontext():
            trained, failed = _all_trained(here, place, trainer, keep_going)
        failures += [Failure(here[index].title, _reason_of(error)) for index, error in failed.items()]
        found: list[Evaluation] = []
        if trained and (keep_going or not failed):
            asked = _table_of(here, trained, protocol)
            try:
                if trainer is not None and trainer.kind == "slurm":
                    _measure_as_jobs(asked, place, trainer)
                found = evaluate(asked, place)
            except Exception as error:
                if not keep_going:
                    raise
                failures.append(Failure(f"evaluation on {dataset}", _reason_of(error)))
                say(f"evaluation on {dataset} failed: {_reason_of(error)} Going on with the rest.")
        failures += _failed_numbers(found)
        kept = _kept(failed, trained, here, place, protocol)
        evaluations += found or kept
        if failed and not keep_going:
            raise next(iter(failed.values()))
    return BenchOutcome(tuple(evaluations), tuple(failures))


def _table_of(items: Sequence[BenchItem], trained: Mapping[int, Path], protocol: str) -> EvaluateRequest:
    """Return the request for a table of the models of one data set that are there."""
    wanted = [folder for index, path in trained.items() for folder in items[index].with_snapshots(path)]
    folders = tuple(dict.fromkeys(map(str, wanted)))
    return EvaluateRequest(models=folders, datasets=(items[0].dataset,), protocol=protocol or None)


def _help(request: BenchRequest, place: Place, protocol: str) -> None:
    """Measure with the worker that leads, a data set's table once all its models are there.

    While it trains them it holds the suite's claim; one that has let go of it without them trains no more.
    """
    for dataset in dict.fromkeys(item.dataset for item in plan_bench(request, place)):
        began, seen = time.monotonic(), False
        while True:
            here = [item for item in plan_bench(request, place) if item.dataset == dataset]
            ready = {index: item.ready for index, item in enumerate(here) if item.ready is not None}
            if len(ready) == len(here):
                evaluate(_table_of(here, ready, protocol), place)
                break
            with claimed(_suite_place(request, place), wait=False) as free:
                if free and (seen or time.monotonic() - began > _BEGINNING_SECONDS):
                    break
                seen = seen or not free
            time.sleep(_POLL_SECONDS)


def _measure_as_jobs(request: EvaluateRequest, place: Place, cluster: Cluster) -> None:
    """Have as many jobs as there are rows without numbers measure a request's tables; nothing is sent if all is known.

    A job that fails is no failure here: whoever asks for the records next measures what is lacking, and tells.

    Args:
        request: models, one data set and its protocol.
        place: where it is done.
        cluster: Slurm.

    Raises:
        UserError: a job cannot be sent off, or a table cannot be opened.
        KeyboardInterrupt: stopped by a signal; the jobs go on.
    """
    tables = [open_table(one, place) for one in resolve_tables(request, place)]
    known = [(table, rows, table.results.latest()[0]) for table, rows in tables]
    count = sum(bool(table.lacking(row, records)) for table, rows, records in known for row in rows)
    words = ["eval", "--models", ",".join(request.models), "--data", ",".join(request.datasets)]
    words += ["--protocol", request.protocol] if request.protocol else []
    words += ["--weights-dir", str(place.weights_dir)] if place.weights_dir else []
    queue = Queue(cluster, place)
    for rank in range(count):
        workers = {"RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_RANK": "0"}
        title = f"evaluation on {', '.join(request.datasets)}, {rank + 1} of {count}"
        queue.put(title, digest_of([words, workers]), words, workers)
    queue.wait()


def _suite_place(request: BenchRequest, place: Place) -> Path:
    return place.workspace.runs / f"suite-{digest_of(dataclasses.asdict(request))[:16]}"


def _all_trained(
    items: Sequence[BenchItem], place: Place, trainer: Cluster | None, keep_going: bool
) -> tuple[dict[int, Path], dict[int, Exception]]:
    """Return place -> folder of the models that are there, place -> error of the others (one if not `keep_going`)."""
    told = {} if trainer is None else train_as_jobs(items, place, trainer, stop_at_failure=not keep_going)
    trained: dict[int, Path] = {}
    failed: dict[int, Exception] = {}
    for index, item in enumerate(items):
        try:
            if item.title in told:
                raise UserError(told[item.title])
            trained[index] = _trained(item, place)
        except Exception as error:
            failed[index] = error
            if not keep_going:
                break
            say(f"{item.title} failed: {_reason_of(error)} Going on with the rest.")
    return trained, failed


def _trained(item: BenchItem, place: Place) -> Path:
    wraps = item.job is not None and item.job.wrapped is not None  # a model that may have been trained since the plan
    if item.ready is not None and not wraps:
        say(f"{item.title}: there already, {item.ready}")
        return item.ready
    assert item.request is not None
    path = ensure_trained(item.request, place)
    say(f"{item.title}: ready, {path}")
    return path


def _kept(
    failed: Mapping[int, Exception],
    trained: Mapping[int, Path],
    items: Sequence[BenchItem],
    place: Place,
    protocol: str,
) -> list[Evaluation]:
    """Return what `keep_failures` does, in a list; where nothing can be kept it is said, and the list is empty."""
    reasons = {index: _reason_of(error) for index, error in failed.items()}
    try:
        kept = keep_failures(reasons, trained, items, place, protocol=protocol)
    except UserError as error:
        say(f"What failed has no row in the table of {items[0].dataset}: {error}")
        return []
    return [] if kept is None else [kept]


def _reason_of(error: Exception) -> str:
    """Return the sentence of a failure. One that nobody foresaw names its kind, so that it can be looked for."""
    return str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"


def _failed_numbers(evaluations: Sequence[Evaluation]) -> list[Failure]:
    return [
        Failure(f"{record.metric.title} of {record.source.title or record.source.name}", record.error)
        for evaluation in evaluations
        for record in evaluation.records
        if record.status == "failed"
    ]
