"""`t2ibench plan claims`: how many training seeds or captions would decide, from the spread seen so far."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import click

from t2ibench.cli.options import NumberList, json_option, list_option, place_options
from t2ibench.cli.printing import aligned, print_json
from t2ibench.core.errors import require_known
from t2ibench.core.place import Place

if TYPE_CHECKING:
    from t2ibench.studies.claims.planner import Need

_HEADS = ("claim", "measure", "seeds", "images", "effect", "spread", "of captions", "seeds needed", "captions needed")


@click.command("plan")
@click.argument("study", metavar="claims")
@click.argument("names", nargs=-1)
@click.option("--data", "dataset", default="", help="Data set.  [default: the claims' own]")
@click.option("--budget", default="full", show_default=True, metavar="full|small|...", help="As of `bench claims`.")
@list_option("--seeds", type=NumberList("0,1,2"), metavar="0,1,...", help="Only these seeds of training.")
@json_option
@place_options()
def command(
    study: str,
    names: tuple[str, ...],
    dataset: str,
    budget: str,
    seeds: tuple[int, ...],
    as_json: bool,
    place: Place,
) -> None:
    """Say how many seeds, or captions, each claim needs to be told with 80 % power; nothing is trained or measured.

    Supposes that the effect and the spread that the results hold so far are the true ones.
    """
    from t2ibench.studies.bench.plan import plan_bench
    from t2ibench.studies.claims.planner import needs_of
    from t2ibench.studies.claims.study import ClaimsRequest, asked_of, claims_of, suite_for

    require_known("study to plan", ("claims",), study)
    request = ClaimsRequest(names, dataset, budget, seeds)
    found: dict[str, list[Need]] = {}
    for one, own in claims_of(request, place.benchmarks).items():
        asked, here = suite_for(one, request, own, place)
        found[one] = needs_of(asked_of(one, own, plan_bench(asked, here), here))
    if as_json:
        plain = {name: [dataclasses.asdict(need) for need in needs] for name, needs in found.items()}
        print_json({"budget": budget, "claims": plain})
        return
    for name, needs in found.items():
        click.echo(f"{name}, budget {budget}, at 80 % power\n\n{_table(needs)}")


def _table(needs: list[Need]) -> str:
    """Return a line a claim and measure, and below it what its numbers mean."""
    head, *lines = aligned([_HEADS, *map(_line, needs)], left=(0, 1))
    return "\n".join([head, *(f"{line}\n    {need.said}" for line, need in zip(lines, needs, strict=True))]) + "\n"


def _line(need: Need) -> tuple[str, ...]:
    def number(value: float | None, form: str) -> str:
        return "-" if value is None else f"{value:{form}}"

    return (
        need.claim,
        need.column,
        str(need.seeds),
        f"{need.captions:,}",
        number(need.effect, "+.3g"),
        number(need.deviation, ".3g"),
        number(need.from_captions, ".3g"),
        number(need.seeds_needed, ","),
        number(need.captions_needed, ","),
    )
