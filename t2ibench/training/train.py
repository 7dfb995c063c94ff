"""Carrying out a request to train: the data set, the encoders, then the model; what is there is not made again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext, TextToImage, Trainable
from t2ibench.core.machine.device import choose_device
from t2ibench.core.machine.provenance import environment
from t2ibench.core.noise import seed_of
from t2ibench.core.place import Place
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import TrainingSpec
from t2ibench.core.types import ModelCard, Origin
from t2ibench.data.open import open_dataset
from t2ibench.models.folder import (
    WRAPPED,
    EncoderDescription,
    LoadedEncoder,
    ModelDescription,
    ModelFolder,
    exported_state,
    load_encoder,
    load_model,
    read_model_folder,
    write_model_folder,
)
from t2ibench.training.compute import USUAL, Compute
from t2ibench.training.engine.phases import Phases
from t2ibench.training.request import NOT_PREPARED, Job, TrainRequest, resolve
from t2ibench.training.tracking.progress import say

if TYPE_CHECKING:
    import torch

    from t2ibench.data.manifest import Manifest
    from t2ibench.training.engine.engine import Engine
    from t2ibench.training.engine.processes import Processes
    from t2ibench.training.quick import QuickMetrics

    QuickMaker = Callable[[TrainingSpec, TextToImage, Manifest, str], QuickMetrics]


def ensure_trained(
    request: TrainRequest,
    place: Place,
    *,
    compute: Compute = USUAL,
    processes: Processes | None = None,
    quick: QuickMaker | None = None,
) -> Path:
    """Return the folder of the model asked for, trained now as far as it was not yet.

    Args:
        request: what is asked.
        place: where it is done.
        compute: how to train.
        processes: that train together, as many as the request says, with one workspace for all; None for this alone.
        quick: makes the quick metrics of a model once it is built; None measures nothing meanwhile.

    Raises:
        UserError: the request is unsound, or another process trains the same.
        RunFailedError: a number stopped being finite, or the disk is full.
        KeyboardInterrupt: stopped by a signal, with everything saved.
        SystemExit: in processes that do not lead, for what the first one raises.
    """
    from t2ibench.training.engine.processes import ALONE

    processes = processes or ALONE
    with processes.alike():
        # A mistyped parameter is told before a data set is drawn.
        asked = _checked(resolve(request, place, NOT_PREPARED), compute)
        device = choose_device(place.device, place=processes.local_rank)
    with processes.joined(device):
        if processes.count > 1:  # the first one draws or prepares the data sets where that was not done yet
            processes.first(lambda: _prepared(asked, place).digest)
        with processes.alike():
            manifest = _prepared(asked, place)
            job = resolve(request, place, manifest.digest, manifest.root)
        return carry_out(job, manifest, replace(place, device=str(device)), compute, processes, quick)


def _prepared(asked: Job, place: Place) -> Manifest:
    """Return the manifest of a job's data set, prepared, as are those that encoders it has to train learn from."""
    manifest = open_dataset(asked.spec.dataset, place.benchmarks, place.workspace, root=place.data_root)
    for encoder in asked.encoders.values():
        if encoder.shipped is None and encoder.spec.dataset != asked.spec.dataset:
            open_dataset(encoder.spec.dataset, place.benchmarks, place.workspace)
    return manifest


def _checked(job: Job, compute: Compute) -> Job:
    """Return the job; errors as `ensure_trained`."""
    every = compute.quick_steps
    if job.spec.select and (every is None or job.steps < every):
        raise UserError(
            f"--select has nothing to choose from: {job.steps} steps have no quick metric. Ask for --quick-metrics of "
            "fewer steps."
        )
    return job


def carry_out(
    job: Job,
    manifest: Manifest,
    place: Place,
    compute: Compute = USUAL,
    processes: Processes | None = None,
    quick: QuickMaker | None = None,
) -> Path:
    """Return the model folder of a job, its encoders trained first (by one process). Errors as `ensure_trained`."""
    from t2ibench.training.engine.processes import ALONE

    processes = processes or ALONE
    if processes.first(lambda: _encoders_trained(job, manifest, place, compute)):
        return job.exported

    import torch

    device = choose_device(place.device)
    if place.threads is not None:
        torch.set_num_threads(place.threads)
    with ExitStack() as held:
        processes.first(lambda: held.enter_context(job.folder.locked()))
        if not processes.first(lambda: job.done):  # another process may have finished it meanwhile
            folders = {name: read_model_folder(encoder.exported) for name, encoder in job.encoders.items()}
            train_job(job, manifest, folders, device, compute, processes, quick)
    return job.exported


