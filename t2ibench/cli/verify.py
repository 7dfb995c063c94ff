"""`t2ibench verify`: do official weights give here what was printed of them?"""

from __future__ import annotations

from typing import Any

import click

from t2ibench.cli.options import list_option, place_options
from t2ibench.core.place import Place


@click.command("verify")
@click.argument("model")
@click.option("--data", "dataset", metavar="cub|coco", help="Data set.  [default: as the file found]")
@click.option("--protocol", help="Protocol of benchmarks.toml.  [default: official or official-dfgan]")
@list_option("--metrics", help="Columns.  [default: all that were printed]")
@click.option("--samples", type=click.IntRange(min=0), help="Images; fewer confirm nothing.")
@place_options("device", "batch_size", "data_root", "weights_dir", "download", "workers")
def command(model: str, place: Place, **asked: Any) -> None:
    """Import the official weights of MODEL, sample as the papers did, measure, and compare with what was printed.

    The generator's file, under the name it was released with, is looked for in --weights-dir and below; what belongs to
    it is found as `import` does. Every step is kept: interrupted and asked again, it goes on. Leaves with status 1
    unless every figure is inside its band.
    """
    from t2ibench.studies.verification import RULE, verify

    found = verify(model, place, **asked)
    if not found.checks:  # a worker that made features for another
        return
    click.echo(f"{found.label} on {found.dataset}, protocol {found.protocol}:")
    for check in found.checks:
        low, high = check.band
        others = f", others {', '.join(f'{value:g}' for value in check.figure.others)}" if check.figure.others else ""
        source = f"{check.row.what}: {check.reported.source}, {check.reported.status}"
        click.echo(f"  {check.record.metric.column}: {check.verdict}")
        click.echo(f"    printed {check.figure.text}{others} ({source}); band {low:.4g} to {high:.4g}")
        click.echo(f"    {_measured(check.record.value, check.record.n, check.record.error)}")
    click.echo(RULE)
    if any(check.record.n and check.record.n < found.asked for check in found.checks):
        click.echo(
            f"These numbers rest on fewer images than the {found.asked:,} of the protocol. FID and IS depend on how "
            "many there are, so a value inside the band confirms nothing, and one outside refutes nothing."
        )
    raise SystemExit(0 if all(check.verdict == "inside the band" for check in found.checks) else 1)


def _measured(value: float | None, n: int, error: str) -> str:
    return f"measured {value:.4g}, n {n:,}" if value is not None else f"not measured: {error}"
