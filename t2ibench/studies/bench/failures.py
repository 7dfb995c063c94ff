"""What a suite could not train stays in its tables: a failed record a metric, until the model is there."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.place import Place
from t2ibench.core.records import ResultRecord, Results
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.spec.recipes import seed_for
from t2ibench.core.types import ModelCard, Origin, PlanItem
from t2ibench.evaluation.images.likelihood import bound_of
from t2ibench.evaluation.images.sources import Source
from t2ibench.evaluation.measuring.askable import reason_not_asked
from t2ibench.evaluation.measuring.measure import failed_record
from t2ibench.evaluation.measuring.table import Evaluation, Table
from t2ibench.evaluation.request.open_table import model_source, open_table
from t2ibench.evaluation.request.request import Resolved, protocol_for
from t2ibench.models.folder import read_model_folder
from t2ibench.studies.bench.plan import BenchItem

if TYPE_CHECKING:
    from torch import Tensor


class UntrainedSource(Source):
    """The row of a model that could not be trained: it has a name, and no images.

    Its identity is what was asked for, a model from a seed, not how: a later try with other steps or parameters is
    about the same row.

    Args:
        item: what a suite wanted.
        reason: why it is not there.
        benchmarks: content of benchmarks.toml.
    """

    def __init__(self, item: BenchItem, reason: str, benchmarks: Benchmarks) -> None:
        self.name = item.label
        self.identity = identity_of(item, benchmarks)
        self.variant = item.label.partition(":")[2]
        self.trained_on = item.dataset
        self.reason = reason
        self.card = _card(item, benchmarks)
        self._item = item

    def bound_of(self) -> str:
        """Return what the model's likelihood bound would be of."""
        job = self._item.job
        return "" if job is None else bound_of(job.spec.plugin, job.spec.parameters)

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Raise the reason as UserError."""
        raise UserError(self.reason)


def identity_of(item: BenchItem, benchmarks: Benchmarks) -> str:
    """Return what names the row of a model as long as it is not there."""
    name, _, variant = item.label.partition(":")
    entry = benchmarks.models.get(name)
    seed = item.seed
    if seed is None and entry is not None and (not variant or variant in entry.variants):
        seed = seed_for(entry, item.dataset, variant)
    return digest_of({"not trained": item.label, "dataset": item.dataset, "seed": seed})


def keep_failures(
    failed: Mapping[int, str],
    trained: Mapping[int, Path],
    items: Collection[BenchItem],
    place: Place,
    *,
    protocol: str = "",
) -> Evaluation | None:
    """Return the records of what could not be trained, written now; None where there is none.

    Records of models that are there by now are answered: the number that a model got is written under the id of its
    failure too, and tables show the last record of an id.

    Args:
        failed: place among `items` -> the sentence that says why.
        trained: place among `items` -> folder of the model.
        items: what a suite wanted on one data set.
        place: where it is done.
        protocol: the suite's; "" for the data set's own.

    Raises:
        UserError: the data set cannot be opened, or the results cannot be written.
    """
    listed = list(items)
    identities = [identity_of(item, place.benchmarks) for item in listed]
    latest = Results(place.workspace.results).latest()[0].values()
    open_ = {record.source.identity for record in latest if record.status == "failed"}
    settled = {index: path for index, path in trained.items() if identities[index] in open_}
    if not failed and not settled:
        return None
    dataset = listed[0].dataset
    name, rules = protocol_for(dataset, place.benchmarks, protocol or None)
    table, _ = open_table(Resolved(dataset, name, rules), place)
    records = []
    for index, reason in failed.items():
        records += _records(UntrainedSource(listed[index], reason, place.benchmarks), table)
    answers = []
    for index, path in settled.items():
        source = model_source(read_model_folder(path), table.manifest, rules, place)
        answers += _answers(identities[index], source, latest)
    table.results.append([*records, *answers])
    return Evaluation(dataset, name, tuple(records), len(records)) if records else None


def _records(source: UntrainedSource, table: Table) -> list[ResultRecord]:
    asked = [column for column in table.columns if not reason_not_asked(column, source)]
    made = (failed_record(source, table.plan_record, one, source.reason, n=0, device=table.device) for one in asked)
    return [record.with_warnings(table.manifest.caveats) for record in made]


def _answers(identity: str, source: Source, latest: Collection[ResultRecord]) -> list[ResultRecord]:
    """Return what a model got, a record for each of the failures that stood for it, under that one's id."""
    found = {_question(record): record for record in latest if record.source.identity == source.identity}
    stood = [record for record in latest if record.source.identity == identity and _question(record) in found]
    return [found[_question(record)].model_copy(update={"id": record.id}) for record in stood]


def _question(record: ResultRecord) -> tuple[str, ...]:
    plan = record.plan
    return (plan.manifest, plan.digest, plan.protocol, plan.protocol_digest, record.metric.column)


def _card(item: BenchItem, benchmarks: Benchmarks) -> ModelCard:
    entry = benchmarks.models.get(item.label.partition(":")[0])
    title = item.label if item.job is None else item.job.title
    try:
        known: ModelCard = registry("models")[entry.plugin if entry else ""].card()
    except UserError:  # its plug-in is not installed, which is then why it failed
        return ModelCard(title, "", "", Origin.RETRAINED)
    return dataclasses.replace(known, title=title, origin=Origin.RETRAINED)