def _encoders_trained(job: Job, manifest: Manifest, place: Place, compute: Compute) -> bool:
    """Train the encoders that a job lacks, unless it is done; return whether it is."""
    _warn_of_short_encoders(job)
    if job.done:
        return True
    require_feasible(job, manifest)
    for name, encoder in job.encoders.items():
        if not encoder.done:
            if encoder.steps:
                taught_by = encoder.spec.dataset
                say(f"{job.spec.label} needs {name}: training it on {taught_by} for {encoder.steps} steps first.")
            carry_out(encoder, _manifest_of(encoder, job, manifest, place), place, compute)
    return False


def require_feasible(job: Job, manifest: Manifest) -> None:
    """Check that a model which lacks an encoder can be trained once it has it; nothing is asked of any other.

    What would end a training after its encoders were trained is asked before that, which may take hours. The model is
    built for that, around encoders of the right shapes: only then is it known what its batches must hold.

    Raises:
        UserError: the data set lacks what the model learns from, or the model refuses the one it is made around.
    """
    if not any(encoder.steps and not encoder.done for encoder in job.encoders.values()):
        return
    import torch

    from t2ibench.data.batches.phased_batches import training_data

    with torch.random.fork_rng(devices=[]):
        model = _built(job, manifest, {name: _shaped(encoder, manifest) for name, encoder in job.encoders.items()})
    if isinstance(model, Trainable):
        training_data(manifest, model, job.spec.seed)


def _shaped(job: Job, manifest: Manifest) -> Any:
    """Return the encoder of a job, of the right shapes where it is still to be trained."""
    if job.done:
        return load_encoder(job.exported, data_root=manifest.root).encoder
    plugin = registry("encoders")[job.spec.plugin]
    parameters = plugin.Parameters.model_validate(dict(job.spec.parameters))
    return plugin.build(parameters, BuildContext("generate", manifest.vocabulary, data_root=manifest.root))


def _built(job: Job, manifest: Manifest, encoders: Mapping[str, Any], device: torch.device | str = "cpu") -> Any:
    """Return the plug-in of a job around its encoders, freshly initialised; what it wraps is on `device`."""
    plugin = registry(f"{job.spec.kind}s")[job.spec.plugin]
    wrapped = None if job.wrapped is None else load_model(job.wrapped, device, data_root=manifest.root).model
    context = BuildContext("train", manifest.vocabulary, encoders, manifest.root, wrapped)
    return plugin.build(plugin.Parameters.model_validate(dict(job.spec.parameters)), context)


def _manifest_of(encoder: Job, job: Job, manifest: Manifest, place: Place) -> Manifest:
    """Return the manifest of the data set that an encoder learns from: mostly the model's own."""
    if encoder.spec.dataset == job.spec.dataset:
        return manifest
    return open_dataset(encoder.spec.dataset, place.benchmarks, place.workspace)


