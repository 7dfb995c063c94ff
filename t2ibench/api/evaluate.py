"""Measuring from Python: the arguments become the request that the command makes of its options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from t2ibench.api.images import Reading, Text, written
from t2ibench.api.model import Model
from t2ibench.api.place import PlaceOptions, place_at
from t2ibench.api.table import Table
from t2ibench.api.tracking import log_tables
from t2ibench.core.errors import UserError
from t2ibench.core.machine.arithmetic import FULL, Arithmetic, precision_named
from t2ibench.core.place import Place
from t2ibench.evaluation.evaluate import evaluate as carry_out
from t2ibench.evaluation.external.rows import ExternalRows
from t2ibench.evaluation.request.request import EvaluateRequest
from t2ibench.training.tracking.trackers import check_trackers

IN_MEMORY = "images"
"""Name of a row whose images were given in memory and not named."""


def evaluate(
    *,
    images: Any = None,
    model: str | Path | Model | Sequence[str | Path | Model] = (),
    captions: Sequence[Text] | None = None,
    data: str | Sequence[str] = (),
    metrics: Sequence[str] = (),
    protocol: str | None = None,
    samples: int | None = None,
    controls: bool = True,
    seed: int | None = None,
    seeds: Sequence[int] = (),
    skip_bad: bool = False,
    value_range: tuple[float, float] | None = None,
    image_column: str = "image",
    caption_column: str | None = None,
    track: Sequence[str] = (),
    batch_size: int = 50,
    precision: str = FULL,
    compiled: bool = False,
    **place: Unpack[PlaceOptions],
) -> Table:
    """Return the table of images and models under one protocol: the numbers that `t2ibench eval` gives, to the digit.

    What is known already is not measured again. A number that could not be had is a row of the table with its reason,
    and no exception.

    Args:
        images: a folder; or images in memory: an array or tensor N x 3 x H x W or N x H x W x 3, or what yields images
            or batches (a list of PIL images or arrays, a generator, a torch DataLoader, a Hugging Face data set). A
            mapping of names to any of these is a row each.
        model: a name ("attngan", "attngan:attngan1", "attngan@1f3a"), a model folder, a `Model`; or several.
        captions: one for each image in memory, in order: texts, or those of `t2ibench.captions`. None where they come
            with the images or are not known; metrics that need them then fail with that reason. A folder has its own in
            its manifest.jsonl.
        data: names of data sets; empty for every prepared one that the models were trained on, as in `t2ibench eval`.
        metrics: columns of benchmarks.toml; empty for the protocol's.
        protocol: of benchmarks.toml; None for the data set's own.
        samples: images a row; 0 for every caption once, None as the protocol says.
        controls: whether to measure the control rows too.
        seed: of captions, noise and negatives; None for the protocol's.
        seeds: several, a table each.
        skip_bad: leave images of a folder out that cannot be read, and count them.
        value_range: (black, white) of images that are floats, as in (-1, 1); never guessed.
        image_column: of rows and batches that are mappings, as those of a Hugging Face data set.
        caption_column: likewise; None where captions are not among them.
        track: where the table is logged: "tensorboard", "wandb", "trackio".
        batch_size: images made at a time; changes no number on a CPU.
        precision: of the models' arithmetic, "32" or "bf16"; judges compute in 32 bits always.
        compiled: whether torch.compile makes the models' kernels. Both are part of what is measured.
        place: see `PlaceOptions`.

    Raises:
        UserError: a name is unknown (near names are given), a model is not trained, images are of a form, type or range
            that is not sure, there are more or fewer captions than images, or a tracker is not installed.
        RunFailedError: a model fails, or the disk is full.
    """
    at = place_at(batch_size, **place)
    names, folders = _rows(images, captions, Reading(value_range, image_column, caption_column), at)
    several = [model] if isinstance(model, str | Path | Model) else list(model)
    request = EvaluateRequest(
        models=tuple(str(one.path if isinstance(one, Model) else one) for one in several),
        datasets=(data,) if isinstance(data, str) else tuple(data),
        protocol=protocol,
        samples=samples,
        metrics=(metrics,) if isinstance(metrics, str) else tuple(metrics),
        controls=controls,
        seed=seed,
        seeds=tuple(seeds),
        external=ExternalRows(images=folders, names=names, skip_bad=skip_bad),
        arithmetic=Arithmetic(precision_named(precision), compiled),
    )
    return measured(request, at, tuple(track))


def measured(request: EvaluateRequest, place: Place, track: tuple[str, ...] = ()) -> Table:
    """Return the table of a request, logged to the trackers named. Errors as `evaluate`."""
    if request.seeds and request.seed is not None:
        raise UserError("Both a seed and several seeds were given (--seed, --seeds); give one of them.")
    check_trackers(track)
    table = Table(tuple(carry_out(request, place)), request, place)
    log_tables(table, track)
    return table


def _rows(
    images: Any, captions: Sequence[Text] | None, reading: Reading, place: Place
) -> tuple[tuple[str, ...], tuple[Path, ...]]:
    """Return (names, folders) of the rows; no names where a folder gives its own.

    Raises:
        UserError: see `evaluate`.
    """
    if images is None:
        if captions is not None:
            raise UserError("`captions` says what `images` were made for: give images too, or leave captions out.")
        return (), ()
    rows = images if isinstance(images, Mapping) else {"": images}
    folders = []
    for given in rows.values():
        if not isinstance(given, str | Path):
            folders.append(written(given, captions, reading, place.workspace.store / "given"))
        elif captions is None:
            folders.append(Path(given))
        else:
            raise UserError(
                f"The folder {given} says in its manifest.jsonl what its images were made for: leave `captions` out, "
                "or give the images in memory."
            )
    if isinstance(images, Mapping):
        return tuple(map(str, rows)), tuple(folders)
    return (() if isinstance(images, str | Path) else (IN_MEMORY,)), tuple(folders)
