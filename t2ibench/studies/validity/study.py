"""The controlled study of metric validity: real images corrupted step by step, every metric of a protocol on each."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from torch import Tensor

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.files import write_json
from t2ibench.core.place import Place
from t2ibench.core.records import VALIDITY, ResultRecord, Results
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.measuring.table import Table
from t2ibench.evaluation.request.open_table import open_table
from t2ibench.evaluation.request.request import Resolved, protocol_for, require_metrics
from t2ibench.studies.known_truth import KnownTruth, known_truth
from t2ibench.studies.validity.corruptions import CORRUPTIONS, CorruptedSource, Corruption, Redraw, fault_of
from t2ibench.studies.validity.verdicts import Finding, Series, judge, true_alignment
from t2ibench.training.tracking.progress import say

NAME = "metric-validity"


@dataclass(frozen=True)
class ValidityRequest:
    """What is asked.

    Attributes:
        dataset: whose test images.
        protocol: whose metrics; None for "simbirds-full" on simulated birds, else the data set's own.
        samples: images a row.
        metrics: columns; empty for the protocol's.
        corruptions: names; empty for all.
        seed: of captions, negatives and corruptions; None for the protocol's.
    """

    dataset: str = "simbirds"
    protocol: str | None = None
    samples: int = 500
    metrics: tuple[str, ...] = ()
    corruptions: tuple[str, ...] = ()
    seed: int | None = None

    @property
    def command(self) -> str:
        """The command line that asks for it; what is usual is left out."""
        words = ["t2ibench validity"]
        for one in dataclasses.fields(self):
            value = getattr(self, one.name)
            if value != one.default:
                option = "data" if one.name == "dataset" else one.name
                words += [f"--{option}", ",".join(value) if isinstance(value, tuple) else str(value)]
        return " ".join(words)


@dataclass(frozen=True)
class Row:
    """One metric under one corruption."""

    corruption: Corruption
    series: Series
    finding: Finding
    truth: tuple[float, ...]


@dataclass(frozen=True)
class Study:
    """The outcome.

    Attributes:
        facts: data set, protocol, seed, images a row, version of the toolkit, day of the newest record.
        rows: corruption by corruption, the protocol's columns in order.
        subtitles: column -> its identity in short.
    """

    facts: Mapping[str, Any]
    rows: tuple[Row, ...]
    subtitles: Mapping[str, str]

    def describe(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        rows = [
            {
                "corruption": row.corruption.name,
                "corruption_title": row.corruption.title,
                "strengths": [0, *row.corruption.strengths],
                "unit": row.corruption.unit,
                "harms": sorted(row.corruption.harms),
                "true_alignment": list(row.truth),
                **dataclasses.asdict(row.series),
                **dataclasses.asdict(row.finding),
            }
            for row in self.rows
        ]
        return {"schema": 2, **self.facts, "columns": dict(self.subtitles), "rows": rows}


def run_study(request: ValidityRequest, place: Place) -> Study | None:
    """Return the study. Features lie in the workspace's store and values in `studies/`, so asking again is quick.

    The records stand apart from the workspace's results: no corrupted row gets into a leaderboard. Workers that do not
    lead return None.

    Raises:
        UserError: a name is unknown, or the data set cannot be opened.
    """
    require_known("corruption", CORRUPTIONS, *request.corruptions)
    wanted = [CORRUPTIONS[name] for name in request.corruptions or CORRUPTIONS]
    table = _table(request, place)
    known = known_truth(place.benchmarks.datasets[table.manifest.name].adapter)
    redraw = _redraw(known, table)
    chosen = _possible(wanted, table, redrawn=redraw is not None, named=bool(request.corruptions))
    clean = CorruptedSource(table.manifest, table.plan, table.protocol.resolution)
    measured: dict[str, list[dict[str, ResultRecord]]] = {}

    def source(one: Corruption, strength: float) -> CorruptedSource:
        return CorruptedSource(table.manifest, table.plan, table.protocol.resolution, one, strength, redraw)

    sources = {one.name: [source(one, strength) for strength in one.strengths] for one in chosen}
    starts = {one.name: source(one, 0) if one.planted else clean for one in chosen}
    with place.shared(run_study, request):
        table.share([clean, *starts.values(), *itertools.chain.from_iterable(sources.values())])
        if not place.workers.leads:
            return None
        first = _measured(table, clean)
        for one in chosen:
            start = _measured(table, starts[one.name])
            measured[one.name] = [start, *(_measured(table, step) for step in sources[one.name])]
            say(f"{one.title}: measured at {len(one.strengths)} strengths.")
    said = None if known is None else known.said
    true = None if known is None else known.true_of(table.manifest)
    rows = []
    for one in chosen:
        records = measured[one.name]
        truth = tuple(true_alignment(table.plan, step.image_of, said, true) for step in (clean, *sources[one.name]))
        # What a turned hue makes of colour words is not on file; strength alone orders those steps.
        ordered = truth if one.change is None and not one.redraws and "alignment" in one.harms else None
        rows += [
            Row(one, series, judge(series, one, ordered), truth if ordered else ())
            for series in (_series(column.name, records) for column in table.columns)
        ]
    newest = max(record.created for step in itertools.chain([first], *measured.values()) for record in step.values())
    facts = {
        "dataset": table.plan.dataset,
        "protocol": table.protocol_name,
        "seed": table.plan.seed,
        "n": len(table.plan),
        "truth": "statements" if true is not None else "own image",
        "version": next(iter(first.values())).environment["t2ibench"],
        "measured": newest[:10],
    }
    return Study(facts, tuple(rows), {column.name: column.record.subtitle for column in table.columns})


def keep_study(study: Study, workspace: Workspace, command: str) -> str:
    """Write a study to the workspace's results, where the report metric-validity finds it, and return its name.

    Args:
        study: what was found; it takes the place of an earlier one on the same data set and protocol.
        workspace: whose results.
        command: that makes it again, for the page.
    """
    name = re.sub(r"[^A-Za-z0-9_.-]", "_", f"{study.facts['dataset']}-{study.facts['protocol']}")
    write_json(workspace.results / VALIDITY / f"{name}.json", {**study.describe(), "command": command})
    return name


def _table(request: ValidityRequest, place: Place) -> Table:
    usual = "simbirds-full" if request.dataset == "simbirds" and "simbirds-full" in place.benchmarks.protocols else None
    require_metrics(request.metrics, place.benchmarks)
    name, protocol = protocol_for(request.dataset, place.benchmarks, request.protocol or usual, request.seed)
    asked = Resolved(request.dataset, name, protocol, samples=request.samples, metrics=request.metrics)
    table, _ = open_table(asked, place)
    return dataclasses.replace(table, results=Results(place.workspace.root / "studies" / NAME))


def _possible(wanted: Sequence[Corruption], table: Table, *, redrawn: bool, named: bool) -> list[Corruption]:
    """Return the corruptions that can be made of a table's images; those named must be possible."""
    found = []
    for one in wanted:
        fault = fault_of(one, table.manifest, table.plan, redrawn=redrawn)
        if fault and named:
            raise UserError(f"The corruption {one.name} cannot be made: {fault}.")
        if fault:
            say(f"Without {one.title.lower()}: {fault}.")
        else:
            found.append(one)
    return found


def _redraw(known: type[KnownTruth] | None, table: Table) -> Redraw | None:
    """Return what draws images of the data set anew with something wrong; None where nothing does."""
    altered = getattr(known, "altered", None)
    if altered is None:
        return None
    return lambda ids, what: cast("Tensor", altered(table.manifest, ids, what, table.protocol.resolution))


def _measured(table: Table, source: CorruptedSource) -> dict[str, ResultRecord]:
    return {record.metric.column: record for record in table.evaluate([source]).records}


def _series(column: str, steps: Sequence[Mapping[str, ResultRecord]]) -> Series:
    first = steps[0][column]
    interval = first.interval
    value = first.value if first.value is not None else 0.0
    return Series(
        column=column,
        metric=first.metric.metric,
        title=first.metric.title,
        higher_is_better=first.metric.higher_is_better,
        values=tuple(step[column].value for step in steps),
        low=value if interval is None else interval.low,
        high=value if interval is None else interval.high,
    )
