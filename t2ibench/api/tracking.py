"""A measured table in the trackers that training logs to."""

from __future__ import annotations

from collections.abc import Sequence

from t2ibench.api.table import Table
from t2ibench.core.reading.file_names import shown
from t2ibench.core.records import ResultRecord
from t2ibench.evaluation.measuring.table import Evaluation
from t2ibench.training.tracking.trackers import RunName, named_trackers


def log_tables(table: Table, names: Sequence[str]) -> None:
    """Log every number of a table as "<row>/<column>", its interval beside it, and the sample images.

    A table is a run of its own, named after data set, protocol and plan; asked again, the same run goes on. A model's
    numbers stand at its training steps, those of other rows at step 0.

    Raises:
        UserError: a tracker is not known or not installed.
    """
    if not names:
        return
    for evaluation in table.evaluations:
        if evaluation.records:
            _log(evaluation, table, names)


def _log(evaluation: Evaluation, table: Table, names: Sequence[str]) -> None:
    plan = evaluation.records[0].plan
    run = RunName(
        f"eval-{plan.dataset}-{plan.protocol}-seed{plan.seed}-{plan.digest[:12]}",
        {"kind": "evaluation", **plan.model_dump(mode="json")},
    )
    results = table.place.workspace.results
    folder = results / "tracking" / shown(run.name)
    folder.mkdir(parents=True, exist_ok=True)
    trackers = named_trackers(folder, -1, run, names)
    by_step: dict[int, list[ResultRecord]] = {}
    for record in evaluation.records:
        by_step.setdefault(record.source.steps or 0, []).append(record)
    try:
        for step, records in sorted(by_step.items()):
            values = {name: value for record in records for name, value in _values(record).items()}
            strips = dict.fromkeys(record.images for record in records if record.images)
            for tracker in trackers:
                tracker.log(step, values)
                for strip in strips:
                    tracker.image(step, results / "images" / strip)
    finally:
        for tracker in trackers:
            tracker.close()


def _values(record: ResultRecord) -> dict[str, float]:
    if record.value is None:
        return {}
    name = f"{record.source.name}/{record.metric.column}"
    interval = record.interval
    return {name: record.value} | (
        {} if interval is None else {f"{name}/low": interval.low, f"{name}/high": interval.high}
    )
