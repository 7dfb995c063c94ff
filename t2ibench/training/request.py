"""What a request to train amounts to: resolved specs, and what is there already. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from t2ibench.core.errors import UserError, require_known, unknown_name
from t2ibench.core.interfaces import ReadsDataFiles
from t2ibench.core.place import Place
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, TrainableEntry, TrainingSpec
from t2ibench.core.spec.recipes import encoder_data_for, named, seed_for, settings_for, title_for
from t2ibench.core.types import BatchShare
from t2ibench.data.open import open_dataset, prepared_datasets
from t2ibench.models.find import require_model
from t2ibench.models.folder import ModelFolder
from t2ibench.models.parameters import checked_parameters
from t2ibench.models.shipped import MARK, shipped_models
from t2ibench.models.wrapping import WrapsModel
from t2ibench.training.checkpoints.run_folder import RunFolder

DEFAULT_DATASET = "simbirds"
NOT_PREPARED = "not prepared yet"
"""Stands for the manifest's digest in a dry run before the data set was prepared."""
_SMALLEST_ENCODER_BATCH = 2
"""An encoder tells a caption's image from the others of the batch, so it needs another one."""


@dataclass(frozen=True)
class TrainRequest:
    """What a user asks for; None keeps what benchmarks.toml says.

    Attributes:
        name: of a model or an encoder in benchmarks.toml.
        variant: of the model, "" for none.
        dataset: name of the data set.
        steps: training steps; 0 only initialises and exports.
        encoder_steps: training steps of the encoders that the model needs.
        batch_size: of the model and its encoders.
        seed: of everything.
        precision: of the arithmetic.
        parameters: parameter -> value; "<encoder>.<parameter>" reaches an encoder's.
        processes: that share every batch of the model. Encoders are trained by one always: their losses set a caption
            against all images of its batch, and they judge.
        select: which weights of the model to export, see `quick_metrics.selection_of`; "" for the last ones.
        compiled: whether torch.compile makes the model's kernels; encoders are trained without.
    """

    name: str
    variant: str = ""
    dataset: str = DEFAULT_DATASET
    steps: int | None = None
    encoder_steps: int | None = None
    batch_size: int | None = None
    seed: int | None = None
    precision: str = "32-true"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    processes: int = 1
    select: str = ""
    compiled: bool = False
    snapshots: tuple[int, ...] = ()

    @classmethod
    def of(cls, name: str, **rest: Any) -> TrainRequest:
        """Return the request for "model" or "model:variant"."""
        base, variant = named(name, rest.pop("variant", None) or "")
        return cls(base, variant, **rest)


@dataclass(frozen=True)
class Job:
    """One thing to train, after what it needs.

    Attributes:
        spec: the resolved spec.
        steps: how long.
        full_steps: how long benchmarks.toml would have it.
        folder: the run's folder.
        title: display name.
        encoders: name -> the encoder's own job.
        shipped: the folder of just this encoder, if it came with a package; it is not trained then.
        wrapped: the trained model that this one is made around, if it is such a one.
        snapshots: earlier steps after which the model is exported too, ascending.
    """

    spec: TrainingSpec
    steps: int
    full_steps: int
    folder: RunFolder
    title: str
    encoders: Mapping[str, Job] = field(default_factory=dict)
    shipped: ModelFolder | None = None
    wrapped: ModelFolder | None = None
    snapshots: tuple[int, ...] = ()

    @property
    def exported(self) -> Path:
        """The model folder that the job ends in."""
        if self.shipped is not None:
            return self.shipped.path
        return self.folder.model(self.steps)

    @property
    def done(self) -> bool:
        """Whether that folder is there and complete."""
        return self.shipped is not None or self.steps in self.folder.exported_steps()

    @property
    def identity(self) -> str:
        """What names the weights before they exist, training being deterministic: "<spec digest>@<steps>".

        Shipped weights are rounded to half precision, so they have a name of their own.
        """
        if self.shipped is not None:
            return MARK + self.shipped.identity
        return f"{self.spec.digest}@{self.steps}"

    def describe(self) -> dict[str, Any]:
        """Return the job as JSON values, for --dry-run."""
        return {
            "spec": self.spec.model_dump(mode="json"),
            "digest": self.spec.digest,
            "steps": self.steps,
            "full_steps": self.full_steps,
            "folder": str(self.folder.path),
            "trained": self.done,
            "encoders": {name: job.describe() for name, job in self.encoders.items()},
        }


