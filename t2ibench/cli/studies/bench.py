"""`t2ibench bench`: train, measure and report whatever a suite of benchmarks.toml lists."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2ibench.cli.options import COUNT, NumberList, dry_run_option, list_option, place_options
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place

if TYPE_CHECKING:
    from t2ibench.studies.bench.cluster import Cluster

VALIDITY = "metric-validity"
"""The suite without models: real images corrupted step by step."""
CLAIMS = "claims"
"""The suite whose models are the rows of claims."""


@click.command("bench")
@click.argument("suite")
@click.argument("names", nargs=-1)
@list_option("--data", "datasets", help="Data sets.  [default: the suite's own]")
@click.option(
    "--budget",
    default="full",
    show_default=True,
    metavar="full|small|...",
    help="How long to train: full is the models' own recipes, others are the suite's.",
)
@list_option("--seeds", type=NumberList("0,1,2"), metavar="0,1,...", help="Seeds of training, a model each.")
@click.option("--keep-going/--stop", "keep_going", default=True, show_default=True, help="After a failure.")
@click.option(
    "--jobs",
    type=COUNT,
    default=1,
    show_default=True,
    help="Models trained at once, each in a process with its share of the threads.",
)
@click.option(
    "--cluster",
    type=click.Choice(["slurm", "local"]),
    help="Train each model as a job, by submitit: of Slurm, or of this machine to try it.",
)
@click.option(
    "--cluster-option",
    "cluster_options",
    multiple=True,
    metavar="KEY=VALUE",
    help="Of the jobs, as in partition=gpu, timeout_min=720 or gpus_per_node=1. Can be repeated.",
)
@dry_run_option
@place_options("device", "threads", "weights_dir", "config", "workers")
def command(
    suite: str,
    names: tuple[str, ...],
    datasets: tuple[str, ...],
    budget: str,
    seeds: tuple[int, ...],
    keep_going: bool,
    jobs: int,
    cluster: str | None,
    cluster_options: tuple[str, ...],
    dry_run: bool,
    place: Place,
    config: Path,
) -> None:
    """Train what SUITE lists, measure all of it on one plan and print the suite's report.

    `bench claims [NAMES]` trains the rows of the claims of benchmarks.toml (all, or those named), measures and decides.

    Asking again goes on where it was stopped; what is trained and measured already costs nothing. A model that fails is
    told and left behind; the command leaves with status 1 then. `--dry-run` says what would be trained and, as far as
    earlier runs tell, how long it takes and how much disk.
    """
    from t2ibench.cli.reports.report import load_report, show_report
    from t2ibench.cli.studies.claims import carry_out_claims, show_plan
    from t2ibench.studies.bench.bench import run_bench
    from t2ibench.studies.bench.plan import BenchRequest, suite_of
    from t2ibench.studies.claims.study import ClaimsRequest

    if suite == VALIDITY:
        _validity(datasets, seeds, place, dry_run=dry_run)
        return
    trainer = _trainer(jobs, cluster, cluster_options, config)
    if suite == CLAIMS:
        claims_asked = ClaimsRequest(names, datasets[0] if datasets else "", budget, seeds)
        if len(datasets) > 1:
            raise UserError("bench claims takes one data set: ask for them one after the other.")
        carry_out_claims(claims_asked, place, trainer=trainer, dry_run=dry_run)
        return
    if names:
        raise UserError(f"Only `bench claims` takes names after the suite; found {names[0]!r} after {suite}.")
    request = BenchRequest(suite, datasets, budget, seeds)
    entry = suite_of(request, place.benchmarks)
    report = load_report(entry.report)
    if dry_run:
        show_plan(request, place)
        return
    started = time.monotonic()
    if place.workers.leads:
        click.echo(f"{entry.title or suite}\nUsing {config}; writing to {place.workspace.root}.", err=True)
    outcome = run_bench(request, place, keep_going=keep_going, trainer=trainer)
    if not place.workers.leads:
        return
    for evaluation in outcome.evaluations:
        show_report(report, place.workspace, data=evaluation.dataset)
    for failure in outcome.failures:
        click.echo(f"Failed: {failure.what}: {failure.reason}", err=True)
    click.echo(f"Done in {(time.monotonic() - started) / 60:.1f} minutes.", err=True)
    raise SystemExit(1 if outcome.failures else 0)


def _trainer(jobs: int, cluster: str | None, options: tuple[str, ...], config: Path) -> Cluster | None:
    """Return where models are trained as jobs; None trains one after the other here.

    Raises:
        UserError: options do not go together, or jobs cannot be sent off from here.
    """
    from t2ibench.models.parameters import parse_assignments
    from t2ibench.studies.bench.cluster import Cluster

    if cluster is None:
        if options:
            raise UserError("--cluster-option says how jobs run on a cluster: name one with --cluster slurm.")
        return Cluster("local", config, at_once=jobs) if jobs > 1 else None
    if jobs > 1:
        raise UserError("--jobs is for this machine's processes and --cluster for a cluster's jobs: leave one out.")
    return Cluster(cluster, config, parse_assignments(options, option="--cluster-option", example="partition=gpu"))


def _validity(datasets: tuple[str, ...], seeds: tuple[int, ...], place: Place, *, dry_run: bool) -> None:
    """Run the study of metric validity, which trains nothing; `t2ibench validity` has more options."""
    import dataclasses

    from t2ibench.cli.studies.validity import carry_out
    from t2ibench.studies.validity.study import ValidityRequest

    if len(datasets) > 1 or len(seeds) > 1:
        raise UserError(f"bench {VALIDITY} takes one data set and one seed: ask for them one after the other.")
    seed = seeds[0] if seeds else None
    request = ValidityRequest(datasets[0] if datasets else "simbirds", seed=seed)
    if dry_run:
        click.echo(json.dumps(dataclasses.asdict(request), indent=2))
        return
    carry_out(request, place)
