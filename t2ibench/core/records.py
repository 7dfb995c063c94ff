"""Result records: one JSON line a measured (or failed) number, appended and never changed.

Reports are pure functions of the folder these lie in: records.jsonl, comparisons.jsonl, images/ for galleries,
details/ for what lies behind numbers, probes/ and validity/ for what those studies found.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, json_line, write_bytes, write_text, writing_failed
from t2ibench.core.reading.text import parse_json, text_lines
from t2ibench.core.storage.claims import claimed
from t2ibench.core.types import Origin

if TYPE_CHECKING:
    from pandas import DataFrame

SCHEMA = 2
RECORDS = "records.jsonl"
COMPARISONS = "comparisons.jsonl"
DETAILS = "details"
PROBES = "probes"
CLAIMS = "claims"
VALIDITY = "validity"


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SourceRecord(_Record):
    """Whose images were judged.

    Attributes:
        name: row name in tables, as in "attngan" or "ground-truth".
        title: display name.
        variant: "" for none.
        model: name of the model in benchmarks.toml; "" for what is no model.
        origin: see Origin; "control" rows are never ranked.
        identity: digest of all that the images depend on besides the plan.
        paper: citation.
        licence: of the weights.
        trained_on: data set the model learned from; "" for controls and folders.
        steps: training steps; None where there were none.
        seed: of its training; None where there was none.
        trained_with: digests of encoders seen in training.
        notes: sentences for the reader.
        parameters: numbers in the networks that make its images; None for what is no network.
        training_images: that it was shown in training, each as often as it was shown; None where nobody knows.
        training_seconds: that its training took, encoders apart; None where nobody knows.
        settings: what it was trained with, name -> value, plain values only; empty for what was not trained.
        changed: those of `settings` that its recipe in benchmarks.toml has otherwise.
    """

    name: str
    title: str
    variant: str = ""
    model: str = ""
    origin: Origin
    identity: str
    paper: str = ""
    licence: str = ""
    trained_on: str = ""
    steps: int | None = None
    seed: int | None = None
    trained_with: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    parameters: int | None = None
    training_images: int | None = None
    training_seconds: float | None = None
    settings: Mapping[str, str | bool | int | float] = Field(default_factory=dict)
    changed: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The model's name with its variant, as in "attngan:no-damsm", however the row is called."""
        return self.name if not self.model else f"{self.model}:{self.variant}" if self.variant else self.model


class PlanRecord(_Record):
    """What was asked: the data set, split, captions and protocol.

    `rules` is the digest of the protocol without its seed: plans that share it differ in the captions and noise drawn.
    `drawn` says whether the images are drawn by code: a stand-in network may judge those and no others; None in
    records that are older than the question.
    """

    dataset: str
    manifest: str
    split: str
    digest: str
    protocol: str
    protocol_digest: str
    seed: int
    resolution: int
    quantise: str
    rules: str = ""
    drawn: bool | None = None