def resolve(request: TrainRequest, place: Place, manifest: str, root: Path | None = None) -> Job:
    """Return the job of a request, and the jobs of the encoders it needs.

    Args:
        request: what is asked.
        place: where it is done.
        manifest: digest of the data set's manifest.
        root: folder of the data set's files; None while it is not prepared, and plug-ins' files have no digests yet.

    Raises:
        UserError: an unknown model, variant, encoder or parameter (near names are given), or a bad value; steps for
            what has nothing to learn; or a plug-in misses a file of the data set.
    """
    request = replace(request, name=place.benchmarks.spelled(request.name))
    kind, entry = _entry(request.name, place.benchmarks)
    if kind == "encoder" and request.select:
        raise UserError(f"{request.name} is an encoder and makes no images: --select is for models.")
    if kind == "encoder" and request.processes > 1:
        raise UserError(
            f"{request.name} is an encoder: its loss sets a caption against all images of its batch, so one process "
            "trains it. Ask without torchrun or srun."
        )
    full_steps, settings = settings_for(entry, request.dataset, request.variant)
    own, foreign = _divided(request.parameters)
    if request.batch_size is not None:
        own = {"batch_size": request.batch_size, **own}
    label = f"{request.name}:{request.variant}" if request.variant else request.name
    plugin = registry("models" if kind == "model" else "encoders")[entry.plugin]
    parameters = checked_parameters(plugin, label, settings | own)
    if root is not None and isinstance(plugin, ReadsDataFiles):
        parameters = plugin.with_files(parameters, root)
    wrapped = None
    if kind == "model" and full_steps == 0 and not isinstance(plugin, WrapsModel):
        raise UserError(f"benchmarks.toml trains {label} for 0 steps, but it has something to learn: set its steps.")
    if request.steps and not full_steps:
        raise UserError(f"{label} has nothing to learn, so --steps {request.steps} means nothing: leave it out.")
    if isinstance(plugin, WrapsModel):
        wrapped = _wrapped(plugin.wrapped_selector(parameters), label, request.dataset, place)
        parameters = plugin.with_wrapped(parameters, wrapped.identity)
    needed = plugin.requirements(parameters)
    require_known(f"encoder that {label} needs", needed, *foreign)
    taught_by = encoder_data_for(entry, request.dataset, request.variant)
    encoders = {
        name: _encoder(name, taught_by, request, foreign.get(name, {}), full_steps, place, manifest, root)
        for name in needed
    }
    processes = request.processes if full_steps else 1
    BatchShare(0, processes).require_even(getattr(parameters, "batch_size", 0))  # before an encoder is trained for it
    spec = TrainingSpec(
        kind=kind,
        name=request.name,
        variant=request.variant,
        plugin=entry.plugin,
        parameters=parameters.model_dump(mode="json"),
        dataset=request.dataset,
        manifest=manifest,
        encoders={name: job.identity for name, job in encoders.items()},
        seed=seed_for(entry, request.dataset, request.variant) if request.seed is None else request.seed,
        precision=request.precision,
        processes=processes,
        batch_norm="whole batch" if processes == 1 else "per process",
        select=request.select,
        compiled=request.compiled and full_steps > 0,
    )
    steps = full_steps if request.steps is None else request.steps
    title = title_for(entry, plugin.card().title, request.variant)
    snapshots = tuple(sorted({one for one in request.snapshots if 0 < one < steps}))
    folder = RunFolder.of(spec, place.workspace)
    return Job(spec, steps, full_steps, folder, title, encoders, wrapped=wrapped, snapshots=snapshots)


def plan_training(request: TrainRequest, place: Place) -> Job:
    """Return the job of a request without preparing the data set: its digest is open until that was done once.

    Raises:
        UserError: as `resolve`, or an unknown data set.
    """
    require_known("data set", place.benchmarks.datasets, request.dataset)
    if request.dataset not in prepared_datasets(place.benchmarks, place.workspace):
        return resolve(request, place, NOT_PREPARED)
    manifest = open_dataset(request.dataset, place.benchmarks, place.workspace, root=place.data_root)
    return resolve(request, place, manifest.digest, manifest.root)


