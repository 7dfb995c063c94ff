"""What would end a training after its encoders were trained: asked before that, which may take hours."""

from __future__ import annotations

from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext, Trainable
from t2ibench.core.registry import registry
from t2ibench.data.manifest import Manifest
from t2ibench.models.folder import load_encoder, load_model
from t2ibench.training.request import Job, TrainRequest


def require_steps_count(request: TrainRequest, job: Job) -> None:
    """Check that `--steps` is not given for what has nothing to learn.

    Raises:
        UserError: it is.
    """
    if request.steps and not job.full_steps:
        raise UserError(
            f"{job.spec.label} has nothing to learn, so --steps {request.steps} means nothing: leave it out."
        )


def require_feasible(job: Job, manifest: Manifest) -> None:
    """Check that a model which lacks an encoder can be trained once it has it; nothing is asked of any other.

    The model is built for that, around encoders of the right shapes: only then is it known what its batches must hold.

    Raises:
        UserError: the data set lacks what the model learns from, or the model refuses the one it is made around.
    """
    if not any(encoder.steps and not encoder.done for encoder in job.encoders.values()):
        return
    import torch

    from t2ibench.data.batches.phased_batches import training_data

    plugin = registry("models")[job.spec.plugin]
    with torch.random.fork_rng(devices=[]):
        encoders = {name: _encoder(encoder, manifest) for name, encoder in job.encoders.items()}
        wrapped = None if job.wrapped is None else load_model(job.wrapped, data_root=manifest.root).model
        context = BuildContext("train", manifest.vocabulary, encoders, manifest.root, wrapped)
        model = plugin.build(plugin.Parameters.model_validate(dict(job.spec.parameters)), context)
    if isinstance(model, Trainable):
        training_data(manifest, model, job.spec.seed)


def _encoder(job: Job, manifest: Manifest) -> Any:
    if job.done:
        return load_encoder(job.exported, data_root=manifest.root).encoder
    plugin = registry("encoders")[job.spec.plugin]
    parameters = plugin.Parameters.model_validate(dict(job.spec.parameters))
    return plugin.build(parameters, BuildContext("generate", manifest.vocabulary, data_root=manifest.root))
