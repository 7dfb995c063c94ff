"""`t2ibench quickstart`: from nothing to a leaderboard with one command."""

from __future__ import annotations

import json
import time

import click

from t2ibench.cli.options import config_option, device_option, dry_run_option, seed_option, workspace_option
from t2ibench.core.spec.benchmarks import LoadedBenchmarks
from t2ibench.core.workspace import Workspace


@click.command("quickstart")
@click.option("--suite", default="quickstart", show_default=True, help="Suite of benchmarks.toml to run.")
@click.option("--threads", type=click.IntRange(min=1), default=None, help="Threads torch computes with on the CPU.")
@seed_option
@device_option
@dry_run_option
@config_option
@workspace_option
def command(
    suite: str,
    threads: int | None,
    seed: int | None,
    device: str,
    dry_run: bool,
    benchmarks: LoadedBenchmarks,
    workspace: Workspace,
) -> None:
    """Draw birds, train two GANs on them, evaluate both and print the leaderboard.

    About ten minutes on two cores, no GPU and no download. `--suite simbirds-long` is the longer recipe. Asking again
    trains and measures nothing twice.
    """
    from t2ibench.cli.report import load_report, write_report
    from t2ibench.data.open import adapter_of
    from t2ibench.studies.bench.suite import find_suite, requests_of, run_suite
    from t2ibench.training.train import NOT_PREPARED, Compute, plan_training

    content = benchmarks.content
    entry = find_suite(suite, content)
    adapter_of(entry.data, content)  # without the simulations nothing can be drawn: said before anything is planned
    if dry_run:
        jobs = [plan_training(request, content, workspace).describe() for request in requests_of(entry, seed=seed)]
        if any(job["spec"]["manifest"] == NOT_PREPARED for job in jobs):
            click.echo(f"{entry.data} is not prepared yet, so the digests below are not final.", err=True)
        click.echo(json.dumps({"suite": suite, "data": entry.data, "train": jobs}, indent=2, ensure_ascii=False))
        return
    started = time.monotonic()
    click.echo(f"{entry.title or suite}\nUsing {benchmarks.path}; writing to {workspace.root}.", err=True)
    compute = Compute(device=device, threads=threads)
    evaluations = run_suite(entry, content, workspace, seed=seed, compute=compute)
    text, paths = write_report(load_report(entry.report), workspace, data=entry.data)
    click.echo(text, nl=False)
    for path in paths:
        click.echo(f"wrote {path}", err=True)
    click.echo(f"Done in {(time.monotonic() - started) / 60:.1f} minutes.", err=True)
    raise SystemExit(1 if any(evaluation.failed for evaluation in evaluations) else 0)
