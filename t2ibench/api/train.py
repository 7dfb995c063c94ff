"""Training from Python: the arguments become the request that the command makes of its options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Unpack

from t2ibench.api.model import Model
from t2ibench.api.place import PlaceOptions, place_at
from t2ibench.models.folder import read_model_folder
from t2ibench.training.compute import Compute
from t2ibench.training.request import DEFAULT_DATASET, TrainRequest
from t2ibench.training.tracking.trackers import check_trackers
from t2ibench.training.train import ensure_trained


def train(
    model: str,
    *,
    data: str = DEFAULT_DATASET,
    variant: str = "",
    steps: int | None = None,
    encoder_steps: int | None = None,
    batch_size: int | None = None,
    seed: int | None = None,
    precision: str = "32-true",
    parameters: Mapping[str, Any] | None = None,
    workers: int = 1,
    track: Sequence[str] | None = None,
    **place: Unpack[PlaceOptions],
) -> Model:
    """Return the model that `t2ibench train` would train, and first whatever it needs.

    The same request goes on where it was stopped; more steps continue the same run; what is trained is not trained
    again. Under torchrun or srun all processes share every batch, as the command's do.

    Args:
        model: of benchmarks.toml or `add_model`: "attngan", "attngan:attngan1".
        data: name of the data set.
        variant: of the model, where its name does not say it.
        steps: None as benchmarks.toml says; 0 only initialises.
        encoder_steps: of the encoders that the model needs.
        batch_size: of the model and its encoders.
        seed: of everything.
        precision: of the arithmetic, as in "bf16-mixed".
        parameters: parameter -> value; "<encoder>.<parameter>" reaches an encoder's.
        workers: threads that load images; changes no number.
        track: "tensorboard", "wandb", "trackio"; None for TensorBoard where it is installed.
        place: see `PlaceOptions`.

    Raises:
        UserError: a name or parameter is unknown (near names are given), a value is of the wrong form, or another
            process trains the same.
        RunFailedError: a loss stopped being finite, or the disk is full.
        KeyboardInterrupt: it was stopped, with everything saved.
    """
    from t2ibench.training.engine.processes import Processes

    check_trackers(tuple(track or ()))
    at, processes = place_at(**place), Processes.of_environment()
    request = TrainRequest.of(
        model,
        variant=variant,
        dataset=data,
        steps=steps,
        encoder_steps=encoder_steps,
        batch_size=batch_size,
        seed=seed,
        precision=precision,
        parameters=parameters or {},
        processes=processes.count,
    )
    compute = Compute(workers, track=None if track is None else tuple(track))
    return Model(read_model_folder(ensure_trained(request, at, compute=compute, processes=processes)), at.device_name)
