"""Records in the formats in which others exchange results: Hugging Face's .eval_results and Every Eval Ever."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from t2ibench.core.files import digest_of
from t2ibench.core.records import ResultRecord
from t2ibench.core.types import Origin
from t2ibench.core.version import VERSION

SCHEMA_VERSION = "0.2.1"
"""Of Every Eval Ever's eval.schema.json, github.com/evaleval/every_eval_ever."""


def hugging_face(records: Iterable[ResultRecord], owner: str) -> Mapping[str, str]:
    """Return file -> YAML, one a row, data set, protocol and column, as the Hub reads it from a model's repository.

    The format has a place for a value alone; interval, n, method and identity stand in `notes`. Failures are left out.

    Args:
        records: the results.
        owner: of the data sets on the Hub, as in "OWNER/cub".
    """
    files = {}
    for record in _measured(records):
        entry = {
            "dataset": {"id": f"{owner}/{record.plan.dataset}", "task_id": record.metric.column},
            "value": record.value,
            "date": record.created,
            "notes": _notes(record),
        }
        name = _file_name(record.source.name, record.source.identity[:8])
        column = _file_name(record.plan.dataset, record.plan.protocol, str(record.n), record.metric.column)
        files[f"{name}/.eval_results/{column}.yaml"] = _yaml(entry)
    return files


def every_eval_ever(records: Iterable[ResultRecord], organisation: str) -> Mapping[str, str]:
    """Return file -> JSON, one a row and plan, in Every Eval Ever's schema; failures are left out.

    Args:
        records: the results.
        organisation: that measured them.
    """
    tables: dict[tuple[str, ...], list[ResultRecord]] = {}
    for record in _measured(records):
        key = (record.source.name, record.source.identity, record.plan.digest, record.plan.protocol_digest)
        tables.setdefault(key, []).append(record)
    files = {}
    for members in tables.values():
        first = members[0]
        source, plan = first.source, first.plan
        content = {
            "schema_version": SCHEMA_VERSION,
            "evaluation_id": f"t2ibench-{plan.dataset}/{source.name}/{_epoch(first.created)}",
            "retrieved_timestamp": _epoch(first.created),
            "dedupe_identity": {
                "run_fingerprint": digest_of([source.identity, plan.digest, plan.protocol_digest]),
                "content_hash": digest_of([record.model_dump(mode="json", by_alias=True) for record in members]),
                "hash_algorithm": "sha256",
                "canonicalization_version": "JSON, keys sorted, no spaces",
            },
            "source_metadata": {
                "source_name": f"t2ibench, protocol {plan.protocol}",
                "source_type": "evaluation_run",
                "source_organization_name": organisation,
                "evaluator_relationship": "first_party" if source.origin is Origin.RETRAINED else "third_party",
            },
            "eval_library": {
                "name": "t2ibench",
                "version": str(first.environment.get("t2ibench", VERSION)),
                "additional_details": {"commit": str(first.environment.get("commit", ""))},
            },
            "model_info": {
                "name": source.title or source.name,
                "id": source.name,
                "additional_details": _strings(
                    origin=source.origin.value,
                    identity=source.identity,
                    variant=source.variant,
                    trained_on=source.trained_on,
                    steps=source.steps,
                    training_seed=source.seed,
                    paper=source.paper,
                    licence=source.licence,
                ),
            },
            "evaluation_results": [_result(record) for record in members],
        }
        name = _file_name(source.name, source.identity[:8])
        file = _file_name(plan.protocol, str(first.n), str(plan.seed))
        files[f"t2ibench-{plan.dataset}/{name}/{file}.json"] = json.dumps(content, indent=2, ensure_ascii=False) + "\n"
    return files


def _result(record: ResultRecord) -> dict[str, Any]:
    metric, interval = record.metric, record.interval
    percent = metric.unit == "%"
    uncertainty: dict[str, Any] = {"num_samples": record.n}
    if interval is not None:
        uncertainty["confidence_interval"] = {
            "lower": interval.low,
            "upper": interval.high,
            "confidence_level": interval.level,
            "method": interval.method,
        }
    return {
        "evaluation_name": f"{metric.title}, {metric.subtitle}",
        "evaluation_timestamp": record.created,
        "source_data": {
            "dataset_name": record.plan.dataset,
            "source_type": "other",
            "additional_details": _strings(
                split=record.plan.split,
                manifest=record.plan.manifest,
                plan=record.plan.digest,
                protocol=record.plan.protocol_digest,
                images=record.images_digest,
            ),
        },
        "metric_config": {
            "evaluation_description": metric.title + (f" ({metric.unit})" if metric.unit else ""),
            "lower_is_better": not metric.higher_is_better,
            "score_type": "continuous",
            # Most of these have no bound, and the schema asks for one.
            "min_score": 0.0 if percent else -sys.float_info.max,
            "max_score": 100.0 if percent else sys.float_info.max,
            "additional_details": _strings(
                column=metric.column,
                metric=metric.metric,
                version=metric.version,
                identity=metric.digest,
                judge_seen_in_training=record.judge_seen_in_training,
                **{f"features {name}": value for name, value in metric.features.items()},
            ),
        },
        "score_details": {
            "score": record.value,
            "details": _strings(n=record.n, record=record.id, **record.spread, warnings="; ".join(record.warnings)),
            "uncertainty": uncertainty,
        },
    }


def _notes(record: ResultRecord) -> str:
    interval = record.interval
    parts = [f"{record.metric.title} {record.metric.unit}".strip(), record.metric.subtitle, f"n {record.n}"]
    if interval is not None:
        parts.append(f"{interval.level:.0%} interval {interval.low!r} to {interval.high!r}, {interval.method}")
    parts += [f"{name} {value!r}" for name, value in sorted(record.spread.items())]
    parts += [f"t2ibench protocol {record.plan.protocol} {record.plan.protocol_digest[:8]}", f"record {record.id}"]
    return "; ".join(parts + list(record.warnings))


def _measured(records: Iterable[ResultRecord]) -> Sequence[ResultRecord]:
    """Return the numbers measured of models and images: controls and failures have no place in these formats."""
    shown = (Origin.RETRAINED, Origin.OFFICIAL_WEIGHTS, Origin.EXTERNAL_IMAGES)
    return [record for record in records if record.value is not None and record.source.origin in shown]


def _strings(**values: Any) -> dict[str, str]:
    """Return the values that say something, as the texts that the schema wants."""
    return {name: str(value) for name, value in values.items() if value not in (None, "")}


def _epoch(created: str) -> str:
    return f"{datetime.fromisoformat(created).timestamp():.0f}"


def _file_name(*parts: str) -> str:
    """Return a name that no file system obeys."""
    return re.sub(r"[^\w.]", "-", "-".join(parts)).strip(".")


def _yaml(entry: Mapping[str, Any]) -> str:
    """Return a list of one entry as YAML in blocks; scalars are JSON's, which YAML reads alike."""
    lines = []
    for name, value in entry.items():
        if isinstance(value, Mapping):
            lines.append(f"{name}:")
            lines += [f"  {key}: {json.dumps(one, ensure_ascii=False)}" for key, one in value.items()]
        else:
            lines.append(f"{name}: {json.dumps(value, ensure_ascii=False)}")
    return "".join(f"{'- ' if number == 0 else '  '}{line}\n" for number, line in enumerate(lines))
