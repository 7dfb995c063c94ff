"""`t2ibench quickstart`: from nothing to a leaderboard with one command."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import dry_run_option, place_options, seed_option
from t2ibench.cli.printing import print_json
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place


@click.command("quickstart")
@click.option("--suite", default="quickstart", show_default=True, help="Suite of benchmarks.toml to run.")
@seed_option
@dry_run_option
@place_options("device", "threads", "config", "workers")
def command(suite: str, seed: int | None, dry_run: bool, place: Place, config: Path) -> None:
    """Draw birds, train a GAN on them, evaluate it beside three that come along, print the leaderboard.

    Four to nine minutes on two cores, no GPU and no download. `--suite simbirds-long` is the longer recipe. Asking
    again trains and measures nothing twice.
    """
    from t2ibench.cli.studies.bench import carry_out
    from t2ibench.data.open import adapter_of
    from t2ibench.studies.bench.plan import BenchRequest, plan_bench, suite_of
    from t2ibench.training.request import NOT_PREPARED

    request = BenchRequest(suite, seeds=() if seed is None else (seed,))
    entry = suite_of(request, place.benchmarks)
    # Without the simulations nothing can be drawn: said before anything is planned.
    adapter_of(entry.data, place.benchmarks)
    if dry_run:
        items = plan_bench(request, place)
        if fault := next((item.fault for item in items if item.fault), ""):
            raise UserError(fault)
        jobs = [item.job.describe() for item in items if item.job is not None]
        if any(job["spec"]["manifest"] == NOT_PREPARED for job in jobs):
            click.echo(f"{entry.data} is not prepared yet, so the digests below are not final.", err=True)
        print_json({"suite": suite, "data": entry.data, "train": jobs})
        return
    carry_out(request, place, config, keep_going=False)
