"""The columns of a table: metrics with their identities, from benchmarks.toml."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.records import MetricRecord
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, ProtocolEntry
from t2ibench.data.manifest import Manifest
from t2ibench.evaluation.images.negatives import NEGATIVES_RULES, has_own_reference, ranks_captions
from t2ibench.evaluation.images.plan import TRAINING, training_images
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.evaluation.measuring.measure import Column


def make_columns(
    names: Sequence[str],
    benchmarks: Benchmarks,
    protocol: ProtocolEntry,
    extractors: dict[str, Extractor],
    manifest: Manifest,
    count: int,
) -> list[Column]:
    """Return the columns of a table with their identities.

    Args:
        names: of [metrics.*] in benchmarks.toml.
        benchmarks: its content.
        protocol: how is judged.
        extractors: by name.
        manifest: the data set, whose split is the reference.
        count: images a row.

    Raises:
        UserError: a metric or split is unknown, or a metric's options do not fit it.
    """
    from t2ibench.data.images import RealImages

    columns = []
    images = [image.id for image in manifest.split(protocol.split)]
    reference = RealImages(manifest).digest(images, protocol.resolution)
    for name in names:
        entry = benchmarks.metrics[name]
        try:
            metric = registry("metrics")[entry.metric](**dict(entry.options))
        except TypeError as error:
            raise UserError(f"The options of [metrics.{name}] in benchmarks.toml do not fit: {error}.") from error
        extractor = extractors[entry.features]
        options: dict[str, Any] = dict(entry.options)
        parts = [entry.profile] if entry.profile else []
        parts.append(
            f"{extractor.name} v{extractor.identity.version}" if extractor.identity else f"{extractor.name} missing"
        )
        if extractor.identity and extractor.identity.made:
            parts.append(extractor.identity.made)
        if metric.needs_reference:
            own = has_own_reference(metric)
            parts.append("with the caption's image" if own else f"ref {manifest.name}/{protocol.split} {len(images):,}")
        if ranks_captions(metric):
            rule = NEGATIVES_RULES[protocol.negatives_rule]
            options |= {"negatives": protocol.negatives, "exclude": protocol.exclude, "rule": rule}
            fresh = ", fresh negatives" if protocol.negatives_rule == "fresh" else ""
            parts.append(f"1 of {protocol.negatives + 1}, other {protocol.exclude}{fresh}")
        if getattr(metric, "needs_training", False) and (seen := training_images(manifest, protocol)):
            options["training"] = RealImages(manifest).digest(seen, protocol.resolution)
            parts.append(f"training {manifest.name}/{TRAINING} {len(seen):,}")
        if (chance := getattr(metric, "chance", None)) is not None:
            parts.append(f"chance {chance:.1f}{metric.unit and f' {metric.unit}'}")
        parts.append(f"n {count:,}")
        columns.append(
            Column(
                name,
                metric,
                extractor,
                MetricRecord(
                    column=name,
                    metric=entry.metric,
                    version=metric.version,
                    title=entry.title or metric.title,
                    unit=metric.unit,
                    higher_is_better=metric.higher_is_better,
                    features=json.loads(json.dumps(extractor.describe())),
                    reference=reference if metric.needs_reference else "",
                    options=options,
                    subtitle=" · ".join(parts),
                ),
            )
        )
    return columns
