"""One table: sources x metrics of a protocol on one data set, every number a record, known ones not measured again."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from t2ibench.errors import UserError
from t2ibench.evaluation.collect import Collected, collect
from t2ibench.evaluation.extractors import Extractor
from t2ibench.evaluation.measure import (
    Column,
    Queries,
    failed_record,
    groups_by_image,
    measured_record,
    metric_input,
    source_record,
)
from t2ibench.evaluation.plan import NEGATIVES_RULE, choose_negatives, reference_plan
from t2ibench.evaluation.sources import Source, ground_truth
from t2ibench.files import digest_of, write_json
from t2ibench.interfaces import CaptionJudge
from t2ibench.results import MetricRecord, PlanRecord, ResultRecord, Results
from t2ibench.store import Store
from t2ibench.types import SamplePlan

if TYPE_CHECKING:
    import numpy as np

    from t2ibench.data.manifest import Manifest
    from t2ibench.spec import Benchmarks, ProtocolEntry

SAMPLE_PICTURES = 16


@dataclass(frozen=True)
class Evaluation:
    """The outcome on one data set.

    Attributes:
        dataset: name of the data set.
        protocol: name of the protocol.
        records: a record a source and metric, in the order of rows and columns.
        measured: how many of them were measured now.
    """

    dataset: str
    protocol: str
    records: tuple[ResultRecord, ...]
    measured: int

    @property
    def failed(self) -> tuple[ResultRecord, ...]:
        """The records without a number."""
        return tuple(record for record in self.records if record.status == "failed")


@dataclass
class Table:
    """Everything that the rows of one table share.

    Args:
        manifest: the data set.
        protocol_name: of benchmarks.toml.
        protocol: how is judged.
        plan: which pictures.
        columns: what is measured.
        store: keeps features.
        results: takes records.
        device: where models compute.
        batch_size: pictures at a time.
        report: called with (row name, pictures done, pictures in all).
    """

    manifest: Manifest
    protocol_name: str
    protocol: ProtocolEntry
    plan: SamplePlan
    columns: Sequence[Column]
    store: Store
    results: Results
    device: str
    batch_size: int = 50
    report: Callable[[str, int, int], None] = lambda row, done, total: None
    _reference: dict[str, dict[str, np.ndarray]] = field(default_factory=dict)
    _queries: Queries | None = None

    def evaluate(self, sources: Iterable[Source]) -> Evaluation:
        """Return the records of all sources; those known already are taken from the results folder."""
        known, _ = self.results.latest()
        records: list[ResultRecord] = []
        measured = 0
        for source in sources:
            whose = source_record(source)
            columns = [column for column in self.columns if source.caption_linked or not column.metric.caption_linked]
            ids = {column.name: ResultRecord.key(whose, self.plan_record, column.record) for column in columns}
            fresh = [
                column
                for column in columns
                if ids[column.name] not in known or known[ids[column.name]].status == "failed"
            ]
            if not self.workers.leads:
                self._assist(source, fresh)
                continue
            if fresh:
                new = [record.with_warnings(self.manifest.caveats) for record in self._measure(source, fresh)]
                self.results.append(new)
                known.update({record.id: record for record in new})
                measured += len(new)
            records += [known[ids[column.name]] for column in columns]
        return Evaluation(self.plan.dataset, self.protocol_name, tuple(records), measured)

    @property
    def plan_record(self) -> PlanRecord:
        """What was asked, as records say it."""
        protocol = self.protocol
        judged = protocol.model_dump(mode="json", exclude={"title", "metrics", "controls", "samples"})
        return PlanRecord(
            dataset=self.plan.dataset,
            manifest=self.manifest.digest,
            split=self.plan.split,
            digest=self.plan.digest,
            protocol=self.protocol_name,
            protocol_digest=digest_of(judged),
            seed=self.plan.seed,
            resolution=protocol.resolution,
            quantise=protocol.quantise,
        )

    @property
    def _settings(self) -> dict[str, Any]:
        return {"resolution": self.protocol.resolution, "quantise": self.protocol.quantise}

    def _measure(self, source: Source, columns: Sequence[Column]) -> list[ResultRecord]:
        """Return a record a column; what one column lacks is no other column's fault."""
        plan = self.plan_record
        records: dict[str, ResultRecord] = {}
        fault = ""
        while sound := [column for column in columns if not column.extractor.fault]:
            try:
                collected = self._collect(source, self.plan, [column.extractor for column in sound])
                strip = self._sample_pictures(source)
            except UserError as error:
                if any(column.extractor.fault for column in sound):
                    continue  # it showed when it was opened; the others go on without it
                fault = str(error)
            else:
                uses = Counter(column.extractor.name for column in sound)
                for column in sound:
                    shares = (len(sound), uses[column.extractor.name])
                    records[column.name] = self._record(source, plan, column, collected, shares, strip)
            break
        for column in columns:
            if column.name not in records:
                reason = column.extractor.fault or fault
                records[column.name] = failed_record(source, plan, column, reason, n=0, device=self.device)
        return [records[column.name] for column in columns]

    def _record(
        self,
        source: Source,
        plan: PlanRecord,
        column: Column,
        collected: Collected,
        shares: tuple[int, int],
        strip: str,
    ) -> ResultRecord:
        try:
            given = metric_input(
                column,
                collected,
                reference=self._reference_features(column.extractor) if column.metric.needs_reference else {},
                groups=groups_by_image(self.plan.items),
                queries=self._caption_queries(column) if column.metric.caption_linked else None,
                seed=self.plan.seed,
            )
        except UserError as error:
            return failed_record(source, plan, column, str(error), n=0, device=self.device)
        return measured_record(
            source, plan, column, collected, given, shares=shares, device=self.device, pictures=strip
        )

    def _collect(self, source: Source, plan: SamplePlan, extractors: Sequence[Extractor]) -> Collected:
        unique = list({extractor.name: extractor for extractor in extractors}.values())
        return collect(
            source,
            plan,
            unique,
            self.store,
            settings=self._settings,
            batch_size=self.batch_size,
            on_chunk=lambda done: self.report(source.name, done, len(plan)),
        )

    def _reference_features(self, extractor: Extractor) -> dict[str, np.ndarray]:
        if extractor.name not in self._reference:
            plan = reference_plan(self.manifest, self.protocol.split)
            source = ground_truth(self.manifest, plan, self.protocol.resolution)
            source.name = "reference"
            self._reference[extractor.name] = self._collect(source, plan, [extractor]).features[extractor.name]
        return self._reference[extractor.name]

    def _caption_queries(self, column: Column) -> Queries:
        """Return the queries and negatives, with the codes of the split's captions by the column's judge."""
        if self._queries is None:
            self._queries = Queries({}, *choose_negatives(self.plan, self.manifest, self.protocol))
        if column.extractor.name not in self._queries.codes:
            self._queries.codes[column.extractor.name] = self._caption_codes(column)
        return self._queries

    def _caption_codes(self, column: Column) -> np.ndarray:
        """Return float32 M x d, a judge's codes of all captions of the split; kept in the store."""
        import numpy as np

        extractor = column.extractor
        captions = self.manifest.captions(self.protocol.split)
        key = {
            "version": 1,
            "extractor": extractor.describe(),
            "captions": digest_of([[caption.id, caption.text] for caption in captions]),
        }
        kept = self.store.get("captions", key)
        if kept is None:
            judge = extractor.opened()
            if not isinstance(judge, CaptionJudge):
                raise UserError(
                    f"{column.metric.title} needs features that can read captions, and {extractor.name} cannot: name "
                    "another extractor for this metric in benchmarks.toml."
                )
            kept = {"codes": judge.read(captions).numpy().astype(np.float32)}
            self.store.put("captions", key, kept)
        return kept["codes"]

    def _sample_pictures(self, source: Source) -> str:
        """Write the first pictures of the plan as a strip, its captions beside it, and return the strip's file name."""
        import torch
        from PIL import Image

        items = self.plan.items[:SAMPLE_PICTURES]
        name = digest_of([source.name, source.identity, self.plan_record.model_dump(mode="json")])[:24]
        folder = self.results.folder / "pictures"
        if not (folder / f"{name}.json").is_file():
            plan = SamplePlan(items, self.plan.seed, self.plan.dataset, self.plan.split)
            pixels = torch.cat([batch.pixels for batch in source.images(plan, batch_size=self.batch_size)])
            strip = pixels.permute(2, 0, 3, 1).reshape(pixels.shape[2], -1, 3)  # H x (N W) x 3
            buffer = io.BytesIO()
            Image.fromarray(strip.numpy()).save(buffer, format="PNG")
            self.results.attach_picture(f"{name}.png", buffer.getvalue())
            write_json(folder / f"{name}.json", {"captions": [source.shown_caption(item) for item in items]})
        return f"{name}.png"


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
        count: pictures a row.

    Raises:
        UserError: a metric or split is unknown, or a metric's options do not fit it.
    """
    from t2ibench.data.pictures import RealPictures
    from t2ibench.registry import registry

    columns = []
    images = [image.id for image in manifest.split(protocol.split)]
    reference = RealPictures(manifest).digest(images, protocol.resolution)
    for name in names:
        entry = benchmarks.metrics[name]
        try:
            metric = registry("metrics")[entry.metric](**dict(entry.options))
        except TypeError as error:
            raise UserError(f"The options of [metrics.{name}] in benchmarks.toml do not fit: {error}.") from error
        extractor = extractors[entry.features]
        options: dict[str, Any] = dict(entry.options)
        parts = [
            f"{extractor.name} v{extractor.identity.version}" if extractor.identity else f"{extractor.name} missing"
        ]
        if metric.needs_reference:
            parts.append(f"ref {manifest.name}/{protocol.split} {len(images):,}")
        if metric.caption_linked:
            options |= {"negatives": protocol.negatives, "exclude": protocol.exclude, "rule": NEGATIVES_RULE}
            parts.append(f"1 of {protocol.negatives + 1}, other {protocol.exclude}")
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
                    title=metric.title,
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
