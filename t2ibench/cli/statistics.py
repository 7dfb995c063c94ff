"""`t2ibench statistics`: the mean and covariance of images' features, for FID."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from t2ibench.cli.options import ANY_PATH, FILE, place_options
from t2ibench.core.place import Place


@click.command("statistics")
@click.argument("output", type=FILE, metavar="FILE.npz")
@click.option("--data", "dataset", required=True, help="Data set whose images are read.")
@click.option("--features", required=True, help="Feature extractor of benchmarks.toml, as in inception-tf.")
@click.option("--split", help="Split of the data set.  [default: the protocol's]")
@click.option("--protocol", help="Protocol, which says the resolution.  [default: the data set's own]")
@click.option("--images", type=ANY_PATH, help="A folder of images instead.")
@click.option("--skip-bad", is_flag=True, help="Leave images of a folder out that cannot be read.")
@place_options("device", "data_root", "weights_dir", "download", "workers")
def command(output: Path, place: Place, **asked: Any) -> None:
    """Write mu and sigma of images' features to FILE.npz, as pytorch-fid, clean-fid and TTUR read them.

    The file also says which network, resize and images it was made from. `eval --reference-statistics FILE.npz`
    compares with it, `eval --statistics FILE.npz` shows it as a row.
    """
    from t2ibench.evaluation.statistics import StatisticsRequest, make_statistics

    count = make_statistics(StatisticsRequest(output=output, **asked), place)
    if place.workers.leads:
        click.echo(f"{output}: statistics of {count:,} images")
