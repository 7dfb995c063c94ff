"""`t2ibench train`: train a model, and first whatever it needs."""

from __future__ import annotations

import os
from typing import Any

import click

from t2ibench.cli.options import (
    COUNT,
    NumberList,
    arithmetic_options,
    dry_run_option,
    list_option,
    place_options,
    seed_option,
)
from t2ibench.cli.printing import print_json
from t2ibench.core.errors import UserError
from t2ibench.core.machine.arithmetic import Arithmetic
from t2ibench.core.place import Place


@click.command("train")
@click.argument("model", metavar="MODEL[:VARIANT]")
@click.option("--variant", default="", help="A variant of the model, as in benchmarks.toml.")
@click.option("--data", "dataset", help="Data set to learn from.  [default: simbirds]")
@click.option("--steps", type=COUNT, help="Training steps in all.")
@click.option("--batch-size", type=COUNT, help="Captions a batch.")
@click.option("--encoder-steps", type=COUNT, help="Steps of the encoders it needs.")
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set a parameter of the model, or ENCODER.KEY=VALUE one of an encoder it needs. Can be repeated.",
)
@seed_option
@arithmetic_options
@click.option(
    "--workers",
    type=click.IntRange(min=0),
    default=lambda: min(8, os.cpu_count() or 1),
    show_default="the number of cores, at most 8",
    help="Threads that load images.",
)
@click.option("--checkpoint-steps", type=COUNT, help="Save every N steps too, not only each minute.")
@click.option(
    "--keep-checkpoints", type=COUNT, default=2, show_default=True, help="How many of the newest checkpoints stay."
)
@click.option("--keep-every", type=COUNT, help="Save every N steps a checkpoint that stays for good.")
@list_option(
    "--snapshots",
    type=NumberList("250,500", 1),
    metavar="STEPS,STEPS",
    help="Export the model after these steps too, as in 250,500, so that it can be measured as it was then.",
)
@click.option(
    "--quick-metrics",
    "quick_steps",
    type=COUNT,
    metavar="STEPS",
    help="Measure R-precision and KID on 150 training captions every so many steps.",
)
@click.option(
    "--select",
    type=(click.Choice(["best-of"]), click.Choice(["r-precision", "kid"])),
    metavar="best-of METRIC",
    help="Export the weights that did best in a quick metric instead of the last; part of the run's identity.",
)
@list_option(
    "--track",
    default=None,
    metavar="tensorboard,wandb,trackio",
    help="Where losses and images go besides metrics.jsonl.  [default: TensorBoard where it is installed]",
)
@dry_run_option
@place_options("device", "threads", "data_root")
def command(
    model: str,
    dataset: str | None,
    assignments: tuple[str, ...],
    arithmetic: Arithmetic,
    workers: int,
    checkpoint_steps: int | None,
    keep_checkpoints: int,
    keep_every: int | None,
    quick_steps: int | None,
    select: tuple[str, str] | None,
    track: tuple[str, ...] | None,
    dry_run: bool,
    place: Place,
    **asked: Any,
) -> None:
    """Train MODEL (a model or an encoder of benchmarks.toml), and first whatever it needs.

    The same request goes on where it was stopped; more steps continue the same run; what is trained is not trained
    again. Prints the folder of the trained model.

    Several processes share every batch: torchrun --nproc-per-node 2 -m t2ibench train ...
    """
    from t2ibench.evaluation.quick_metrics import quick_maker
    from t2ibench.models.parameters import parse_assignments
    from t2ibench.training.compute import Compute
    from t2ibench.training.engine.processes import Processes
    from t2ibench.training.request import DEFAULT_DATASET, NOT_PREPARED, TrainRequest, plan_training
    from t2ibench.training.tracking.trackers import check_trackers
    from t2ibench.training.train import ensure_trained

    if track:
        check_trackers(track)
    processes = Processes.of_environment()
    if dataset is None:
        dataset = DEFAULT_DATASET
        if processes.leads:
            click.echo(f"No --data given: taking {dataset}.", err=True)
    request = TrainRequest.of(
        model,
        dataset=dataset,
        precision=arithmetic.precision,
        parameters=parse_assignments(assignments),
        processes=processes.count,
        select=_selection(select, quick_steps),
        compiled=arithmetic.compiled,
        **asked,
    )
    if dry_run:
        job = plan_training(request, place)
        if job.spec.manifest == NOT_PREPARED:
            click.echo(f"{dataset} is not prepared yet, so the digests below are not final.", err=True)
        print_json(job.describe())
        return
    compute = Compute(
        workers=workers,
        checkpoint_steps=checkpoint_steps,
        keep_checkpoints=keep_checkpoints,
        keep_every=keep_every,
        quick_steps=quick_steps,
        track=track,
    )
    quick = None if quick_steps is None else quick_maker(place, quick_steps)
    folder = ensure_trained(request, place, compute=compute, processes=processes, quick=quick)
    if processes.leads:
        click.echo(folder)


def _selection(select: tuple[str, str] | None, every: int | None) -> str:
    """Return what the run's identity says of a selection.

    Raises:
        UserError: there is nothing to select by.
    """
    if select is None:
        return ""
    if every is None:
        raise UserError("--select needs --quick-metrics STEPS: it takes the best of what is measured meanwhile.")
    from t2ibench.evaluation.quick_metrics import selection_of

    return selection_of(select[1], every)  # type: ignore[arg-type]  # click has checked the choice
