"""`t2ibench bench claims`: do the papers' claims hold?"""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import click

from t2ibench.core.place import Place

if TYPE_CHECKING:
    from t2ibench.studies.bench.cluster import Cluster
    from t2ibench.studies.bench.plan import BenchRequest
    from t2ibench.studies.claims.study import ClaimsRequest


def show_plan(request: BenchRequest, place: Place) -> None:
    """Print what a suite amounts to as JSON, and its estimate as a sentence on stderr. Errors as `plan_bench`."""
    from t2ibench.studies.bench.plan import describe, plan_bench, summary_of

    plan = describe(request, plan_bench(request, place), place)
    click.echo(json.dumps(plan, indent=2, ensure_ascii=False))
    click.echo(summary_of(plan), err=True)


def carry_out_claims(request: ClaimsRequest, place: Place, *, trainer: Cluster | None, dry_run: bool) -> None:
    """Train the rows of claims, measure, decide, and print the table of verdicts, one a data set.

    Raises:
        UserError: a claim, data set or budget is unknown.
        SystemExit: with status 1 after failures, which are told.
    """
    from t2ibench.cli.reports.report import load_report, show_report
    from t2ibench.studies.bench.bench import run_bench
    from t2ibench.studies.bench.plan import plan_bench
    from t2ibench.studies.claims.study import claims_of, claims_on, datasets_of, decide, protocols_of, suite_for

    claims = claims_of(request, place.benchmarks)
    failed = False
    for dataset in datasets_of(request, claims):
        whole, content = suite_for(dataset, request, claims, place.benchmarks)
        here = dataclasses.replace(place, benchmarks=content)
        if dry_run:
            show_plan(whole, here)
            continue
        own = claims_on(dataset, request, claims)
        for protocol in protocols_of(own):  # trained once, measured under each
            asked, content = suite_for(dataset, request, claims, place.benchmarks, protocol)
            outcome = run_bench(asked, dataclasses.replace(place, benchmarks=content), trainer=trainer)
            for failure in outcome.failures:
                click.echo(f"Failed: {failure.what}: {failure.reason}", err=True)
            failed = failed or bool(outcome.failures)
        if place.workers.leads:
            decide(dataset, request, own, plan_bench(whole, here), here)
    if dry_run or not place.workers.leads:
        return
    show_report(load_report("claims"), place.workspace)
    raise SystemExit(1 if failed else 0)
