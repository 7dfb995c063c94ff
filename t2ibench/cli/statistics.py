"""`t2ibench statistics`: the mean and covariance of images' features, for FID."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import config_option, data_root_option, device_option, workspace_option
from t2ibench.core.spec.benchmarks import LoadedBenchmarks
from t2ibench.core.workspace import Workspace


@click.command("statistics")
@click.argument("output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE.npz")
@click.option("--data", "dataset", required=True, help="Data set whose images are read.")
@click.option("--features", required=True, help="Feature extractor of benchmarks.toml, as in inception-tf.")
@click.option("--split", default=None, help="Split of the data set.  [default: the protocol's]")
@click.option("--protocol", default=None, help="Protocol, which says the resolution.  [default: the data set's own]")
@click.option("--images", type=click.Path(path_type=Path), default=None, help="A folder of images instead.")
@click.option("--skip-bad", is_flag=True, help="Leave images of a folder out that cannot be read.")
@data_root_option
@click.option(
    "--weights-dir",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=None,
    help="Folder with weights files that cannot be shipped (Inception).",
)
@click.option("--download-weights", is_flag=True, help="Fetch missing weights files from their source.")
@device_option
@config_option
@workspace_option
def command(
    output: Path,
    dataset: str,
    features: str,
    split: str | None,
    protocol: str | None,
    images: Path | None,
    skip_bad: bool,
    data_root: Path | None,
    weights_dir: Path | None,
    download_weights: bool,
    device: str,
    benchmarks: LoadedBenchmarks,
    workspace: Workspace,
) -> None:
    """Write mu and sigma of images' features to FILE.npz, as pytorch-fid, clean-fid and TTUR read them.

    The file also says which network, resize and images it was made from. `eval --reference-statistics FILE.npz`
    compares with it, `eval --statistics FILE.npz` shows it as a row.
    """
    from t2ibench.evaluation.statistics import StatisticsRequest, make_statistics

    request = StatisticsRequest(
        dataset=dataset,
        features=features,
        output=output,
        split=split,
        protocol=protocol,
        images=images,
        skip_bad=skip_bad,
        weights_dir=weights_dir,
        download=download_weights,
    )
    count = make_statistics(request, benchmarks.content, workspace, device=device, root=data_root)
    click.echo(f"{output}: statistics of {count:,} images")
