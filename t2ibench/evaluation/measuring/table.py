"""One table: sources x metrics of a protocol on one data set, every number a record, known ones not measured again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.machine.workers import Workers
from t2ibench.core.records import PlanRecord, ResultRecord, Results
from t2ibench.core.spec.benchmarks import ProtocolEntry
from t2ibench.core.storage.store import Store
from t2ibench.core.types import Caption, SamplePlan
from t2ibench.data.manifest import Manifest
from t2ibench.evaluation.external.statistics_file import StatisticsFile
from t2ibench.evaluation.external.statistics_source import StatisticsSource
from t2ibench.evaluation.images.negatives import (
    choose_negatives,
    has_own_reference,
    own_captions,
    ranks_captions,
    reads_captions,
)
from t2ibench.evaluation.images.plan import TRAINING, reference_captions, reference_plan, training_images
from t2ibench.evaluation.images.sources import Source, ground_truth
from t2ibench.evaluation.images.strips import sample_strip
from t2ibench.evaluation.measuring.askable import reason_not_asked, reason_without_bound
from t2ibench.evaluation.measuring.caption_codes import CaptionCodes, read_captions, swapped_codes
from t2ibench.evaluation.measuring.collect import Collected, Making, assist, collect
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.evaluation.measuring.measure import (
    Column,
    Queries,
    failed_record,
    groups_by_image,
    measured_record,
    passes_of,
    remark_on_other_plan,
    source_record,
)
from t2ibench.metrics.pairs.one_pass import PairPass


@dataclass(frozen=True)
class Evaluation:
    """The outcome on one data set.

    Attributes:
        dataset: name of the data set.
        protocol: name of the protocol.
        records: a record a source and metric, in the order of rows and columns.
        measured: how many of them were measured now.
        empty: column -> why no row can have a number, of columns that none has.
    """

    dataset: str
    protocol: str
    records: tuple[ResultRecord, ...]
    measured: int
    empty: Mapping[str, str] = field(default_factory=dict)

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
        plan: which images.
        columns: what is measured.
        store: keeps features.
        results: takes records.
        device: where models compute.
        batch_size: images at a time.
        report: called with (row name, images done, images in all).
        reference_statistics: takes the place of the reference images; `columns` must say so (`with_reference`).
        workers: who else works on this table.
        drawn: whether the data set's images are drawn by code; None where nobody says.
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
    reference_statistics: StatisticsFile | None = None
    workers: Workers = Workers()  # noqa: RUF009  # frozen
    drawn: bool | None = None
    _features: dict[tuple[str, str], dict[str, np.ndarray]] = field(default_factory=dict)
    _queries: dict[str, Queries] = field(default_factory=dict)
    _codes: dict[str, CaptionCodes] = field(default_factory=dict)

    def evaluate(self, sources: Iterable[Source]) -> Evaluation:
        """Return the records of all sources; those known already are taken from the results folder."""
        known, _ = self.results.latest()
        records: list[ResultRecord] = []
        measured = 0
        empty: dict[str, str] = {}
        answered: set[str] = set()
        for source in sources:
            missing = {column.name: reason_not_asked(column, source) for column in self.columns}
            columns = [column for column in self.columns if not missing[column.name]]
            answered |= {column.name for column in columns}
            empty = {name: reason for name, reason in missing.items() if reason} | empty
            with self.claim(source, wait=True):
                if self.workers.count > 1:  # another worker may have had it
                    known, _ = self.results.latest()
                if fresh := self.lacking(source, known):
                    new = self.measured(source, fresh)
                    self.results.append(new)
                    known.update({record.id: record for record in new})
                    measured += len(new)
            records += [known[self._id(source, column)] for column in columns]
        return Evaluation(
            self.plan.dataset,
            self.protocol_name,
            tuple(records),
            measured,
            {name: reason for name, reason in empty.items() if name not in answered},
        )

    def share(self, sources: Sequence[Source]) -> None:
        """Measure the rows that no other worker is at, this one's own range first, then help with the others' images.

        One worker alone has nothing to share. What fails is left to `evaluate` of the leading worker, which tells it.
        """
        if self.workers.count == 1:
            return
        order = [sources[index] for index in self.workers.order(len(sources))]
        for source in order:
            with self.claim(source, wait=False) as mine, suppress(UserError):
                if mine:
                    new = self.measured(source, self.lacking(source, self.results.latest()[0]))
                    known, _ = self.results.latest()  # of whoever took over while this process was frozen
                    self.results.append([one for one in new if one.status == "ok" and one.id not in known])
        known, _ = self.results.latest()
        for source in order:
            with suppress(UserError):
                self.assist(source, self.lacking(source, known))

    def claim(self, source: Source, *, wait: bool) -> AbstractContextManager[bool]:
        """Return the claim to a row, see `Workers.claim`."""
        return self.workers.claim(self.store.folder / "claims" / self.row_digest(source), wait=wait)

    def row_digest(self, source: Source) -> str:
        """Return the digest of a row and its plan: files about it are named after its first 24 letters."""
        return digest_of([source.name, source.identity, self.plan_record.model_dump(mode="json")])

    def lacking(self, source: Source, known: Mapping[str, ResultRecord]) -> list[Column]:
        """Return the columns that are asked of a source and have no number among records by id."""
        asked = [column for column in self.columns if not reason_not_asked(column, source)]
        found = {column.name: known.get(self._id(source, column)) for column in asked}
        return [one for one in asked if (record := found[one.name]) is None or record.status == "failed"]

    def measured(self, source: Source, columns: Sequence[Column]) -> list[ResultRecord]:
        """Return a new record a column, failures among them."""
        return [record.with_warnings(self.manifest.caveats) for record in self._measure(source, columns)]

    def _id(self, source: Source, column: Column) -> str:
        return ResultRecord.key(source_record(source), self.plan_record, column.record)

    @property
    def plan_record(self) -> PlanRecord:
        """What was asked, as records say it."""
        protocol = self.protocol
        return PlanRecord(
            dataset=self.plan.dataset,
            manifest=self.manifest.digest,
            split=self.plan.split,
            digest=self.plan.digest,
            protocol=self.protocol_name,
            protocol_digest=digest_of(protocol.judged),
            rules=digest_of({name: value for name, value in protocol.judged.items() if name != "seed"}),
            seed=self.plan.seed,
            resolution=protocol.resolution,
            quantise=protocol.quantise,
            drawn=self.drawn,
        )

    @property
    def _making(self) -> Making:
        settings = {"resolution": self.protocol.resolution, "quantise": self.protocol.quantise}
        return Making(self.store, settings, self.batch_size, self.device, self.workers)

    def assist(self, source: Source, columns: Sequence[Column]) -> None:
        """Make features of a row that no other worker has made or is making."""
        linked = [one for one in columns if not (one.metric.caption_linked and source.unlinked_reason)]
        extractors = list({one.extractor.name: one.extractor for one in linked if not one.extractor.fault}.values())
        if extractors and not isinstance(source, StatisticsSource):
            assist(source, source.plan_of(self.plan), extractors, self._making)

    def _measure(self, source: Source, columns: Sequence[Column]) -> list[ResultRecord]:
        """Return a record a column; what one column lacks is no other column's fault."""
        plan = self.plan_record
        records: dict[str, ResultRecord] = {}
        held = source.plan_of(self.plan)
        for column in columns:
            if column.metric.caption_linked and source.unlinked_reason:
                reason = f"{column.metric.title} needs images that belong to captions. {source.unlinked_reason}"
                records[column.name] = failed_record(source, plan, column, reason, n=len(held), device=self.device)
            elif isinstance(source, StatisticsSource) and not column.extractor.fault:
                records[column.name] = self._statistics_record(source, plan, column)
        fault, name = "", self.row_digest(source)[:24]
        while sound := [one for one in columns if one.name not in records and not one.extractor.fault]:
            try:
                collected = self._collect(source, held, [column.extractor for column in sound])
                strip = sample_strip(source, self.plan, name, self.results, self.batch_size)
            except UserError as error:
                if any(column.extractor.fault for column in sound):
                    continue  # it showed when it was opened; the others go on without it
                fault = str(error)
            else:
                uses = Counter(column.extractor.name for column in sound)
                passes = passes_of(sound)
                for column in sound:
                    shares = (len(sound), uses[column.extractor.name])
                    pairs = passes[column.extractor.name]
                    records[column.name] = self._record(source, plan, column, held, collected, pairs, shares, strip)
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
        held: SamplePlan,
        collected: Collected,
        pairs: PairPass,
        shares: tuple[int, int],
        strip: str,
    ) -> ResultRecord:
        try:
            given = self._input(column, held, collected, pairs)
            cut = self._cut(column, held)
        except UserError as error:
            return failed_record(source, plan, column, str(error), n=0, device=self.device)
        return measured_record(
            source,
            plan,
            column,
            collected,
            given,
            shares=shares,
            device=self.device,
            images=strip,
            warnings=(*self._doubts(column), *cut, *remark_on_other_plan(held, self.plan, source)),
        )

    def inputs(self, source: Source, columns: Sequence[Column]) -> dict[str, MetricInput | UserError]:
        """Return column name -> what its metric reads of a source, or why it cannot; `compare` pairs two of these.

        Raises:
            UserError: the images cannot be had.
            RunFailedError: a model fails.
        """
        held = source.plan_of(self.plan)
        found: dict[str, MetricInput | UserError] = {
            column.name: UserError(f"{column.metric.title}: {reason}.")
            for column in columns
            if (reason := reason_without_bound(column, source))
        }
        columns = [column for column in columns if column.name not in found]
        collected = self._collect(source, held, [column.extractor for column in columns])
        passes = passes_of(columns)
        for column in columns:
            try:
                found[column.name] = self._input(column, held, collected, passes[column.extractor.name])
            except UserError as error:
                found[column.name] = error
        return found

    def _input(self, column: Column, held: SamplePlan, collected: Collected, pairs: PairPass) -> MetricInput:
        """Return what a column's metric reads; `pairs` is what it shares with others on the same features."""
        metric, name = column.metric, column.extractor.name
        if has_own_reference(metric):
            given = MetricInput({}, reference=self._of_real(column.extractor, held))
        else:
            given = self._reference_input(column)
        captions: dict[str, Any] = {}
        if metric.caption_linked and not has_own_reference(metric):
            asked = self._caption_queries(column, held)
            codes = asked.codes[name].codes if name in asked.codes else None
            captions = {"caption_codes": codes, "queries": asked.queries, "negatives": asked.negatives}
            captions["reference_queries"] = asked.reference
        if getattr(metric, "needs_swapped_captions", False):
            captions |= self._swapped(column, held)
        trained = getattr(metric, "needs_training", False) and training_images(self.manifest, self.protocol)
        return replace(
            given,
            features=collected.features[name],
            groups=groups_by_image(held.items),
            seed=self.plan.seed,
            device=self.device if self.device.startswith("cuda") else "cpu",
            pairs=pairs,
            training=self._of_split(column.extractor, TRAINING) if trained else {},
            **captions,
        )

    def _swapped(self, column: Column, plan: SamplePlan) -> dict[str, Any]:
        """Return the fields of a metric's input that hold the captions with their position words swapped."""
        captions, codes = self.manifest.captions(self.protocol.split), self._caption_queries(column, plan).codes
        wanted = [captions[place] for place in np.unique(own_captions(plan, self.manifest)).tolist()]
        words, rows = swapped_codes(
            wanted, codes[column.extractor.name], lambda some: self._read_captions(column, some)
        )
        return {"swapped_codes": rows, "position_words": words}

    def _statistics_record(self, source: StatisticsSource, plan: PlanRecord, column: Column) -> ResultRecord:
        n = source.file.statistics.n or 0
        try:
            given = source.input_for(column, self._reference_input(column), seed=self.plan.seed)
        except UserError as error:
            return failed_record(source, plan, column, str(error), n=n, device=self.device)
        nothing = Collected({}, "", 0.0, {column.extractor.name: 0.0})
        return measured_record(
            source,
            plan,
            column,
            nothing,
            given,
            shares=(1, 1),
            device=self.device,
            images="",
            warnings=self._doubts(column),
        )

    def _cut(self, column: Column, held: SamplePlan) -> tuple[str, ...]:
        """Return the warning that captions were longer than the column's judge reads."""
        if not column.metric.caption_linked or not reads_captions(column.metric):
            return ()
        read = self._caption_queries(column, held).codes[column.extractor.name]
        count = int(read.cut.sum())
        if not count:
            return ()
        return (f"{column.extractor.name} read the beginning alone of {count:,} of {len(read.cut):,} captions.",)

    def _doubts(self, column: Column) -> tuple[str, ...]:
        """Return the warnings that a column's reference brings."""
        file = self.reference_statistics
        compares = column.metric.needs_reference and not has_own_reference(column.metric)
        return (file.doubt,) if file is not None and file.doubt and compares else ()

    def _reference_input(self, column: Column) -> MetricInput:
        """Return a metric's input with the reference filled in, from the data set or from a statistics file.

        Raises:
            UserError: the file was made with another extractor, or holds no features where the metric needs them.
        """
        if not column.metric.needs_reference:
            return MetricInput({})
        file = self.reference_statistics
        if file is None:
            return MetricInput({}, reference=self._of_split(column.extractor, self.protocol.split))
        width = column.extractor.opened().layers.get(column.metric.layer)
        if misfit := file.misfit(column.extractor.describe(), width):
            raise UserError(misfit)
        if file.features is not None:
            return MetricInput({}, reference={column.metric.layer: file.features})
        if not getattr(column.metric, "reads_statistics", False):
            raise UserError(
                f"{column.metric.title} needs the reference's features, and {file.name} holds their mean and "
                "covariance only: leave --reference-statistics out for it."
            )
        return MetricInput({}, reference_statistics=file.statistics)

    def _collect(self, source: Source, plan: SamplePlan, extractors: Sequence[Extractor]) -> Collected:
        unique = list({extractor.name: extractor for extractor in extractors}.values())
        return collect(source, plan, unique, self._making, lambda done: self.report(source.name, done, len(plan)))

    def _of_split(self, extractor: Extractor, split: str) -> dict[str, np.ndarray]:
        """Return the features of a split's images."""
        key = (extractor.name, split)
        if key not in self._features:
            self._features[key] = self._of_real(extractor, reference_plan(self.manifest, split))
        return self._features[key]

    def _of_real(self, extractor: Extractor, plan: SamplePlan) -> dict[str, np.ndarray]:
        real = ground_truth(self.manifest, plan, self.protocol.resolution)
        real.name = "reference"
        return self._collect(real, plan, [extractor]).features[extractor.name]

    def _caption_queries(self, column: Column, plan: SamplePlan) -> Queries:
        """Return the queries and negatives, with the judge's codes of the captions that the metric reads.

        A metric that ranks captions reads all of the split, any other those of the images alone.
        """
        ranks, name = ranks_captions(column.metric), column.extractor.name
        reads = reads_captions(column.metric)
        real = getattr(column.metric, "needs_reference_captions", False) and self.reference_statistics is None
        key = f"{plan.digest} {'ranked' if ranks else f'read {name} {real}' if reads else 'known'}"
        if key not in self._queries:
            captions = self.manifest.captions(self.protocol.split)
            if ranks:
                self._queries[key] = Queries(self._codes, *choose_negatives(plan, self.manifest, self.protocol))
            elif not reads:
                self._queries[key] = Queries({}, own_captions(plan, self.manifest), None)
            else:
                own = own_captions(plan, self.manifest)
                theirs = reference_captions(self.manifest, self.protocol) if real else own[:0]
                wanted, place = np.unique(np.concatenate([own, theirs]), return_inverse=True)
                codes = self._read_captions(column, [captions[one] for one in wanted.tolist()])
                self._queries[key] = Queries(
                    {name: codes}, place[: len(own)], None, place[len(own) :] if real else None
                )
        if ranks and name not in self._codes:
            self._codes[name] = self._read_captions(column, self.manifest.captions(self.protocol.split))
        return self._queries[key]

    def _read_captions(self, column: Column, captions: Sequence[Caption]) -> CaptionCodes:
        def report(done: int) -> None:
            self.report(f"captions by {column.extractor.name}", done, len(captions))

        return read_captions(column.extractor, captions, self.store, title=column.metric.title, on_piece=report)