def _wrapped(selector: str, label: str, dataset: str, place: Place) -> ModelFolder:
    """Return the trained model that another is made around.

    Raises:
        UserError: there is none; or it is an encoder, or a model around another one.
    """
    found = require_model(place.workspace, selector, place.benchmarks, dataset)
    if found.description.kind != "model" or found.description.wrapped is not None:
        what = "an encoder" if found.description.kind != "model" else "made around another model itself"
        raise UserError(f"{label} is made around a trained model, but {found.label} is {what}. Name another one.")
    return found


def _encoder(
    name: str,
    dataset: str,
    request: TrainRequest,
    parameters: Mapping[str, Any],
    model_steps: int,
    place: Place,
    manifest: str,
    root: Path | None,
) -> Job:
    """Return the job of an encoder that a model needs, learning from `dataset`.

    Its precision is full always: it judges too. Its seed is the spec's own, so that models of several seeds share it,
    as in the papers.
    """
    require_known("encoder", place.benchmarks.encoders, name)
    batch_size = None
    learns_in_batches = (
        "batch_size" in registry("encoders")[place.benchmarks.encoders[name].plugin].Parameters.model_fields
    )
    if request.batch_size is not None and learns_in_batches:
        batch_size = max(request.batch_size, _SMALLEST_ENCODER_BATCH)
    own = TrainRequest(name, dataset=dataset, batch_size=batch_size, parameters=parameters)
    elsewhere = replace(place, data_root=None)
    job = resolve(own, place, manifest, root) if dataset == request.dataset else plan_training(own, elsewhere)
    job = replace(job, steps=_encoder_steps(job, request, model_steps, place.benchmarks))
    return replace(job, shipped=_shipped(job, place.benchmarks))


def _encoder_steps(job: Job, request: TrainRequest, model_steps: int, benchmarks: Benchmarks) -> int:
    """Return how long to train an encoder: its own steps, but for a short trial of the model no longer than the trial.

    An encoder that was trained longer already is taken as it is; one that has nothing to learn has no steps.
    """
    if job.full_steps == 0:
        return 0
    if request.encoder_steps is not None:
        return request.encoder_steps
    if _shipped(job, benchmarks) is not None:
        return job.full_steps
    if request.steps is None or request.steps >= model_steps:
        return job.full_steps
    trial = min(job.full_steps, request.steps)
    return max((steps for steps in job.folder.exported_steps() if trial <= steps <= job.full_steps), default=trial)


def _shipped(job: Job, benchmarks: Benchmarks) -> ModelFolder | None:
    """Return the encoder that came with a package if it is what the job would make, but for rounding."""
    if job.spec.precision != "32-true":
        return None
    plugin = registry("encoders")[job.spec.plugin]
    for model in shipped_models(benchmarks, job.spec.dataset):
        found = model.description
        wanted = (job.spec.label, job.spec.plugin, job.spec.seed, job.steps)
        if (found.label, found.plugin, found.seed, found.steps) != wanted:
            continue
        # Read by today's plug-in, so that a parameter that was added since has its default.
        parameters = plugin.Parameters.model_validate(dict(found.parameters))
        if parameters.model_dump(mode="json") == dict(job.spec.parameters):
            return model
    return None


def _entry(name: str, benchmarks: Benchmarks) -> tuple[Literal["model", "encoder"], TrainableEntry]:
    if name in benchmarks.models:
        return "model", benchmarks.models[name]
    if name in benchmarks.encoders:
        return "encoder", benchmarks.encoders[name]
    for table in ("models", "encoders"):
        if name in registry(table):
            raise UserError(
                f"{name!r} is installed, but benchmarks.toml does not say how to train it. Add a table "
                f'[{table}.{name}] with plugin = "{name}" and steps = ... to it.'
            )
    raise unknown_name(
        "model", name, [*benchmarks.models, *benchmarks.encoders], hint="`t2ibench list models` shows them all."
    )


def _divided(parameters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the model's own parameters, and those of each encoder."""
    own: dict[str, Any] = {}
    foreign: dict[str, dict[str, Any]] = {}
    for key, value in parameters.items():
        encoder, dot, parameter = key.partition(".")
        if dot:
            foreign.setdefault(encoder, {})[parameter] = value
        else:
            own[key] = value
    return own, foreign
