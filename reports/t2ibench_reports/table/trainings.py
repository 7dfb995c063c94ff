"""Several trainings of one recipe: one row, whose interval knows the luck of training, above the single ones.

The records stay one a training; what is made here is shown and never kept. Captions and noise are the same for all
trainings, so their luck does not average out over them: it is added to what the trainings' own spread says.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence

from t2ibench.core.files import digest_of
from t2ibench.core.records import CostRecord, IntervalRecord, ResultRecord, SourceRecord
from t2ibench.core.types import Origin
from t2ibench_reports.table.seeds import RANGE, is_range

ONE = "one training"
LEVEL = 0.95


def over_trainings(records: Iterable[ResultRecord]) -> tuple[list[ResultRecord], dict[str, list[ResultRecord]]]:
    """Return (records of one plan, those of several trainings as their means; identity of such a row -> its records).

    Trainings belong together where all but the seed and what came of it is the same. Two of one seed differ in
    something else, as in their encoders: such rows stay apart.
    """
    records = list(records)
    recipes: dict[str, dict[str, SourceRecord]] = {}
    for record in records:
        source = record.source
        if source.origin is Origin.RETRAINED and source.seed is not None:
            recipes.setdefault(_recipe(source), {})[source.identity] = source
    several = {
        recipe: found
        for recipe, found in recipes.items()
        if 1 < len(found) == len({source.seed for source in found.values()})
    }
    members = {identity: recipe for recipe, found in several.items() for identity in found}
    left, of_recipe = [], dict[str, list[ResultRecord]]()
    for record in records:
        recipe = members.get(record.source.identity)
        if recipe is None or record.source.origin is not Origin.RETRAINED or _recipe(record.source) != recipe:
            left.append(record)
        else:
            of_recipe.setdefault(recipe, []).append(record)
    singles = {}
    for recipe, own in of_recipe.items():
        source = _source(list(several[recipe].values()))
        singles[source.identity] = own
        cells: dict[str, list[ResultRecord]] = {}
        for record in own:
            cells.setdefault(record.metric.digest, []).append(record)
        left += [_mean(cell, source, len(several[recipe])) for cell in cells.values()]
    return left, singles


def trainings_said(source: SourceRecord, singles: Sequence[ResultRecord]) -> str:
    """Return "mean of 3 trainings, seeds 0, 1, 2", "one training", or "" for what was not trained here."""
    if singles:
        seeds = sorted({record.source.seed for record in singles if record.source.seed is not None})
        return f"mean of {len(seeds)} trainings, seeds {', '.join(map(str, seeds))}"
    return ONE if source.origin in (Origin.RETRAINED, Origin.OFFICIAL_WEIGHTS) else ""


def t_interval(values: Sequence[float]) -> tuple[float, float, float] | None:
    """Return (mean, low, high) of Student's t interval at 95 %; None for fewer than two values."""
    from scipy.special import stdtrit  # scipy.stats takes a second to import

    if len(values) < 2:
        return None
    mean = math.fsum(values) / len(values)
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))
    reach = float(stdtrit(len(values) - 1, (1 + LEVEL) / 2)) * error
    return mean, mean - reach, mean + reach


def interval_over(records: Sequence[ResultRecord]) -> IntervalRecord | None:
    """Return the interval of the mean of two trainings or more that were measured on the same captions.

    Its reach is the root of the sum of two squares: Student's t over the trainings, and the mean square of their own
    reaches, which is the luck of captions. As what is peculiar to a training and a caption is in both, it is rather too
    wide than too narrow. Means over captions' seeds have a range in its place, as elsewhere. None for one training.

    Args:
        records: of one row and metric, each with a value.
    """
    values = [record.value for record in records if record.value is not None]
    if (found := t_interval(values)) is None:
        return None
    mean, luck = found[0], found[2] - found[0]
    own = [(value, record.interval) for value, record in zip(values, records, strict=True)]
    seeds = ", ".join(str(record.source.seed) for record in records)
    if any(is_range(record.interval) for record in records):
        ends = [end for value, one in own for end in ((one.low, one.high) if one else (value,))]
        method = f"{RANGE} and trainings, seeds of training {seeds}"
        return IntervalRecord(low=min(ends), high=max(ends), level=1.0, method=method)
    known = [(value - one.low, one.high - value) for value, one in own if one is not None]
    below, above = ([side**2 for side in sides] for sides in zip(*known, strict=True)) if known else ([0.0], [0.0])
    reaches = [math.sqrt(luck**2 + math.fsum(squares) / len(squares)) for squares in (below, above)]
    method = f"Student's t over {len(values)} trainings" + (" and the captions' own interval" if known else "")
    return IntervalRecord(low=mean - reaches[0], high=mean + reaches[1], level=LEVEL, method=method)


def _recipe(source: SourceRecord) -> str:
    settings = json.dumps(dict(source.settings), sort_keys=True)
    return "\0".join(
        (source.name, source.variant, source.model, source.trained_on, str(source.steps), source.title, settings)
    )


def _source(sources: Sequence[SourceRecord]) -> SourceRecord:
    """Return what the row of several trainings says of its images."""
    sources = sorted(sources, key=lambda source: source.seed or 0)
    times = [source.training_seconds for source in sources if source.training_seconds is not None]
    return sources[0].model_copy(
        update={
            "identity": digest_of(["trainings", *(source.identity for source in sources)]),
            "seed": None,
            "trained_with": tuple(dict.fromkeys(one for source in sources for one in source.trained_with)),
            "training_seconds": math.fsum(times) / len(times) if times else None,
            "notes": tuple(dict.fromkeys(note for source in sources for note in source.notes)),
        }
    )


def _mean(records: Sequence[ResultRecord], source: SourceRecord, trainings: int) -> ResultRecord:
    """Return the record of a row of several trainings in one column; the failure where all of them failed."""
    records = sorted(records, key=lambda record: record.source.seed or 0)
    measured = [record for record in records if record.value is not None]
    first = (measured or records)[0]
    values = [record.value for record in measured if record.value is not None]
    warnings = dict.fromkeys(warning for record in records for warning in record.warnings)
    if len(measured) < trainings:
        warnings[f"Measured with {len(measured)} of {trainings} trainings only."] = None
    return first.model_copy(
        update={
            "id": digest_of(["trainings", *(record.id for record in records)]),
            "source": source,
            "value": math.fsum(values) / len(values) if values else None,
            "interval": interval_over(measured),
            "n": min((record.n for record in measured), default=0),
            "spread": {},
            "warnings": tuple(warnings),
            "judge_seen_in_training": any(record.judge_seen_in_training for record in records),
            "images_digest": "",
            "cost": _cost([record.cost for record in records if record.cost is not None]),
            "parents": tuple(record.id for record in records),
        }
    )


def _cost(costs: Sequence[CostRecord]) -> CostRecord | None:
    """Return what one of the trainings cost to measure: the mean time, the slowest pace."""
    if not costs:
        return None
    return CostRecord(
        seconds=math.fsum(cost.seconds for cost in costs) / len(costs),
        images_per_second=min((cost.images_per_second for cost in costs if cost.images_per_second), default=None),
    )
