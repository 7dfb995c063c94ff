"""A resolved table opened: which images, which columns, which rows. Nothing is measured here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.files import check_writable
from t2ibench.core.place import Place
from t2ibench.core.records import Results
from t2ibench.core.spec.benchmarks import ProtocolEntry
from t2ibench.core.storage.claims import claimed
from t2ibench.core.storage.store import Store
from t2ibench.core.types import SamplePlan
from t2ibench.data.adapter import DrawnDataset
from t2ibench.data.manifest import Manifest
from t2ibench.data.open import adapter_of, open_dataset
from t2ibench.evaluation.external.pipeline_source import PipelineSource
from t2ibench.evaluation.external.rows import distinct, external_sources
from t2ibench.evaluation.external.statistics_source import with_reference
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.images.sources import (
    ModelSource,
    NoiseSource,
    Source,
    ground_truth,
    real_of_other_split,
    shuffled_captions,
)
from t2ibench.evaluation.measuring.cost import cost_of
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.evaluation.measuring.table import Table
from t2ibench.evaluation.request.columns import make_columns
from t2ibench.evaluation.request.request import Resolved
from t2ibench.evaluation.request.untrained_twin import untrained_twin
from t2ibench.features.context import FeatureContext
from t2ibench.models.find import find_models
from t2ibench.models.folder import ModelFolder, read_model_folder
from t2ibench.models.parameters import changed_settings
from t2ibench.models.shipped import is_shipped
from t2ibench.training.tracking.progress import say


def open_table(resolved: Resolved, place: Place) -> tuple[Table, Sequence[Source]]:
    """Return a table, nothing measured yet, and its rows: models, what the user brought, controls.

    Raises:
        UserError: the data set cannot be opened, or a row cannot be had.
    """
    for folder in (place.workspace.results, place.workspace.store) if place.workers.leads else ():
        check_writable(folder)
    dataset, rules = resolved.dataset, resolved.protocol
    manifest = open_dataset(dataset, place.benchmarks, place.workspace, root=place.data_root)
    plan = make_plan(manifest, rules, resolved.samples, chosen=resolved.caption_ids)
    wanted = resolved.metrics or tuple(dict.fromkeys(rules.metrics))
    names = dict.fromkeys(place.benchmarks.metrics[metric].features for metric in wanted)
    extractors = {name: extractor_for(name, dataset, place) for name in names}
    for extractor in extractors.values():
        if extractor.fault and place.workers.leads:
            say(f"Without {extractor.name}: {extractor.fault}")
    columns = make_columns(wanted, place.benchmarks, rules, extractors, manifest, len(plan))
    table = Table(
        manifest=manifest,
        protocol_name=resolved.protocol_name,
        protocol=rules,
        plan=plan,
        columns=columns if resolved.reference is None else with_reference(columns, resolved.reference),
        store=Store(place.workspace.store),
        results=Results(place.workspace.results),
        device=place.device_name,
        batch_size=place.batch_size,
        reference_statistics=resolved.reference,
        workers=place.workers,
        drawn=isinstance(adapter_of(dataset, place.benchmarks), DrawnDataset),
    )
    given = [model.label for model in resolved.models] + [
        one["name"] or one["from"] for one in resolved.external.described()
    ]
    if place.workers.leads and (given or resolved.controls):
        what = ", ".join(given) or "controls"
        say(f"Evaluating {what} on {dataset}, protocol {resolved.protocol_name}, n {len(plan)}.")
    return table, distinct(list(_sources(resolved, manifest, plan, place)))


def extractor_for(name: str, dataset: str, place: Place) -> Extractor:
    """Return an extractor of benchmarks.toml; of those that a trained encoder is, the one that judges a data set."""
    encoder = None
    entry = place.benchmarks.features[name]
    judge = entry.encoder or entry.plugin
    if judge.partition(":")[0] in place.benchmarks.encoders:
        trained = find_models(place.workspace, judge, entry.data or dataset, benchmarks=place.benchmarks)
        # Official weights judge, else a shipped one: the same on every machine. Else the longest trained: a short trial
        # must not move numbers.
        ranks = {one.path: (one.description.imported, is_shipped(one), one.steps) for one in trained}
        encoder = max(ranks, key=lambda path: ranks[path]) if ranks else None
    return Extractor(
        FeatureContext(
            name=name,
            entry=entry,
            device=place.device_name,
            weights_dir=place.weights_dir,
            encoder=encoder,
            download=place.download,
            others=place.benchmarks.features,
        )
    )


def model_source(
    model: ModelFolder, manifest: Manifest, protocol: ProtocolEntry, place: Place, **rest: Any
) -> ModelSource:
    """Return the row of a model on a data set, its images made as a protocol says. Errors as `ModelSource`."""
    return ModelSource(
        model,
        device=place.device_name,
        resolution=protocol.resolution,
        quantise=protocol.quantise,
        data_root=manifest.root,
        generation=protocol.generation,
        manifest=manifest,
        cost=cost_of(model, place.workspace),
        **rest,
    )


def _sources(resolved: Resolved, manifest: Manifest, plan: SamplePlan, place: Place) -> Iterator[Source]:
    """Yield the rows: models first, then what the user brought, then controls."""
    protocol, resolution = resolved.protocol, resolved.protocol.resolution
    for model in resolved.models:
        changed = tuple(changed_settings(model, place.benchmarks))
        yield model_source(model, manifest, protocol, place, changed=changed)
    for folder in resolved.external.pipelines:
        yield PipelineSource(folder, device=place.device_name, resolution=resolution, quantise=protocol.quantise)
    yield from external_sources(resolved.external, manifest, plan, resolution, place.workspace)
    for control in resolved.controls:
        if control == "ground-truth":
            yield ground_truth(manifest, plan, resolution)
        elif control == "real-train" and len(manifest.splits) > 1:
            yield real_of_other_split(manifest, plan, resolution)
        elif control == "shuffled-captions":
            try:
                yield shuffled_captions(manifest, plan, resolution, protocol)
            except UserError as error:  # R-precision fails with the same sentence; other columns need no such row
                say(f"No shuffled-captions row: {error}")
        elif control == "noise":
            yield NoiseSource(resolution)
        elif control == "untrained":
            twin = _untrained(resolved.models, place)
            if twin is not None:
                yield model_source(twin, manifest, protocol, place, name="untrained")


def _untrained(models: Sequence[ModelFolder], place: Place) -> ModelFolder | None:
    """Return the first model's untrained twin; None, with a sentence, where no model was trained here."""
    for model in models:
        try:
            with claimed(place.workspace.runs / "untrained"):  # workers of one evaluation make it once
                return read_model_folder(untrained_twin(model, place))
        except UserError as error:
            say(f"No untrained row from {model.label}: {error}")
    return None
