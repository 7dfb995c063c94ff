"""Carrying out a request to evaluate: which data sets, which judges, which rows; then one table a data set."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError, unknown_name
from t2ibench.core.files import check_writable
from t2ibench.core.records import Results
from t2ibench.core.spec.benchmarks import Benchmarks, ProtocolEntry
from t2ibench.core.store import Store
from t2ibench.core.types import SamplePlan
from t2ibench.core.workspace import Workspace
from t2ibench.data.adapter import DrawnDataset
from t2ibench.data.manifest import Manifest
from t2ibench.data.open import adapter_of, open_dataset, prepared_datasets
from t2ibench.evaluation.columns import make_columns
from t2ibench.evaluation.cost import cost_of
from t2ibench.evaluation.details.details import keep_details
from t2ibench.evaluation.external.rows import ExternalRows, distinct, external_sources, reference_statistics
from t2ibench.evaluation.external.statistics_file import StatisticsFile
from t2ibench.evaluation.external.statistics_source import with_reference
from t2ibench.evaluation.extractors import Extractor
from t2ibench.evaluation.plan import make_plan
from t2ibench.evaluation.sources import (
    CONTROLS,
    ModelSource,
    NoiseSource,
    Source,
    ground_truth,
    real_of_other_split,
    shuffled_captions,
)
from t2ibench.evaluation.table import Evaluation, Table
from t2ibench.evaluation.untrained_twin import untrained_twin
from t2ibench.evaluation.workers import Workers
from t2ibench.features.context import FeatureContext
from t2ibench.models.changed_settings import changed_settings
from t2ibench.models.find import find_models, require_model
from t2ibench.models.folder import ModelFolder
from t2ibench.models.shipped import is_shipped, shipped_models
from t2ibench.training.tracking.progress import say

__all__ = ["EvaluateRequest", "Evaluation", "datasets_of", "evaluate", "open_table", "plan_evaluation", "protocol_for"]


@dataclass(frozen=True)
class EvaluateRequest:
    """What a user asks for; None keeps what benchmarks.toml says.

    Attributes:
        models: selectors: "attngan", "attngan:attngan1", "attngan@1f3a" or a folder.
        datasets: names; empty for every prepared data set that the models were trained on.
        protocol: name of the protocol.
        samples: images a row; 0 for every caption once.
        metrics: columns; empty for the protocol's.
        controls: whether to measure the control rows.
        seed: of noise, captions and negatives.
        seeds: several of them, a table each; empty for `seed` alone.
        weights_dir: folder of weights files that cannot be shipped.
        download: whether missing weights may be fetched.
        external: rows that the user brings.
    """

    models: tuple[str, ...]
    datasets: tuple[str, ...] = ()
    protocol: str | None = None
    samples: int | None = None
    metrics: tuple[str, ...] = ()
    controls: bool = True
    seed: int | None = None
    seeds: tuple[int, ...] = ()
    weights_dir: Path | None = None
    download: bool = False
    external: ExternalRows = field(default_factory=ExternalRows)


def evaluate(
    request: EvaluateRequest,
    benchmarks: Benchmarks,
    workspace: Workspace,
    *,
    device: str = "auto",
    batch_size: int = 50,
    root: Path | None = None,
    workers: Workers | None = None,
) -> list[Evaluation]:
    """Return an evaluation a data set and seed. Numbers known already are not measured again.

    `workers` says who else works on it; None asks torchrun's variables. Those that do not lead return no records.

    Raises:
        UserError: a name is unknown (near names are given), or a model was not trained yet.
    """
    evaluations = []
    workers = Workers.of_environment() if workers is None else workers
    if request.seeds:
        for one in each_seed(request):
            made = evaluate(
                one, benchmarks, workspace, device=device, batch_size=batch_size, root=root, workers=workers
            )
            evaluations += made
        return evaluations
    quiet = not workers.leads
    device = _device_of(device, workers)
    request.external.check()
    reference = reference_statistics(request.external)
    for dataset in datasets_of(request, benchmarks, workspace):
        table, rows = open_table(
            request,
            benchmarks,
            workspace,
            dataset,
            protocol=protocol_for(request, benchmarks, dataset),
            device=device,
            batch_size=batch_size,
            root=root,
            workers=workers,
            reference=reference,
        )
        with _Progress(len(rows), len(table.plan), quiet=quiet) as progress:
            table.report = progress.report
            evaluations.append(table.evaluate(rows))
        if workers.leads:
            keep_details(table, rows)
    return evaluations


def each_seed(request: EvaluateRequest) -> list[EvaluateRequest]:
    """Return a request a seed, each seed once, in the order asked; the request itself where it asks for one seed."""
    return [replace(request, seed=seed, seeds=()) for seed in dict.fromkeys(request.seeds)] or [request]


def open_table(
    request: EvaluateRequest,
    benchmarks: Benchmarks,
    workspace: Workspace,
    dataset: str,
    *,
    protocol: tuple[str, ProtocolEntry],
    device: str,
    batch_size: int,
    root: Path | None = None,
    workers: Workers = Workers(),  # noqa: B008  # frozen
    reference: StatisticsFile | None = None,
) -> tuple[Table, Sequence[Source]]:
    """Return the table of one data set, nothing measured yet, and its rows: models, what the user brought, controls.

    Raises:
        UserError: a model was not trained yet, or the data set cannot be opened.
    """
    for folder in (workspace.results, workspace.store) if workers.leads else ():
        check_writable(folder)
    name, rules = protocol
    models = _models(request, benchmarks, workspace, dataset)
    manifest = open_dataset(dataset, benchmarks, workspace, root=root)
    plan = make_plan(manifest, rules, request.samples)
    wanted = tuple(dict.fromkeys(request.metrics or rules.metrics))
    extractors = {
        entry: extractor_for(entry, request, benchmarks, workspace, dataset, device)
        for entry in dict.fromkeys(benchmarks.metrics[metric].features for metric in wanted)
    }
    for extractor in extractors.values():
        if extractor.fault and workers.leads:
            say(f"Without {extractor.name}: {extractor.fault}")
    columns = make_columns(wanted, benchmarks, rules, extractors, manifest, len(plan))
    table = Table(
        manifest=manifest,
        protocol_name=name,
        protocol=rules,
        plan=plan,
        columns=columns if reference is None else with_reference(columns, reference),
        store=Store(workspace.store),
        results=Results(workspace.results),
        device=device_name(device),
        batch_size=batch_size,
        reference_statistics=reference,
        workers=workers,
        drawn=isinstance(adapter_of(dataset, benchmarks), DrawnDataset),
    )
    given = [model.label for model in models] + [one["from"] for one in request.external.described()]
    if workers.leads and (given or request.controls):
        say(f"Evaluating {', '.join(given) or 'controls'} on {dataset}, protocol {name}, n {len(plan)}.")
    rows = _sources(models, manifest, plan, rules, request, benchmarks, workspace, table.device)
    return table, distinct(list(rows))


def plan_evaluation(request: EvaluateRequest, benchmarks: Benchmarks, workspace: Workspace) -> list[dict[str, Any]]:
    """Return what `evaluate` would do, as JSON values, a data set each. Errors as `evaluate`."""
    planned = []
    asked = [(one, dataset) for one in each_seed(request) for dataset in datasets_of(one, benchmarks, workspace)]
    for one, dataset in asked:
        name, protocol = protocol_for(one, benchmarks, dataset)
        models = _models(one, benchmarks, workspace, dataset)
        planned.append(
            {
                "dataset": dataset,
                "protocol": {"name": name, **protocol.model_dump(mode="json")},
                "samples": protocol.samples if request.samples is None else request.samples,
                "metrics": list(request.metrics or protocol.metrics),
                "models": [{"name": one.label, "identity": one.identity, "folder": str(one.path)} for one in models],
                "external": request.external.described(),
                "controls": list(protocol.controls) if request.controls else [],
            }
        )
    return planned


def datasets_of(
    request: EvaluateRequest, benchmarks: Benchmarks, workspace: Workspace, *, rows_named: bool = False
) -> Sequence[str]:
    """Return the data sets asked for, else every prepared one that all models were trained on.

    Args:
        request: what is asked.
        benchmarks: content of benchmarks.toml.
        workspace: where models lie.
        rows_named: the rows are named already, and need be neither models nor brought.

    Raises:
        UserError: a name is unknown, no row is named, or no data set fits.
    """
    for metric in request.metrics:
        if metric not in benchmarks.metrics:
            raise unknown_name("metric", metric, benchmarks.metrics, hint="`t2ibench list metrics` shows them all.")
    if not (rows_named or request.models or request.external):
        raise UserError(
            "No model was named: --models wants one or more, as in --models attngan,stackgan_v2; --images, --command "
            "and --statistics take images from elsewhere."
        )
    if not request.models and not request.datasets:
        raise UserError("Name the data set with --data: images from elsewhere do not say what they were drawn for.")
    if request.datasets:
        for dataset in request.datasets:
            if dataset not in benchmarks.datasets:
                raise unknown_name("data set", dataset, benchmarks.datasets)
        return request.datasets
    # A drawn data set that a shipped model learned from needs no preparing by hand.
    shipped = {model.dataset for model in shipped_models(benchmarks)}
    prepared = [*prepared_datasets(benchmarks, workspace)]
    prepared += [dataset for dataset in benchmarks.datasets if dataset in shipped and dataset not in prepared]
    found = [
        dataset
        for dataset in prepared
        if all(
            any(model.dataset == dataset for model in find_models(workspace, selector, dataset, benchmarks=benchmarks))
            for selector in request.models
        )
    ]
    if not found:
        for selector in request.models:
            require_model(workspace, selector, benchmarks)
        raise UserError(
            f"No prepared data set has all of {', '.join(request.models)} trained on it. Name one with --data, or "
            "train the missing model with `t2ibench train`."
        )
    say(f"No --data given: taking {', '.join(found)}, which these models were trained on.")
    return found


def _models(request: EvaluateRequest, benchmarks: Benchmarks, workspace: Workspace, dataset: str) -> list[ModelFolder]:
    """Return the models asked for, each once, in the order asked."""
    found = {}
    for selector in request.models:
        model = require_model(workspace, selector, benchmarks, dataset)
        if model.description.kind != "model":
            raise UserError(f"{selector} is an encoder, which makes no images: name a model with --models.")
        found[model.identity] = model
    return list(found.values())


def protocol_for(request: EvaluateRequest, benchmarks: Benchmarks, dataset: str) -> tuple[str, ProtocolEntry]:
    """Return (name, protocol) that a data set is judged by, with the seed asked for.

    Raises:
        UserError: there is no such protocol, or it names an unknown control.
    """
    name = request.protocol or benchmarks.datasets[dataset].protocol
    if name not in benchmarks.protocols:
        raise unknown_name("protocol", name, benchmarks.protocols, hint="`t2ibench list protocols` shows them all.")
    protocol = benchmarks.protocols[name].for_dataset(dataset)
    for control in protocol.controls:
        if control not in CONTROLS:
            raise unknown_name(f"control row (protocols.{name}.controls)", control, CONTROLS)
    return name, protocol if request.seed is None else protocol.model_copy(update={"seed": request.seed})


def extractor_for(
    name: str, request: EvaluateRequest, benchmarks: Benchmarks, workspace: Workspace, dataset: str, device: str
) -> Extractor:
    encoder = None
    entry = benchmarks.features[name]
    judge = entry.encoder or entry.plugin
    if judge.partition(":")[0] in benchmarks.encoders:
        trained = find_models(workspace, judge, dataset, benchmarks=benchmarks)
        # Official weights judge, else a shipped one: the same on every machine. Else the longest trained: a short trial
        # must not move numbers.
        ranks = {one.path: (one.description.imported, is_shipped(one), one.steps) for one in trained}
        encoder = max(ranks, key=lambda path: ranks[path]) if ranks else None
    return Extractor(
        FeatureContext(
            name=name,
            entry=entry,
            device=device_name(device),
            weights_dir=request.weights_dir,
            encoder=encoder,
            download=request.download,
        )
    )


def _sources(
    models: Sequence[ModelFolder],
    manifest: Manifest,
    plan: SamplePlan,
    protocol: ProtocolEntry,
    request: EvaluateRequest,
    benchmarks: Benchmarks,
    workspace: Workspace,
    device: str,
) -> Iterator[Source]:
    """Yield the rows: models first, then the protocol's controls."""
    resolution = protocol.resolution
    of_model = partial(
        ModelSource,
        device=device,
        resolution=resolution,
        quantise=protocol.quantise,
        data_root=manifest.root,
        generation=protocol.generation,
        manifest=manifest,
    )
    for model in models:
        yield of_model(model, cost=cost_of(model, workspace), changed=tuple(changed_settings(model, benchmarks)))
    yield from external_sources(request.external, manifest, plan, resolution, workspace)
    for control in protocol.controls if request.controls else ():
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
            twin = _untrained(models, benchmarks, workspace)
            if twin is not None:
                yield of_model(twin, name="untrained", cost=cost_of(twin, workspace))


