"""A submission to a public board: one row's records, its controls, and a few of its images to be measured again."""

from __future__ import annotations

import base64
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import Field

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.place import Place
from t2ibench.core.records import ResultRecord, Results
from t2ibench.core.spec.benchmarks import ProtocolEntry
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.external.export import export_images
from t2ibench.evaluation.external.rows import ExternalRows
from t2ibench.evaluation.request.open_table import open_table
from t2ibench.evaluation.request.request import EvaluateRequest, protocol_for, resolve_tables

IMAGES: Final = 32
"""So many images, or as many whole batches as hold them, are measured again."""
MOST_IMAGES: Final = 512


class SampleImage(Frozen):
    """One image: its file's bytes (PNG) in base64."""

    png: str = Field(max_length=8 * 2**20)


class Submission(Frozen):
    """What a submission file holds.

    Attributes:
        submission: version of the form.
        by: who submits.
        dataset: that the row was measured on.
        protocol: that it was measured by.
        seed: of the protocol.
        records: of the row and of its controls, as JSON values, all under one plan.
        images: the first of the protocol's plan, in its order.
        sample: records of these images alone.
        digest: SHA-256 over all other fields.
    """

    submission: Literal[1] = 1
    by: str = Field(min_length=1, max_length=80, pattern=r"^[\w .,'()@/+-]+$")
    dataset: str
    protocol: str
    seed: int
    records: tuple[Any, ...] = Field(min_length=1, max_length=500)
    images: tuple[SampleImage, ...] = Field(min_length=1, max_length=MOST_IMAGES)
    sample: tuple[Any, ...] = Field(min_length=1, max_length=200)
    digest: str = ""

    def digest_of_content(self) -> str:
        """Return what `digest` must be."""
        return digest_of(self.model_dump(mode="json", exclude={"digest"}))


@dataclass(frozen=True, slots=True)
class _Aside(Workspace):
    """A workspace whose results are kept elsewhere, so that what is measured for a check stays out of its tables."""

    apart: Path = Path()

    @property
    def results(self) -> Path:
        return self.apart


def make_submission(
    row: str, dataset: str, place: Place, *, by: str, protocol: str | None = None, images: Path | None = None
) -> Submission:
    """Return a row's submission: its records in the workspace, the controls', and a sample of its images.

    Args:
        row: as tables name it, with "@" and the first digits of its identity where there are several.
        dataset: that it was measured on.
        place: where its results are, and where the sample is made and measured.
        by: who submits.
        protocol: None for the data set's own.
        images: the folder of a row of external images; None for a model.

    Raises:
        UserError: there is no such row, or several; its controls were not measured; or its images cannot be had.
    """
    name, judged = protocol_for(dataset, place.benchmarks, protocol)
    records = _records_of(row, dataset, name, place)
    seed = records[0].plan.seed
    mine = [record for record in records if record.source.origin is not Origin.CONTROL]
    external = ExternalRows() if images is None else ExternalRows(images=(images,))
    request = EvaluateRequest(
        models=(row,) if images is None else (),
        datasets=(dataset,),
        protocol=name,
        samples=sample_size(judged),
        seed=seed,
        controls=False,
        external=external,
    )
    (resolved,) = resolve_tables(request, place)
    table, sources = open_table(resolved, place)
    with tempfile.TemporaryDirectory(prefix="t2ibench-") as scratch:
        folder = Path(scratch) / "sample"
        export_images(sources[0], table.plan, folder, batch_size=place.batch_size)
        content = tuple(
            SampleImage(png=base64.b64encode(path.read_bytes()).decode()) for path in sorted(folder.glob("*.png"))
        )
        columns = [record.metric.column for record in mine if record.status == "ok"]
        sample = measure_sample(folder, dataset, name, seed, len(content), columns, place)
    made = Submission(
        by=by,
        dataset=dataset,
        protocol=name,
        seed=seed,
        records=tuple(_value(record) for record in records),
        images=content,
        sample=tuple(_value(record) for record in sample if record.status == "ok"),
    )
    return made.model_copy(update={"digest": made.digest_of_content()})


def sample_size(protocol: ProtocolEntry) -> int:
    """Return how many images a sample has: IMAGES, in whole batches where the protocol fixes them."""
    batch = protocol.generation.batch_size or 1
    return math.ceil(IMAGES / batch) * batch


def measure_sample(
    folder: Path, dataset: str, protocol: str, seed: int, n: int, columns: Sequence[str], place: Place
) -> list[ResultRecord]:
    """Return the records of a folder of sample images, which is named after itself; the workspace's tables stay.

    Args:
        folder: PNG files and the manifest.jsonl of their captions.
        dataset: whose captions they show.
        protocol: to measure by.
        seed: of the protocol.
        n: images.
        columns: to measure; those that images of others have no value for are left out.
        place: where.
    """
    request = EvaluateRequest(
        models=(),
        datasets=(dataset,),
        protocol=protocol,
        samples=n,
        metrics=tuple(columns),
        seed=seed,
        controls=False,
        external=ExternalRows(images=(folder,), names=("sample",)),
    )
    with tempfile.TemporaryDirectory(prefix="t2ibench-") as scratch:
        aside = replace(place, workspace=_Aside(place.workspace.root, Path(scratch)))
        return [record for one in evaluate(request, aside) for record in one.records]


def _records_of(row: str, dataset: str, protocol: str, place: Place) -> list[ResultRecord]:
    """Return a row's records and its controls' under the plan that it was measured on most images of."""
    name, _, digits = row.partition("@")
    latest = Results(place.workspace.results).latest()[0].values()
    here = [record for record in latest if (record.plan.dataset, record.plan.protocol) == (dataset, protocol)]
    mine = [
        record
        for record in here
        if record.source.origin not in (Origin.CONTROL, Origin.REPORTED)
        and name in (record.source.name, record.source.label)
        and record.source.identity.startswith(digits)
    ]
    if not mine:
        raise UserError(
            f"No row {row} was measured on {dataset} by {protocol} in this workspace: "
            f"`t2ibench eval --models {row} --data {dataset}` measures a model."
        )
    identities = sorted({record.source.identity for record in mine})
    if len(identities) > 1:
        named = ", ".join(f"{name}@{identity[:8]}" for identity in identities)
        raise UserError(f"Several rows are called {row}: name one of {named}.")
    plan = max((record for record in mine), key=lambda record: (record.n, record.plan.digest)).plan
    found = [record for record in mine if record.plan.digest == plan.digest]
    found += [record for record in here if record.plan == plan and record.source.origin is Origin.CONTROL]
    if not any(record.source.origin is Origin.CONTROL for record in found):
        raise UserError(f"The controls of {row} were not measured: `t2ibench eval` without --no-controls does.")
    return found


def _value(record: ResultRecord) -> Mapping[str, Any]:
    value: Mapping[str, Any] = record.model_copy(update={"images": ""}).model_dump(mode="json", by_alias=True)
    return value