class MetricRecord(_Record):
    """The identity of a metric. Records share a column only where `digest` (over all other fields) is equal.

    Attributes:
        column: name of the column in benchmarks.toml, as in "fid-simnet".
        metric: registered metric.
        version: of the metric.
        title: head of the column, as in "FID".
        unit: "" or "%".
        higher_is_better: direction.
        features: name, version, weights, resize, range, standing of the extractor.
        reference: digest of the reference images, "" where none.
        options: of the metric.
        subtitle: identity in short for the column head, as in "simnet v1, ref simbirds/test 300, n 600".
    """

    column: str
    metric: str
    version: int
    title: str
    unit: str
    higher_is_better: bool
    features: Mapping[str, Any]
    reference: str = ""
    options: Mapping[str, Any] = Field(default_factory=dict)
    subtitle: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 over everything but the subtitle."""
        return digest_of(self.model_dump(mode="json", exclude={"subtitle"}))


class IntervalRecord(_Record):
    """See types.Interval."""

    low: float
    high: float
    level: float
    method: str


class CostRecord(_Record):
    """What the number cost. Peak memory is the process's (CPU) or the allocator's (GPU)."""

    seconds: float
    images_per_second: float | None = None
    peak_memory_bytes: int | None = None


class ResultRecord(_Record):
    """One number, or one failure, with everything needed to judge it."""

    schema_: Literal[2] = Field(default=2, alias="schema")
    id: str
    created: str
    source: SourceRecord
    plan: PlanRecord
    metric: MetricRecord
    status: Literal["ok", "failed"]
    value: float | None = None
    interval: IntervalRecord | None = None
    n: int = 0
    spread: Mapping[str, float] = Field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    error: str = ""
    judge_seen_in_training: bool = False
    images_digest: str = ""
    cost: CostRecord | None = None
    environment: Mapping[str, Any] = Field(default_factory=dict)
    parents: tuple[str, ...] = ()
    images: str = ""
    """File under images/ with sample images of this source and plan, "" for none."""

    def with_warnings(self, sentences: Iterable[str]) -> ResultRecord:
        """Return the record with further sentences that a reader of the number must see."""
        return self.model_copy(update={"warnings": (*self.warnings, *sentences)})

    @staticmethod
    def key(source: SourceRecord, plan: PlanRecord, metric: MetricRecord) -> str:
        """Return the record id: digest of row, source, plan and metric identity. Same question, same id.

        The protocol's name is part of it: two protocols may judge alike and show other columns, each in its own table.
        """
        asked = [plan.protocol, plan.digest, plan.protocol_digest, plan.manifest]
        return digest_of([source.name, source.identity, *asked, metric.digest])


_WHOLE: Final = ("n", "steps", "parameters", "training_images", "peak_memory_bytes", "seed", "resolution")
_REAL: Final = (
    "value", "interval_low", "interval_high", "interval_level", "training_seconds", "seconds", "images_per_second",
)  # fmt: skip


def frame_of(records: Iterable[ResultRecord]) -> DataFrame:
    """Return a pandas data frame with a row a record, in the order given, every digit kept.

    Columns: what was asked ("dataset", "split", "protocol", "seed", ...), whose images ("row", "title", "variant",
    "origin", "steps", ...), the metric ("metric" is its title, "column" its name in benchmarks.toml, "metric_digest"
    its identity), "status", "value" with "interval_low" and "interval_high" at "interval_level", "n", what it cost, and
    the digests behind it. Whole numbers that are not known are <NA>, others NaN, texts "".
    """
    from pandas import DataFrame

    rows = [_flat(record) for record in records]
    frame = DataFrame(rows, dtype=object) if rows else DataFrame(columns=[*_WHOLE, *_REAL])
    return frame.astype(dict.fromkeys(_WHOLE, "Int64") | dict.fromkeys(_REAL, "float64"))


def _flat(record: ResultRecord) -> dict[str, Any]:
    source, plan, metric, interval, cost = record.source, record.plan, record.metric, record.interval, record.cost
    return {
        "dataset": plan.dataset,
        "split": plan.split,
        "protocol": plan.protocol,
        "row": source.name,
        "title": source.title,
        "variant": source.variant,
        "origin": source.origin.value,
        "metric": metric.title,
        "status": record.status,
        "value": record.value,
        "interval_low": interval.low if interval else None,
        "interval_high": interval.high if interval else None,
        "interval_level": interval.level if interval else None,
        "interval_method": interval.method if interval else "",
        "n": record.n,
        "unit": metric.unit,
        "higher_is_better": metric.higher_is_better,
        "judge_seen_in_training": record.judge_seen_in_training,
        "spread": "; ".join(f"{name}={value!r}" for name, value in sorted(record.spread.items())),
        "warnings": "; ".join(record.warnings),
        "error": record.error,
        "steps": source.steps,
        "trained_on": source.trained_on,
        "parameters": source.parameters,
        "training_images": source.training_images,
        "training_seconds": source.training_seconds,
        "seconds": cost.seconds if cost else None,
        "images_per_second": cost.images_per_second if cost else None,
        "peak_memory_bytes": cost.peak_memory_bytes if cost else None,
        "column": metric.column,
        "metric_subtitle": metric.subtitle,
        "features": str(metric.features.get("name", "")),
        "features_standing": str(metric.features.get("standing", "standard")),
        "seed": plan.seed,
        "resolution": plan.resolution,
        "quantise": plan.quantise,
        "created": record.created,
        "record_id": record.id,
        "metric_digest": metric.digest,
        "source_identity": source.identity,
        "manifest": plan.manifest,
        "plan_digest": plan.digest,
        "protocol_digest": plan.protocol_digest,
        "images_digest": record.images_digest,
    }


class Results:
    """The results folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def append(self, records: Iterable[ResultRecord]) -> None:
        """Append records, one process at a time. A line cut off by an earlier kill is closed first, never joined.

        Raises:
            UserError: the folder cannot be written.
            RunFailedError: the disk is full; nothing was appended.
        """
        lines = [record.model_dump_json(by_alias=True) for record in records]
        if not lines:
            return
        path = self.folder / RECORDS
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with claimed(path), path.open("ab+") as file:
                end = file.seek(0, os.SEEK_END)
                if end:
                    file.seek(end - 1)
                    prefix = b"" if file.read(1) == b"\n" else b"\n"
                else:
                    prefix = b""
                try:
                    file.write(prefix + ("\n".join(lines) + "\n").encode())
                    file.flush()
                    os.fsync(file.fileno())
                except OSError:
                    file.truncate(end)
                    raise
        except OSError as error:
            raise writing_failed(path, error) from error

    def read(self) -> tuple[list[ResultRecord], list[str]]:
        """Return (records in the order written, sentences about lines that could not be read).

        Raises:
            UserError: the file exists but cannot be opened.
        """
        path = self.folder / RECORDS
        if not path.exists():
            return [], []
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise UserError(f"{path} cannot be read: {error.strerror}.") from error
        records, faults = [], []
        for number, line in text_lines(text):
            try:
                records.append(ResultRecord.model_validate_json(line))
            except ValidationError:
                faults.append(
                    f"{path}, line {number}: not a result record of schema {SCHEMA}, as this version writes "
                    "them; it was left out. Measure again."
                )
        return records, faults

    def latest(self) -> tuple[dict[str, ResultRecord], list[str]]:
        """Return (record id -> last record written under it, sentences about lines left out).

        A failure whose number was had later is left out: without its weights an extractor has no full identity, so the
        two have different ids.
        """
        records, faults = self.read()
        latest = {record.id: record for record in records}
        had = {_question(record) for record in latest.values() if record.status == "ok"}
        return {
            key: record for key, record in latest.items() if record.status == "ok" or _question(record) not in had
        }, faults

    def frame(self) -> DataFrame:
        """Return the latest records as a pandas data frame, a row a number: see `frame_of`.

        Raises:
            UserError: the file of records cannot be opened.
        """
        return frame_of(self.latest()[0].values())

    def keep_comparison(self, comparison: Mapping[str, Any]) -> None:
        """Append what a comparison of two rows found, unless it was found before.

        Raises:
            UserError: the folder cannot be written.
            RunFailedError: the disk is full.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with claimed(self.folder / RECORDS):
            lines = self._comparison_lines()
            line = json_line(comparison).rstrip("\n")
            if line not in lines:
                write_text(self.folder / COMPARISONS, "\n".join([*lines, line]) + "\n")

    def comparisons(self) -> list[Mapping[str, Any]]:
        """Return what comparisons found, in the order written; lines that are no JSON are left out."""
        found: list[Mapping[str, Any]] = []
        for line in self._comparison_lines():
            try:
                value = parse_json(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                found.append(value)
        return found

    def _comparison_lines(self) -> list[str]:
        path = self.folder / COMPARISONS
        if not path.is_file():
            return []
        return [line for _, line in text_lines(path.read_text(encoding="utf-8", errors="replace"))]

    @property
    def details(self) -> Path:
        """Folder of what lies behind numbers, for reports: values by caption, curves of training, inner images."""
        return self.folder / DETAILS

    def attach_image(self, name: str, png: bytes) -> str:
        """Write an image for galleries and return its file name under images/."""
        write_bytes(self.folder / "images" / name, png)
        return name


def _question(record: ResultRecord) -> tuple[str, ...]:
    """Return what was asked, whatever the extractor's weights."""
    source, plan = record.source, record.plan
    return (source.name, source.identity, plan.manifest, plan.digest, plan.protocol_digest, record.metric.column)