def train_job(
    job: Job,
    manifest: Manifest,
    encoder_folders: Mapping[str, ModelFolder],
    device: torch.device,
    compute: Compute = USUAL,
    processes: Processes | None = None,
    quick: QuickMaker | None = None,
) -> None:
    """Train a job and export its model; the caller holds the run's lock."""
    import torch

    from t2ibench.data.batches.phased_batches import training_data
    from t2ibench.training.engine.processes import ALONE
    from t2ibench.training.loop import train
    from t2ibench.training.quick import Best, QuickMetrics
    from t2ibench.training.tracking.sample_images import captions_for_samples

    processes = processes or ALONE
    spec = job.spec
    encoders = {name: load_encoder(folder, device, data_root=manifest.root) for name, folder in encoder_folders.items()}
    torch.manual_seed(seed_of(spec.seed, "initialisation"))
    model = _built(job, manifest, {name: one.encoder for name, one in encoders.items()}, device)
    made_by = environment(str(device)) | ({"processes": processes.count} if processes.count > 1 else {})
    session = {"created": _now(), "steps": job.steps, "environment": made_by}
    identities = {name: folder.identity for name, folder in encoder_folders.items()}
    processes.first(lambda: job.folder.begin(session, identities))
    export = partial(_export, card=model.card(), made_by=made_by, manifest=manifest, encoders=encoders)
    if not isinstance(model, Trainable):  # an encoder or a sampler that has nothing to learn
        export(job, exported_state(model))
        return

    def snapshot(done: int, engine: Engine) -> None:
        early = replace(job, steps=done, snapshots=())
        if not early.done:
            export(early, engine.exported())

    split = "test" if "test" in manifest.splits else "train"
    with processes.alike():
        data = training_data(manifest, model, spec.seed, share=processes.share)
    watched = None
    every = compute.quick_steps
    if quick is not None and every is not None and isinstance(model, TextToImage):
        made: list[QuickMetrics] = []
        processes.first(lambda: made.append(quick(spec, model, manifest, str(device))))
        watched = made[0] if made else QuickMetrics(every, lambda device: {})
    engine = train(
        model,
        data,
        spec=spec,
        steps=job.steps,
        folder=job.folder,
        device=device,
        captions=captions_for_samples(manifest.captions(split)) if spec.kind == "model" else (),
        compute=compute,
        processes=processes,
        quick=watched,
        # Where phases share a training, what it is after some steps is not what fewer steps in all would make.
        snapshots=() if len(Phases(model.curriculum(), job.steps).ends) > 1 else job.snapshots,
        snapshot=snapshot,
    )
    # Weights that did best, where the spec says so; an untrained twin shares its model's folder and spec.
    chosen = bool(spec.select) and job.steps > 0
    processes.first(lambda: export(job, *(Best(job.folder.best).load() if chosen else (engine.exported(),))))


def _export(
    job: Job,
    tensors: Mapping[str, torch.Tensor],
    selected: Mapping[str, Any] | None = None,
    *,
    card: ModelCard,
    made_by: Mapping[str, Any],
    manifest: Manifest,
    encoders: Mapping[str, LoadedEncoder],
) -> None:
    spec = job.spec
    folders = {name: one.folder for name, one in encoders.items()}
    seen = tuple(digest for folder in folders.values() for digest in (folder.weights, folder.identity))
    vocabularies = {name: folder.vocabulary for name, folder in folders.items()}
    notes = [*card.notes, *(f"Of what it learned from: {caveat}" for caveat in manifest.caveats)]
    if spec.processes > 1:
        notes.append(
            f"Trained by {spec.processes} processes together: BatchNorm's statistics, and losses that set a caption "
            f"against the batch's images, are over 1/{spec.processes} of a batch."
        )
    if selected:
        notes.append(
            f"Its weights are those after step {selected['step']} of {job.steps}: the best {selected['metric']} "
            f"({selected['value']:.4g}) on a few captions of the training split."
        )
    if job.wrapped is not None:
        seen = tuple(dict.fromkeys((*seen, *job.wrapped.card.trained_with)))
        notes.append(f"Made around {job.wrapped.label} of {job.wrapped.steps} steps ({job.wrapped.identity[:12]}).")
        vocabularies |= {WRAPPED: job.wrapped.vocabulary}
        vocabularies |= {
            f"{WRAPPED}{name}": job.wrapped.encoder_vocabulary(name) for name in job.wrapped.description.encoders
        }
    description = ModelDescription(
        kind=spec.kind,
        plugin=spec.plugin,
        name=spec.name,
        variant=spec.variant,
        parameters=spec.parameters,
        dataset=spec.dataset,
        manifest=spec.manifest,
        steps=job.steps,
        seed=spec.seed,
        spec=spec.digest,
        encoders={
            name: EncoderDescription(
                plugin=folder.description.plugin,
                parameters=folder.parameters,
                trained=spec.encoders[name],
                identity=folder.identity,
                weights=folder.weights,
            )
            for name, folder in folders.items()
        },
        card=replace(
            card,
            title=job.title,
            origin=Origin.RETRAINED,
            trained_with=seen,
            notes=tuple(notes),
        ),
        created=_now(),
        environment=made_by,
        wrapped=None if job.wrapped is None else job.wrapped.as_wrapped(),
        selected=selected or {},
    )
    write_model_folder(
        job.exported,
        description,
        tensors,
        manifest.vocabulary,
        encoder_vocabularies=vocabularies,
    )


def _warn_of_short_encoders(job: Job) -> None:
    for name, encoder in job.encoders.items():
        if encoder.steps < encoder.full_steps:
            say(
                f"WARNING: {name} is trained for {encoder.steps} steps only instead of {encoder.full_steps}, so "
                f"{job.spec.label}'s images will not follow captions. --encoder-steps changes that."
            )


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
