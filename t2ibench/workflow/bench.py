"""Running a suite to its end: what fails is told and left behind, the rest is trained and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from t2ibench.errors import UserError
from t2ibench.spec import Benchmarks
from t2ibench.training.progress import say
from t2ibench.workflow.bench_plan import BenchItem, BenchRequest, plan_bench
from t2ibench.workflow.bench_side_by_side import SideBySide, train_side_by_side
from t2ibench.workflow.evaluate import EvaluateRequest, Evaluation, evaluate
from t2ibench.workflow.train import USUAL_COMPUTE, Compute, ensure_trained
from t2ibench.workspace import Workspace


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
    benchmarks: Benchmarks,
    workspace: Workspace,
    *,
    compute: Compute = USUAL_COMPUTE,
    weights_dir: Path | None = None,
    keep_going: bool = True,
    side_by_side: SideBySide | None = None,
) -> BenchOutcome:
    """Return what came of training and measuring a suite. What is there is neither trained nor measured again.

    Metrics that fail become records; models and data sets that fail are in the outcome, and the rest goes on.

    Args:
        request: what is asked.
        benchmarks: content of benchmarks.toml.
        workspace: where everything is kept.
        compute: device, threads, rhythm.
        weights_dir: folder of weights files that cannot be shipped.
        keep_going: whether to go on after a failure.
        side_by_side: how to train several models at once; None trains one after the other.

    Raises:
        UserError: there is no such suite, data set or budget, or the first failure where `keep_going` is False.
        KeyboardInterrupt: stopped by a signal, with everything saved.
    """
    items = plan_bench(request, benchmarks, workspace)
    failures: list[Failure] = []
    evaluations: list[Evaluation] = []
    for dataset in dict.fromkeys(item.dataset for item in items):
        folders = []
        here = [item for item in items if item.dataset == dataset]
        failed: Mapping[str, str] = {}
        if side_by_side is not None and side_by_side.jobs > 1:
            failed = train_side_by_side(
                here, benchmarks, workspace, side_by_side, compute=compute, stop_at_failure=not keep_going
            )
        for item in here:
            try:
                if item.title in failed:
                    raise UserError(failed[item.title])
                folders.append(_trained(item, benchmarks, workspace, compute))
            except Exception as error:
                _note(failures, item.title, error, keep_going)
        if not folders:
            continue
        asked = EvaluateRequest(
            models=tuple(dict.fromkeys(map(str, folders))), datasets=(dataset,), weights_dir=weights_dir
        )
        try:
            found = evaluate(asked, benchmarks, workspace, device=compute.device)
        except Exception as error:
            _note(failures, f"evaluation on {dataset}", error, keep_going)
            continue
        evaluations += found
        failures += _failed_numbers(found)
    return BenchOutcome(tuple(evaluations), tuple(failures))


def _trained(item: BenchItem, benchmarks: Benchmarks, workspace: Workspace, compute: Compute) -> Path:
    wraps = item.job is not None and item.job.wrapped is not None  # a model that may have been trained since the plan
    if item.ready is not None and not wraps:
        say(f"{item.title}: there already, {item.ready}")
        return item.ready
    assert item.request is not None
    path = ensure_trained(item.request, benchmarks, workspace, compute=compute)
    say(f"{item.title}: ready, {path}")
    return path


def _note(failures: list[Failure], what: str, error: Exception, keep_going: bool) -> None:
    """Note a failure, or pass it on. One that nobody foresaw names its kind, so that it can be looked for."""
    if not keep_going:
        raise error
    reason = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    say(f"{what} failed: {reason} Going on with the rest.")
    failures.append(Failure(what, reason))


def _failed_numbers(evaluations: Sequence[Evaluation]) -> list[Failure]:
    return [
        Failure(f"{record.metric.title} of {record.source.title or record.source.name}", record.error)
        for evaluation in evaluations
        for record in evaluation.records
        if record.status == "failed"
    ]
