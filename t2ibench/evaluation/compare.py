"""Carrying out a request to compare two rows on the same captions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.place import Place
from t2ibench.core.types import Interval
from t2ibench.evaluation.details.details import keep_pair
from t2ibench.evaluation.external.rows import ExternalRows
from t2ibench.evaluation.images.sources import CONTROLS, Source
from t2ibench.evaluation.measuring.measure import Column
from t2ibench.evaluation.measuring.table import Table
from t2ibench.evaluation.paired import Difference, Verdict, paired_difference
from t2ibench.evaluation.request.open_table import open_table
from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables
from t2ibench.models.folder import is_model_folder


@dataclass(frozen=True)
class ComparedColumn:
    """One column of a comparison.

    Attributes:
        column: its name in benchmarks.toml.
        title: head, as in "FID".
        unit: "" or "%".
        higher_is_better: direction.
        subtitle: the metric's identity in short.
        metric_digest: of its whole identity.
        first: the first row's value; None where it could not be had.
        second: the second row's.
        difference: first less second.
        interval: of the difference, as a mapping of types.Interval.
        n: images each rests on.
        verdict: see `paired.Verdict`.
        reason: why there is no verdict, or what a reader of it must know; "" mostly.
    """

    column: str
    title: str
    unit: str
    higher_is_better: bool
    subtitle: str
    metric_digest: str
    first: float | None = None
    second: float | None = None
    difference: float | None = None
    interval: Interval | None = None
    n: int = 0
    verdict: Verdict = "no verdict"
    reason: str = ""


@dataclass(frozen=True)
class Comparison:
    """The outcome on one data set.

    Attributes:
        dataset: its name.
        protocol: name of the protocol.
        seed: of captions and noise.
        n: images a row.
        first: name, title and identity of the first row.
        second: of the second.
        columns: in the protocol's order.
        covers: whose luck the verdicts know: of captions and noise, never of training, as each row is one training.
    """

    dataset: str
    protocol: str
    seed: int
    n: int
    first: dict[str, str]
    second: dict[str, str]
    columns: tuple[ComparedColumn, ...]
    covers: str = "captions"

    def describe(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return dataclasses.asdict(self)


def compare(
    first: str, second: str, asked: EvaluateRequest, place: Place, *, names: Mapping[str, str] | None = None
) -> list[Comparison]:
    """Return a comparison a data set, kept for `t2ibench report compare` too. What is known is not made again.

    Workers that do not lead make features for the one that does and return nothing.

    Args:
        first: a model as in `eval --models`, a control row ("ground-truth"), or a folder of images.
        second: likewise.
        asked: data sets, protocol, metrics and the like; its models, controls and external rows are those of the two.
        place: where it is done.
        names: folder -> name of its row, for all folders; None for the folders' own names.

    Raises:
        UserError: a name is unknown, a row cannot be had, or the rows were not made for the same captions.
        RunFailedError: a model fails.
    """
    models = tuple(one for one in (first, second) if _kind(one) == "model")
    folders = tuple(Path(one) for one in (first, second) if _kind(one) == "folder")
    alike = len({folder.absolute().name for folder in folders}) < len(folders)
    called = tuple(f"{folder.absolute().parent.name}/{folder.absolute().name}" for folder in folders) if alike else ()
    if names is not None:
        called = tuple(names[str(folder)] for folder in folders)
    request = replace(asked, models=models, controls=False, external=ExternalRows(images=folders, names=called))
    if not models and not request.datasets:
        raise UserError("Name the data set with --data: neither row was trained on one.")
    controls = tuple(dict.fromkeys(one for one in (first, second) if _kind(one) == "control"))
    comparisons = []
    with place.shared(partial(compare, first, second, names=names), asked):
        for one in resolve_tables(request, place, rows_named=True):
            rules = one.protocol.model_copy(update={"controls": controls})
            table, sources = open_table(replace(one, protocol=rules, controls=controls), place)
            rows = _in_order(first, second, list(sources))
            if not place.workers.leads:
                for index in place.workers.order(len(rows)):
                    table.inputs(rows[index], _usable(table))
                continue
            found = _compared(table, *rows)
            table.results.keep_comparison(found.describe())
            if rows[0] is not rows[1]:
                keep_pair(table, *rows)
            comparisons.append(found)
    return comparisons


def _usable(table: Table) -> list[Column]:
    return [column for column in table.columns if not column.extractor.fault]


def _kind(selector: str) -> str:
    if selector in CONTROLS:
        return "control"
    path = Path(selector)
    if path.is_dir() and not is_model_folder(path) and not any((path / "model").glob("step-*")):
        return "folder"
    return "model"


def _in_order(first: str, second: str, sources: list[Source]) -> tuple[Source, Source]:
    """Return the two rows; sources come models first, then folders, then controls, each in the order asked."""
    order = {"model": 0, "folder": 1, "control": 2}
    if len(sources) == 1:  # the same row twice
        return sources[0], sources[0]
    if len(sources) != 2:
        raise UserError(f"{first} and {second} are not two rows of one data set: one of them cannot be had there.")
    swapped = order[_kind(first)] > order[_kind(second)]
    return (sources[1], sources[0]) if swapped else (sources[0], sources[1])


def _compared(table: Table, first: Source, second: Source) -> Comparison:
    plan = table.plan
    for source in (first, second):
        if source.plan_of(plan).digest != plan.digest:
            raise UserError(
                f"{source.name} was not made for the captions of this plan, so it cannot be paired with another row: "
                "`t2ibench eval` judges it by itself."
            )
    ours, theirs = table.inputs(first, _usable(table)), table.inputs(second, _usable(table))
    columns = []
    for column in table.columns:
        if column.extractor.fault:
            columns.append(_without(column, column.extractor.fault))
        elif column.metric.caption_linked and not (first.caption_linked and second.caption_linked):
            columns.append(_without(column, "a row's images belong to no captions"))
        else:
            found = _column(column, first, second, ours[column.name], theirs[column.name])
            barred = _barred(column, drawn=table.drawn)
            columns.append(dataclasses.replace(found, verdict="no verdict", reason=barred) if barred else found)
    return Comparison(
        dataset=plan.dataset,
        protocol=table.protocol_name,
        seed=plan.seed,
        n=len(plan),
        first=_row(first),
        second=_row(second),
        columns=tuple(columns),
    )


def _column(
    column: Column, first: Source, second: Source, ours: MetricInput | UserError, theirs: MetricInput | UserError
) -> ComparedColumn:
    for given in (ours, theirs):
        if isinstance(given, UserError):
            return _without(column, str(given))
    assert isinstance(ours, MetricInput) and isinstance(theirs, MetricInput)
    try:
        found: Difference = paired_difference(column.metric, ours, theirs)
    except UserError as error:
        return _without(column, str(error))
    verdict = found.verdict(higher_is_better=column.metric.higher_is_better)
    reason = "" if found.interval is not None else "this metric has no paired interval"
    identity = column.extractor.identity
    seen = [source.name for source in (first, second) if identity and identity.weights in source.card.trained_with]
    if len(seen) == 1:
        verdict, reason = "no verdict", f"{seen[0]} was trained with this judge, the other was not"
    elif seen:
        reason = "both were trained with this judge"
    return dataclasses.replace(
        _without(column, reason),
        first=found.first,
        second=found.second,
        difference=found.value,
        interval=found.interval,
        n=found.n,
        verdict=verdict,
    )


def _barred(column: Column, *, drawn: bool | None) -> str:
    """Return why nobody is better by a column, whatever its numbers say; "" if its judge may decide."""
    match column.record.features.get("standing"):
        case "random":
            return "its network has random weights, and its numbers mean nothing"
        case "stand-in" if drawn is False:
            return "a stand-in network judges images that were not drawn for it"
    return ""


def _without(column: Column, reason: str) -> ComparedColumn:
    record = column.record
    return ComparedColumn(
        column=column.name,
        title=record.title,
        unit=record.unit,
        higher_is_better=record.higher_is_better,
        subtitle=record.subtitle,
        metric_digest=record.digest,
        reason=reason,
    )


def _row(source: Source) -> dict[str, str]:
    return {"name": source.name, "title": source.card.title, "identity": source.identity}