def _untrained(models: Sequence[ModelFolder], benchmarks: Benchmarks, workspace: Workspace) -> ModelFolder | None:
    """Return the first model's untrained twin; None, with a sentence, where no model was trained here."""
    from filelock import FileLock

    from t2ibench.models.folder import read_model_folder

    workspace.runs.mkdir(parents=True, exist_ok=True)
    for model in models:
        try:
            with FileLock(workspace.runs / ".untrained.lock"):  # workers of one evaluation make it once
                return read_model_folder(untrained_twin(model, benchmarks, workspace))
        except UserError as error:
            say(f"No untrained row from {model.label}: {error}")
    return None


def device_name(name: str) -> str:
    """Return the device's full name; "auto" is resolved without torch where torch would find no GPU anyway."""
    if name == "cpu" or (name == "auto" and not Path("/dev/nvidiactl").exists() and sys.platform != "darwin"):
        return "cpu"
    from t2ibench.core.device import choose_device

    return str(choose_device(name))


def _device_of(name: str, workers: Workers) -> str:
    """Return the device that was asked for; of several workers on one machine each takes its own GPU."""
    if workers.count == 1 or name not in ("auto", "cuda"):
        return name
    full = device_name(name)
    if not full.startswith("cuda"):
        return full
    import torch

    return f"cuda:{workers.local_rank % torch.cuda.device_count()}"


class _Progress:
    """A bar over all images of a table on stderr, with an ETA; rows known already are skipped over."""

    def __init__(self, rows: int, count: int, *, quiet: bool = False) -> None:
        from tqdm import tqdm

        hidden = True if quiet else None  # None: hidden unless stderr is a terminal
        self._bar = tqdm(total=rows * count, unit="img", desc="images", file=sys.stderr, disable=hidden, leave=False)
        self._done: dict[str, int] = {}

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def report(self, row: str, done: int, total: int) -> None:
        """Show that `done` of the row's images are done."""
        self._bar.set_postfix_str(row, refresh=False)
        if row != "reference":
            self._bar.update(done - self._done.get(row, 0))
            self._done[row] = done
