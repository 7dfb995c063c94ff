"""The same question asked with several seeds: mean and range, one table above those of the single seeds.

The records stay one a seed; what is made here is shown and never kept. A range over a few seeds is no confidence
interval, so nothing is ranked by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from t2ibench.core.files import digest_of
from t2ibench.core.records import IntervalRecord, PlanRecord, ResultRecord

RANGE: Final = "least and greatest over seeds"
"""How the `method` of such an interval begins."""

Questions = Mapping[tuple[str, ...], list[ResultRecord]]


def is_range(interval: IntervalRecord | None) -> bool:
    """Return whether an interval is a range over seeds."""
    return interval is not None and interval.method.startswith(RANGE)


def seeds_of(records: Iterable[ResultRecord]) -> tuple[int, ...]:
    """Return the seeds that records were made with, ascending."""
    return tuple(sorted({record.plan.seed for record in records}))


def over_seeds(records: Iterable[ResultRecord]) -> list[tuple[tuple[int, ...], list[ResultRecord]]]:
    """Return (seeds, records of their means), an element for each question that was asked with two seeds or more.

    A question is a data set, split and protocol but for its seed, at one number of images. A row that lacks a seed,
    or failed with it, is the mean of the others and says so.
    """
    questions: dict[tuple[str, ...], list[ResultRecord]] = {}
    for record in records:
        plan = record.plan
        if plan.rules and record.status == "ok" and record.value is not None:
            key = (plan.dataset, plan.manifest, plan.split, plan.protocol, plan.rules, str(record.n))
            questions.setdefault(key, []).append(record)
    found = []
    for members in questions.values():
        seeds = seeds_of(members)
        if len(seeds) > 1:
            found.append((seeds, _means(members, seeds)))
    return found


def _means(members: list[ResultRecord], seeds: tuple[int, ...]) -> list[ResultRecord]:
    """Return a record a row and metric identity; rows are told apart by origin, name, variant and identity."""
    cells: dict[tuple[str, ...], dict[int, ResultRecord]] = {}
    for record in members:
        source = record.source
        # A control is another set of images under every seed, but the same control.
        identity = "" if source.origin.value == "control" else source.identity
        key = (source.origin.value, source.name, source.variant, identity, record.metric.digest)
        cells.setdefault(key, {})[record.plan.seed] = record
    return [_mean([by_seed[seed] for seed in seeds if seed in by_seed], seeds) for by_seed in cells.values()]


def _mean(records: list[ResultRecord], seeds: tuple[int, ...]) -> ResultRecord:
    first = records[0]
    values = [record.value for record in records if record.value is not None]
    named = ", ".join(str(record.plan.seed) for record in records)
    warnings = [warning for record in records for warning in record.warnings]
    if len(records) < len(seeds):
        warnings.append(f"Measured with {len(records)} of {len(seeds)} seeds only: {named}.")
    identity = first.source.identity
    if first.source.origin.value == "control":
        identity = digest_of([first.source.name, "over seeds"])
    return first.model_copy(
        update={
            "id": digest_of([record.id for record in records]),
            "source": first.source.model_copy(update={"identity": identity}),
            "plan": _plan(first.plan, seeds),
            "value": sum(values) / len(values),
            "interval": IntervalRecord(low=min(values), high=max(values), level=1.0, method=f"{RANGE} {named}"),
            "spread": {},
            "warnings": tuple(dict.fromkeys(warnings)),
            "images_digest": "",
            "cost": None,
            "parents": tuple(record.id for record in records),
        }
    )


def _plan(plan: PlanRecord, seeds: tuple[int, ...]) -> PlanRecord:
    listed = ", ".join(str(seed) for seed in seeds)
    return plan.model_copy(
        update={
            "protocol": f"{plan.protocol}, mean over seeds {listed}",
            "protocol_digest": plan.rules,
            "digest": digest_of(["plans of seeds", *seeds, plan.rules]),
        }
    )
