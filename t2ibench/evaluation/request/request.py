"""What is asked of an evaluation, and which data sets, protocol and models that names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.machine.arithmetic import USUAL, Arithmetic
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import Benchmarks, ProtocolEntry
from t2ibench.data.open import prepared_datasets
from t2ibench.evaluation.external.pipeline_source import PREFIX, pipeline_folder
from t2ibench.evaluation.external.rows import ExternalRows
from t2ibench.evaluation.external.statistics_file import StatisticsFile, read_statistics
from t2ibench.evaluation.images.sources import CONTROLS
from t2ibench.models.find import find_models, require_drawing_model, require_model
from t2ibench.models.folder import ModelFolder
from t2ibench.models.shipped import shipped_models
from t2ibench.training.tracking.progress import say


@dataclass(frozen=True)
class EvaluateRequest:
    """What a user asks for; None keeps what benchmarks.toml says.

    Attributes:
        models: selectors: "attngan", "attngan:attngan1", "attngan@1f3a", a folder, or "diffusers:FOLDER".
        datasets: names; empty for every prepared data set that all models were trained on; where there is none, for
            every one that some were, each with its own.
        protocol: name of the protocol.
        samples: images a row; 0 for every caption once.
        samples_per_caption: images of every caption, each with its own noise.
        caption_ids: a file of the captions that are judged, one id a line; None for the protocol's choice.
        metrics: columns; empty for the protocol's.
        controls: whether to measure the control rows.
        seed: of noise, captions and negatives.
        seeds: several of them, a table each; empty for `seed` alone.
        external: rows that the user brings.
        arithmetic: of the models; the usual one leaves the protocol's.
    """

    models: tuple[str, ...]
    datasets: tuple[str, ...] = ()
    protocol: str | None = None
    samples: int | None = None
    samples_per_caption: int | None = None
    caption_ids: Path | None = None
    metrics: tuple[str, ...] = ()
    controls: bool = True
    seed: int | None = None
    seeds: tuple[int, ...] = ()
    external: ExternalRows = field(default_factory=ExternalRows)
    arithmetic: Arithmetic = USUAL


@dataclass(frozen=True)
class Resolved:
    """One table that is asked for, every name in it looked up; the evaluation sees this and no request.

    Attributes:
        dataset: name of the data set.
        protocol_name: of benchmarks.toml.
        protocol: how is judged, with the seed asked for.
        models: rows that are drawn by models, each once.
        samples: images a row; None for the protocol's, 0 for every caption once.
        caption_ids: a file of the captions that are judged.
        metrics: columns, each once.
        external: rows that the user brings.
        controls: names of control rows.
        reference: takes the place of the reference images.
    """

    dataset: str
    protocol_name: str
    protocol: ProtocolEntry
    models: tuple[ModelFolder, ...] = ()
    samples: int | None = None
    caption_ids: Path | None = None
    metrics: tuple[str, ...] = ()
    external: ExternalRows = field(default_factory=ExternalRows)
    controls: tuple[str, ...] = ()
    reference: StatisticsFile | None = None

    def describe(self) -> dict[str, Any]:
        """Return what would be done, as JSON values."""
        return {
            "dataset": self.dataset,
            "protocol": {"name": self.protocol_name, **self.protocol.model_dump(mode="json")},
            "samples": self.protocol.samples if self.samples is None else self.samples,
            **({"caption_ids": str(self.caption_ids)} if self.caption_ids else {}),
            "metrics": list(self.metrics or self.protocol.metrics),
            "models": [{"name": one.label, "identity": one.identity, "folder": str(one.path)} for one in self.models],
            "external": self.external.described(),
            "controls": list(self.controls),
        }


def resolve_tables(request: EvaluateRequest, place: Place, *, rows_named: bool = False) -> Iterator[Resolved]:
    """Yield the tables of a request: by seed, each once, then by data set.

    Args:
        request: what is asked.
        place: where it is done.
        rows_named: the rows are named already, and need be neither models nor brought.

    Raises:
        UserError: a name is unknown (near names are given), a model was not trained yet, or a row cannot be had.
    """
    request = _pipelines_apart(request)
    request.external.check()
    reference = None if request.external.reference is None else read_statistics(request.external.reference)
    for seed in dict.fromkeys(request.seeds) or (request.seed,):
        for dataset in datasets_of(request, place, rows_named=rows_named):
            name, protocol = protocol_for(dataset, place.benchmarks, request.protocol, seed)
            if request.samples_per_caption is not None:
                protocol = with_repeats(name, protocol, request.samples_per_caption)
            if request.caption_ids is not None:
                check_spread("--caption-ids", name, protocol)
            if request.arithmetic != USUAL:
                protocol = with_arithmetic(protocol, request)
            yield Resolved(
                dataset=dataset,
                protocol_name=name,
                protocol=protocol,
                models=models_of(request, place, dataset),
                samples=request.samples,
                caption_ids=request.caption_ids,
                metrics=tuple(dict.fromkeys(request.metrics)),
                external=request.external,
                controls=protocol.controls if request.controls else (),
                reference=reference,
            )


def _pipelines_apart(request: EvaluateRequest) -> EvaluateRequest:
    """Return the request with its "diffusers:FOLDER" among the rows that a user brings."""
    asked = [one for one in request.models if one.startswith(PREFIX)]
    if not asked:
        return request
    brought = replace(request.external, pipelines=tuple(pipeline_folder(one) for one in dict.fromkeys(asked)))
    models = tuple(one for one in request.models if one not in asked)
    return replace(request, models=models, external=brought)


def with_repeats(name: str, protocol: ProtocolEntry, each: int) -> ProtocolEntry:
    """Return the protocol with `each` images a caption.

    Raises:
        UserError: its captions are drawn in passes, where none has a number of images of its own.
    """
    check_spread("--samples-per-caption", name, protocol)
    return protocol.model_copy(update={"captions_each": each})


def check_spread(option: str, name: str, protocol: ProtocolEntry) -> None:
    """Raise a UserError if a protocol draws its captions in passes, where none can be chosen."""
    if protocol.captions != "spread":
        raise UserError(
            f"{option} wants a protocol whose captions are spread, and {name} draws them in passes: name another with "
            "--protocol."
        )


def with_arithmetic(protocol: ProtocolEntry, request: EvaluateRequest) -> ProtocolEntry:
    """Return the protocol with the models' images made in a request's arithmetic.

    Raises:
        UserError: there is no model, or a pipeline among them, which computes as it was saved.
    """
    if not request.models or request.external.pipelines:
        raise UserError(
            "--precision and --compile say how models of t2ibench make their images: name some with --models, and no "
            "pipeline of diffusers beside them. Judges compute in 32 bits always."
        )
    asked = {"precision": request.arithmetic.precision, "compiled": request.arithmetic.compiled}
    return protocol.model_copy(update={"generation": protocol.generation.model_copy(update=asked)})


def require_metrics(names: Sequence[str], benchmarks: Benchmarks) -> None:
    """Check names of columns.

    Raises:
        UserError: one is unknown.
    """
    require_known("metric", benchmarks.metrics, *names, hint="`t2ibench list metrics` shows them all.")


def datasets_of(request: EvaluateRequest, place: Place, *, rows_named: bool = False) -> Sequence[str]:
    """Return the data sets asked for, else every prepared one that all models were trained on, or else any of them.

    Args:
        request: what is asked.
        place: where it is done.
        rows_named: the rows are named already, and need be neither models nor brought.

    Raises:
        UserError: a name is unknown, no row is named, or no data set fits.
    """
    require_metrics(request.metrics, place.benchmarks)
    if not (rows_named or request.models or request.external):
        raise UserError(
            "No model was named: --models wants one or more, as in --models attngan,stackgan_v2; --images, --command "
            "and --statistics take images from elsewhere."
        )
    if not request.models and not request.datasets:
        raise UserError("Name the data set with --data: images from elsewhere do not say what they were drawn for.")
    if request.datasets:
        require_known("data set", place.benchmarks.datasets, *request.datasets)
        return request.datasets
    # A drawn data set that a shipped model learned from needs no preparing by hand.
    shipped = {model.dataset for model in shipped_models(place.benchmarks)}
    prepared = [*prepared_datasets(place.benchmarks, place.workspace)]
    prepared += [dataset for dataset in place.benchmarks.datasets if dataset in shipped and dataset not in prepared]
    trained = {dataset: _trained_on(dataset, request, place) for dataset in prepared}
    found = [dataset for dataset, models in trained.items() if len(models) == len(request.models)]
    if found:
        say(f"No --data given: taking {', '.join(found)}, which these models were trained on.")
        return found
    for selector in request.models:
        require_model(place.workspace, selector, place.benchmarks)
    found = [dataset for dataset, models in trained.items() if models]
    nowhere = [selector for selector in request.models if all(selector not in trained[dataset] for dataset in found)]
    if nowhere:
        raise UserError(
            f"{', '.join(nowhere)} learned from a data set that is not prepared. Name one with --data, or prepare it "
            "with `t2ibench data prepare`."
        )
    parts = "; ".join(f"{dataset}: {', '.join(trained[dataset])}" for dataset in found)
    say(f"No --data given, and no data set has all of them: a table each. {parts}.")
    return found


def _trained_on(dataset: str, request: EvaluateRequest, place: Place) -> list[str]:
    """Return those of the models asked for that were trained on a data set."""
    return [
        selector
        for selector in request.models
        if any(
            model.dataset == dataset
            for model in find_models(place.workspace, selector, dataset, benchmarks=place.benchmarks)
        )
    ]


def models_of(request: EvaluateRequest, place: Place, dataset: str) -> tuple[ModelFolder, ...]:
    """Return the models asked for, each once, in the order asked; only those of the data set where none was named."""
    found = {}
    for selector in request.models if request.datasets else _trained_on(dataset, request, place):
        model = require_drawing_model(place.workspace, selector, place.benchmarks, dataset)
        found[model.identity] = model
    return tuple(found.values())


def protocol_for(
    dataset: str, benchmarks: Benchmarks, name: str | None = None, seed: int | None = None
) -> tuple[str, ProtocolEntry]:
    """Return (name, protocol) that a data set is judged by: the one named or its own, with the seed asked for.

    Raises:
        UserError: there is no such data set or protocol, or it names an unknown control.
    """
    require_known("data set", benchmarks.datasets, dataset)
    name = name or benchmarks.datasets[dataset].protocol
    require_known("protocol", benchmarks.protocols, name, hint="`t2ibench list protocols` shows them all.")
    protocol = benchmarks.protocols[name].for_dataset(dataset)
    require_known(f"control row (protocols.{name}.controls)", CONTROLS, *protocol.controls)
    return name, protocol if seed is None else protocol.model_copy(update={"seed": seed})
