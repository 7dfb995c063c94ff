"""Carrying out a study of claims: train what is lacking, measure, decide, and keep the answers for reports."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.files import write_json
from t2ibench.core.place import Place
from t2ibench.core.records import CLAIMS, ResultRecord, Results, SourceRecord
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.spec.studies import ClaimEntry
from t2ibench.evaluation.images.sources import CONTROLS
from t2ibench.studies.bench.plan import FULL, BenchItem, BenchRequest, suite_of
from t2ibench.studies.claims.contrasts import ClaimTest
from t2ibench.studies.claims.effects import Effect
from t2ibench.studies.claims.verdicts import Answer, Question, judge
from t2ibench.training.request import Job

SUITE: Final = "claims"
"""The suite of benchmarks.toml that has the budgets; its models are the rows of the claims asked for."""

Measured = Mapping[str, Mapping[int | None, ResultRecord]]
"""Row -> training seed (None for controls) -> its record in one column."""


@dataclass(frozen=True)
class ClaimsRequest:
    """What a user asks for; empty keeps what benchmarks.toml says.

    Attributes:
        names: of claims; empty for all of the data set.
        dataset: where they are tested; "" for the claims' own.
        budget: of the suite "claims", or "full".
        seeds: of training.
    """

    names: tuple[str, ...] = ()
    dataset: str = ""
    budget: str = FULL
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class Asked:
    """A claim in one column, with the records behind it and the seeds that all of its rows have."""

    claim: ClaimEntry
    measured: Measured
    seeds: Sequence[int]
    question: Question


def claims_of(request: ClaimsRequest, benchmarks: Benchmarks) -> dict[str, dict[str, ClaimEntry]]:
    """Return data set -> the claims asked for that are tested on it, by name: its own, or all where one is named.

    Raises:
        UserError: a claim is unknown, its test is, or the test wants another number of rows.
    """
    require_known("claim", benchmarks.claims, *request.names, hint="`t2ibench list claims` shows them all.")
    if not benchmarks.claims:
        raise UserError("benchmarks.toml has no claims: a table [claims.NAME] makes one.")
    found: dict[str, dict[str, ClaimEntry]] = {}
    for name in request.names or benchmarks.claims:
        claim = benchmarks.claims[name]
        least, most = test_of(claim).rows
        if len(claim.rows) < least or (most is not None and len(claim.rows) > most):
            wanted = f"{least}" if most == least else f"{least} or more"
            raise UserError(f"claims.{name} has {len(claim.rows)} rows; the test {claim.test} wants {wanted}.")
        found.setdefault(request.dataset or claim.data, {})[name] = claim
    return found


def test_of(claim: ClaimEntry) -> ClaimTest:
    """Return the test of a claim. Raises UserError: there is no such test."""
    test: ClaimTest = registry("claim_tests")[claim.test]()
    return test


def suite_for(
    dataset: str,
    request: ClaimsRequest,
    claims: Mapping[str, ClaimEntry],
    place: Place,
    protocol: str | None = None,
) -> tuple[BenchRequest, Place]:
    """Return what to ask of a suite whose models are the rows of a data set's claims, and a place that has it.

    `protocol` leaves the claims of other protocols out; None takes the rows of all.

    Raises:
        UserError: benchmarks.toml has no suite "claims", or it has no such budget.
    """
    benchmarks = place.benchmarks
    if SUITE not in benchmarks.suites:
        raise UserError(f"benchmarks.toml has no suite {SUITE!r}, whose budgets say how long rows are trained.")
    asked = BenchRequest(SUITE, (dataset,), request.budget, request.seeds)
    suite = suite_of(asked, benchmarks)
    rows = dict.fromkeys(row for claim in claims.values() if protocol in (None, claim.protocol) for row in claim.rows)
    models = tuple(row for row in rows if row not in CONTROLS)
    suite = suite.model_copy(update={"models": models, "data": dataset, "protocol": protocol or suite.protocol})
    content = benchmarks.model_copy(update={"suites": {**benchmarks.suites, SUITE: suite}})
    return asked, dataclasses.replace(place, benchmarks=content)


def decide(
    dataset: str,
    request: ClaimsRequest,
    claims: Mapping[str, ClaimEntry],
    items: Sequence[BenchItem],
    place: Place,
) -> dict[str, Any]:
    """Return the table of verdicts on one data set as JSON values, kept under results/claims/ for reports.

    Args:
        dataset: its name.
        request: what was asked.
        claims: those tested on it.
        items: the trainings that the rows are, with their seeds and steps.
        place: whose benchmarks judge, and where results lie.

    Raises:
        UserError: the results cannot be read or written.
    """
    asked = asked_of(dataset, claims, items, place)
    answers = judge([one.question for one in asked])
    table = {
        "schema": 1,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "dataset": dataset,
        "protocol": place.benchmarks.datasets[dataset].protocol,
        "budget": request.budget,
        "seeds": sorted({item.job.spec.seed for item in items if item.job is not None}),
        "steps": {item.label: item.job.steps for item in items if item.job is not None},
        "command": _command(dataset, request),
        "rows": [_row(one, answer) for one, answer in zip(asked, answers, strict=True)],
    }
    write_json(place.workspace.results / CLAIMS / f"{dataset}-{request.budget}.json", table)
    return table


def asked_of(dataset: str, claims: Mapping[str, ClaimEntry], items: Sequence[BenchItem], place: Place) -> list[Asked]:
    """Return every claim in each of its columns with what the results have of it, without measuring anything.

    Raises:
        UserError: the results cannot be read.
    """
    kept = Results(place.workspace.results).latest()[0].values()
    found = []
    for name, claim in claims.items():
        protocol = claim.protocol or place.benchmarks.datasets[dataset].protocol
        wanted = (dataset, protocol, "ok")
        records = [one for one in kept if (one.plan.dataset, one.plan.protocol, one.status) == wanted]
        for column in claim.columns:
            measured = _measured(claim, column, items, records)
            found.append(Asked(claim, measured, shared_seeds(measured), _question(name, claim, column, measured)))
    return found


def _measured(claim: ClaimEntry, column: str, items: Sequence[BenchItem], records: Sequence[ResultRecord]) -> Measured:
    """Return what was measured of a claim's rows in a column, trained for as many steps as was asked.

    Two variants that come to the same settings are one training, whose records have the name that was asked last: a row
    is what was trained, not how it was called.
    """
    jobs = {item.label: item.job for item in items if item.job is not None}
    found: dict[str, dict[int | None, ResultRecord]] = {row: {} for row in claim.rows}
    for record in records:
        if record.metric.column != column:
            continue
        for row in claim.rows:
            if row in CONTROLS:
                if record.source.name == row:
                    found[row][None] = record
            elif row in jobs and _is_of(record.source, row, jobs[row]):
                found[row][record.source.seed] = record
    return found


def _is_of(source: SourceRecord, label: str, job: Job) -> bool:
    """Tell whether a row of results is a training of a job, of whatever seed: by name, or by all of its settings."""
    parameters = {name: value for name, value in job.spec.parameters.items() if value is not None}
    same = source.label == label or (source.model, dict(source.settings)) == (job.spec.name, parameters)
    return same and source.steps == job.steps


def _question(name: str, claim: ClaimEntry, column: str, measured: Measured) -> Question:
    """Return a claim in a column with its effects over the seeds that all of its rows have."""
    test = test_of(claim)
    margin = claim.margin.get(column)
    lacking = tuple(row for row in claim.rows if not measured[row])
    seeds = shared_seeds(measured)
    if lacking or not seeds:
        return Question(name, column, test.equal, margin, lacking=lacking or claim.rows)
    values = _values(claim, measured, seeds)
    pairs = tuple(Effect.of(one) for one in test.pairs(values))
    return Question(name, column, test.equal, margin, Effect.of(test.effect(values)), pairs)


def shared_seeds(measured: Measured) -> list[int]:
    """Return the seeds that every row has which was trained."""
    trained = [{seed for seed in found if seed is not None} for found in measured.values() if None not in found]
    return sorted(set.intersection(*trained)) if trained else []


def _values(claim: ClaimEntry, measured: Measured, seeds: Sequence[int]) -> list[list[float]]:
    """Return rows x seeds, larger being better; a control has one value for all seeds."""
    values = []
    for row in claim.rows:
        records = [measured[row].get(seed) or measured[row][None] for seed in seeds]
        values.append([(1 if one.metric.higher_is_better else -1) * (one.value or 0.0) for one in records])
    return values


def _row(asked: Asked, answer: Answer) -> dict[str, Any]:
    """Return a row of the table of verdicts as JSON values."""
    claim, measured, seeds = asked.claim, asked.measured, asked.seeds
    column = answer.question.column
    one = next((record for found in measured.values() for record in found.values()), None)
    effect = answer.question.effect
    further = test_of(claim).further(_values(claim, measured, seeds)) if effect is not None else {}
    return {
        "claim": answer.question.claim,
        "statement": claim.statement,
        "source": claim.source,
        "test": claim.test,
        "column": column,
        "title": column if one is None else one.metric.title,
        "unit": "" if one is None else one.metric.unit,
        "higher_is_better": one is None or one.metric.higher_is_better,
        "verdict": answer.verdict,
        "effect": None if effect is None else dataclasses.asdict(effect),
        "interval": answer.interval,
        "chance": answer.chance,
        "margin": answer.question.margin,
        "more_seeds": answer.more_seeds,
        "further": further,
        "lacking": list(answer.question.lacking),
        "notes": list(answer.notes),
        "printed": [printed.model_dump(mode="json") for printed in claim.printed],
        "values": {
            row: [{"seed": seed, "value": found.value, "record": found.id} for seed, found in records.items()]
            for row, records in measured.items()
        },
    }


def _command(dataset: str, request: ClaimsRequest) -> str:
    words = ["t2ibench bench claims", *request.names, "--data", dataset, "--budget", request.budget]
    return " ".join([*words, *(["--seeds", ",".join(map(str, request.seeds))] if request.seeds else [])])
