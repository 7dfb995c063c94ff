"""`t2ibench bench`: train, measure and report whatever a suite of benchmarks.toml lists."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from t2ibench.cli.options import COUNT, NumberList, dry_run_option, list_option, place_options
from t2ibench.cli.printing import print_json
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place

if TYPE_CHECKING:
    from t2ibench.studies.bench.bench import BenchOutcome
    from t2ibench.studies.bench.cluster import Cluster
    from t2ibench.studies.bench.plan import BenchRequest
    from t2ibench.studies.claims.study import ClaimsRequest

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
    from t2ibench.studies.bench.plan import BenchRequest
    from t2ibench.studies.claims.study import ClaimsRequest

    if suite == VALIDITY:
        _validity(datasets, seeds, place, dry_run=dry_run)
        return
    trainer = _trainer(jobs, cluster, cluster_options, config)
    if suite == CLAIMS:
        if len(datasets) > 1:
            raise UserError("bench claims takes one data set: ask for them one after the other.")
        claims_asked = ClaimsRequest(names, datasets[0] if datasets else "", budget, seeds)
        _claims(claims_asked, place, trainer=trainer, dry_run=dry_run)
        return
    if names:
        raise UserError(f"Only `bench claims` takes names after the suite; found {names[0]!r} after {suite}.")
    request = BenchRequest(suite, datasets, budget, seeds)
    if dry_run:
        _show_plan(request, place)
        return
    carry_out(request, place, config, keep_going=keep_going, trainer=trainer)


def carry_out(
    request: BenchRequest, place: Place, config: Path, *, keep_going: bool = True, trainer: Cluster | None = None
) -> None:
    """Train and measure a suite, print its report and what failed; `quickstart` leads here too.

    Raises:
        UserError: as `run_bench`, or the suite's report is unknown.
        SystemExit: at the end; with status 1 after failures.
    """
    from t2ibench.cli.reports.report import load_report, show_report
    from t2ibench.studies.bench.bench import run_bench
    from t2ibench.studies.bench.plan import suite_of

    entry = suite_of(request, place.benchmarks)
    report = load_report(entry.report)
    started = time.monotonic()
    if place.workers.leads:
        click.echo(f"{entry.title or request.suite}\nUsing {config}; writing to {place.workspace.root}.", err=True)
    outcome = run_bench(request, place, keep_going=keep_going, trainer=trainer)
    if not place.workers.leads:
        return
    for evaluation in outcome.evaluations:
        show_report(report, place.workspace, data=evaluation.dataset)
    _tell(outcome)
    click.echo(f"Done in {(time.monotonic() - started) / 60:.1f} minutes.", err=True)
    raise SystemExit(1 if outcome.failures else 0)


def _tell(outcome: BenchOutcome) -> None:
    for failure in outcome.failures:
        click.echo(f"Failed: {failure.what}: {failure.reason}", err=True)


def _show_plan(request: BenchRequest, place: Place) -> None:
    """Print what a suite amounts to as JSON, and its estimate as a sentence on stderr. Errors as `plan_bench`."""
    from t2ibench.cli.reports.report import load_report
    from t2ibench.studies.bench.plan import describe, plan_bench, suite_of, summary_of

    load_report(suite_of(request, place.benchmarks).report)
    plan = describe(request, plan_bench(request, place), place)
    print_json(plan)
    click.echo(summary_of(plan), err=True)


def _claims(request: ClaimsRequest, place: Place, *, trainer: Cluster | None, dry_run: bool) -> None:
    """Train the rows of claims, measure, decide, and print the table of verdicts, one a data set.

    Raises:
        UserError: a claim, data set or budget is unknown.
        SystemExit: with status 1 after failures, which are told.
    """
    from t2ibench.cli.reports.report import load_report, show_report
    from t2ibench.studies.bench.bench import run_bench
    from t2ibench.studies.bench.plan import plan_bench
    from t2ibench.studies.claims.study import claims_of, decide, suite_for

    failed = False
    for dataset, claims in claims_of(request, place.benchmarks).items():
        whole, here = suite_for(dataset, request, claims, place)
        if dry_run:
            _show_plan(whole, here)
            continue
        for protocol in dict.fromkeys(claim.protocol for claim in claims.values()):  # trained once, measured under each
            outcome = run_bench(*suite_for(dataset, request, claims, place, protocol), trainer=trainer)
            _tell(outcome)
            failed = failed or bool(outcome.failures)
        if place.workers.leads:
            decide(dataset, request, claims, plan_bench(whole, here), here)
    if dry_run or not place.workers.leads:
        return
    show_report(load_report("claims"), place.workspace)
    raise SystemExit(1 if failed else 0)


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
    from t2ibench.cli.studies import validity
    from t2ibench.studies.validity.study import ValidityRequest

    if len(datasets) > 1 or len(seeds) > 1:
        raise UserError(f"bench {VALIDITY} takes one data set and one seed: ask for them one after the other.")
    seed = seeds[0] if seeds else None
    request = ValidityRequest(datasets[0] if datasets else "simbirds", seed=seed)
    if dry_run:
        print_json(dataclasses.asdict(request))
        return
    validity.carry_out(request, place)
