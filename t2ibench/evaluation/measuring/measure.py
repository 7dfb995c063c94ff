"""Features to estimates to records, for one source under one protocol."""

from __future__ import annotations

import math
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import Metric, MetricInput
from t2ibench.core.machine.provenance import environment
from t2ibench.core.records import (
    CostRecord,
    IntervalRecord,
    MetricRecord,
    PlanRecord,
    ResultRecord,
    SourceRecord,
)
from t2ibench.core.types import Interval, Origin, PlanItem, SamplePlan
from t2ibench.evaluation.images.negatives import numbered
from t2ibench.evaluation.images.sources import Source
from t2ibench.evaluation.measuring.caption_codes import CaptionCodes
from t2ibench.evaluation.measuring.collect import Collected
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.metrics.pairs.one_pass import PairPass


@dataclass(frozen=True)
class Column:
    """One column of a protocol: a metric on an extractor's features, with its identity."""

    name: str
    metric: Metric
    extractor: Extractor
    record: MetricRecord


@dataclass(frozen=True)
class Queries:
    """What R-precision ranks.

    Attributes:
        codes: extractor name -> its codes of M captions; filled as they are needed.
        queries: int N, each image's own caption among those.
        negatives: int N x k; None for metrics that rank no captions.
        reference: int, a caption of each reference image among those; None unless needed.
    """

    codes: dict[str, CaptionCodes]
    queries: np.ndarray
    negatives: np.ndarray | None
    reference: np.ndarray | None = None


def source_record(source: Source) -> SourceRecord:
    """Return what a record says of a source."""
    return SourceRecord(
        name=source.name,
        title=source.card.title,
        variant=source.variant,
        model=source.model,
        origin=Origin.CONTROL if source.name == "untrained" else source.card.origin,
        identity=source.identity,
        paper=source.card.paper,
        licence=source.card.licence,
        trained_on=source.trained_on,
        steps=source.steps,
        seed=source.seed,
        trained_with=source.card.trained_with,
        notes=source.card.notes,
        **asdict(source.cost),
        settings=source.settings,
        changed=source.changed,
    )


def failed_record(
    source: Source, plan: PlanRecord, column: Column, reason: str, *, n: int, device: str
) -> ResultRecord:
    """Return the record of a number that could not be had, with the sentence that says why."""
    return _record(source, plan, column, n=n, device=device, status="failed", error=reason)


def measured_record(
    source: Source,
    plan: PlanRecord,
    column: Column,
    collected: Collected,
    given: MetricInput,
    *,
    shares: tuple[int, int],
    device: str,
    images: str,
    warnings: tuple[str, ...] = (),
) -> ResultRecord:
    """Return the record of one metric, a failed one where the metric refuses.

    Args:
        source: whose images.
        plan: what was asked.
        column: the metric.
        collected: the images' features and times.
        given: what the metric reads.
        shares: metrics that share the cost of making the images, and those that share the extractor's; so the costs
            of a row add up to what it took.
        device: where the images were made.
        images: file with sample images.
        warnings: further sentences for the record.
    """
    n = len(next(iter(given.features.values()), ()))
    began = time.perf_counter()
    try:
        estimate = column.metric.estimate(given)
    except UserError as error:
        return failed_record(source, plan, column, str(error), n=n, device=device)
    own = time.perf_counter() - began
    interval = estimate.interval
    making = collected.making_seconds
    seconds = own + making / shares[0] + collected.feature_seconds[column.extractor.name] / shares[1]
    identity = column.extractor.identity
    return _record(
        source,
        plan,
        column,
        n=estimate.n,
        device=device,
        status="ok",
        value=estimate.value,
        interval=None if interval is None else _interval_record(interval),
        spread=dict(estimate.spread),
        warnings=(*source.warnings, *warnings, *estimate.warnings),
        judge_seen_in_training=identity is not None and identity.weights in source.card.trained_with,
        images_digest=collected.images_digest,
        cost=CostRecord(
            seconds=seconds,
            images_per_second=n / making if making > 0 else None,
            peak_memory_bytes=_peak_memory(device),
        ),
        images=images,
    )


def _interval_record(interval: Interval) -> IntervalRecord | None:
    """Return the record of an interval; None for one without width, which would claim certainty: it has no spread."""
    if math.isclose(interval.low, interval.high, rel_tol=1e-9):
        return None
    return IntervalRecord(low=interval.low, high=interval.high, level=interval.level, method=interval.method)


def remark_on_other_plan(held: SamplePlan, asked: SamplePlan, source: Source) -> tuple[str, ...]:
    """Return the warning of a row that was not made for the table's captions; nothing for one that was."""
    if held.digest == asked.digest:
        return ()
    if source.caption_linked:
        wanted = {item.id for item in asked.items}
        have = sum(item.id in wanted for item in held.items)
        return (f"Judged on {len(held):,} images of its own choice, {have:,} of them of this table's plan.",)
    return (f"Judged on {len(held):,} images whose captions are not known.",)


def passes_of(columns: Sequence[Column]) -> dict[str, PairPass]:
    """Return extractor name -> the pass over pairs of images that its columns share, for one source."""
    names = dict.fromkeys(column.extractor.name for column in columns)
    return {name: PairPass([one.metric for one in columns if one.extractor.name == name]) for name in names}


def groups_by_image(items: Sequence[PlanItem]) -> np.ndarray:
    """Return int array N: plan items whose captions belong to one image share a number."""
    return numbered([item.caption.image_id for item in items])


def _record(source: Source, plan: PlanRecord, column: Column, *, device: str, **rest: Any) -> ResultRecord:
    whose = source_record(source)
    return ResultRecord(
        id=ResultRecord.key(whose, plan, column.record),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        source=whose,
        plan=plan,
        metric=column.record,
        environment=environment(device),
        **rest,
    )


def _peak_memory(device: str) -> int:
    """Return the peak in bytes: of the allocator on a GPU, of the process on the CPU."""
    torch = sys.modules.get("torch")
    if device.startswith("cuda") and torch is not None:
        return int(torch.cuda.max_memory_allocated(device))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak if sys.platform == "darwin" else peak * 1024)
