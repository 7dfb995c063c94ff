"""`t2ibench data`: make, prepare, check and show data sets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from t2ibench.cli.options import config_option, workspace_option
from t2ibench.errors import RunFailedError, UserError
from t2ibench.spec import LoadedBenchmarks
from t2ibench.workspace import Workspace

_root_option = click.option(
    "--data-root",
    "--root",
    "root",
    type=click.Path(path_type=Path),
    default=None,
    help="Folder that holds the data set's files, if not the one named before.",
)
_name_argument = click.argument("name")


def _shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add NAME, --data-root, --workspace and --config."""
    return _name_argument(_root_option(workspace_option(config_option(function))))


@click.group("data")
def command() -> None:
    """Make, prepare, check and show data sets."""


@command.command("make")
@_name_argument
@click.option("--root", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder to draw into.")
@click.option("--images", type=click.IntRange(min=1), default=None, help="How many pictures; default as in the config.")
@click.option("--size", type=click.IntRange(min=16), default=None, help="Side of a picture in pixels.")
@click.option("--seed", type=click.IntRange(min=0), default=None, help="Another seed draws other birds.")
@config_option
def make(
    name: str, root: Path, images: int | None, size: int | None, seed: int | None, benchmarks: LoadedBenchmarks
) -> None:
    """Draw the simulated data set NAME into a folder, in the layout of the real one."""
    from t2ibench.data.adapter import DrawnDataset
    from t2ibench.data.open import adapter_of

    adapter = adapter_of(name, benchmarks.content)
    if not isinstance(adapter, DrawnDataset):
        drawn = [other for other in benchmarks.content.datasets if _is_drawn(other, benchmarks)]
        raise UserError(
            f"{name} is a real data set and cannot be drawn; {', '.join(drawn)} can. "
            f"`t2ibench data prepare {name}` says what to fetch."
        )
    wanted = {"images": images, "size": size, "seed": seed}
    settings = {key: value for key, value in wanted.items() if value is not None}
    adapter.draw(root, settings, replace=False, progress=True)
    click.echo(f"{name} is in {root}. Use it with --data-root {root}.")


@command.command("prepare")
@_shared
def prepare(name: str, root: Path | None, workspace: Workspace, benchmarks: LoadedBenchmarks) -> None:
    """Read the data set NAME once and keep what was found in the workspace; all other commands then find it."""
    from t2ibench.data.open import open_dataset

    manifest = open_dataset(name, benchmarks.content, workspace, root=root)
    counts = ", ".join(f"{len(images)} {split}" for split, images in manifest.splits.items())
    click.echo(f"{name}: {counts} pictures in {manifest.root}")
    click.echo(f"vocabulary: {len(manifest.vocabulary)} words, {manifest.vocabulary_origin}")
    click.echo(f"digest: {manifest.digest}")


@command.command("check")
@_shared
def check(name: str, root: Path | None, workspace: Workspace, benchmarks: LoadedBenchmarks) -> None:
    """Read every file of the data set NAME and list what is missing, damaged or odd; fails if anything is."""
    from t2ibench.data.adapter import MissingPicturesError
    from t2ibench.data.check import check_dataset
    from t2ibench.data.open import open_dataset

    try:
        manifest = open_dataset(name, benchmarks.content, workspace, root=root)
    except MissingPicturesError as error:
        for missing in error.names:
            click.echo(f"missing: {missing}")
        raise
    found = check_dataset(manifest, benchmarks.content.datasets[name])
    for split, (pictures, classes) in found.counts.items():
        expected = f" of {found.expected[split]} expected" if split in found.expected else ""
        click.echo(f"{split}: {pictures} pictures{expected}, {classes} classes")
    click.echo(f"classes in more than one split: {found.shared_classes}")
    spread = ", ".join(f"{count} for {pictures} pictures" for count, pictures in found.captions.items())
    click.echo(f"captions: {spread}; the longest has {found.longest} words")
    click.echo(f"vocabulary: {found.words} words, {manifest.vocabulary_origin}")
    for notice in found.notices:
        click.echo(f"notice: {notice}")
    for problem in found.problems:
        click.echo(f"problem: {problem}")
    if found.problems:
        raise RunFailedError(
            f"{len(found.problems)} files of {name} under {manifest.root} are missing, damaged or changed; they are "
            f"listed above. Put them back and run `t2ibench data prepare {name}`."
        )
    click.echo("No problem found.")


@command.command("show")
@_shared
@click.option("--split", default="train", show_default=True, help="The split the picture is taken from.")
@click.option("--index", type=click.IntRange(min=0), default=0, show_default=True, help="Which picture, from 0.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), default=None, help="PNG to write.")
def show(
    name: str,
    root: Path | None,
    workspace: Workspace,
    benchmarks: LoadedBenchmarks,
    split: str,
    index: int,
    output: Path | None,
) -> None:
    """Show one picture of the data set NAME: file, box, crop, captions and their words, as text and as a PNG."""
    from t2ibench.data.open import open_dataset
    from t2ibench.data.show import describe_image, draw_image
    from t2ibench.files import atomic_path

    manifest = open_dataset(name, benchmarks.content, workspace, root=root)
    images = manifest.split(split)
    if index >= len(images):
        raise UserError(f"The split {split!r} of {name} has the pictures 0 to {len(images) - 1}; {index} is none.")
    target = output or Path(f"{name}-{split}-{index}.png")
    with atomic_path(target) as temporary:
        draw_image(manifest, images[index]).save(temporary, format="PNG")
    click.echo(describe_image(manifest, images[index]))
    click.echo(f"picture written to {target}")


def _is_drawn(name: str, benchmarks: LoadedBenchmarks) -> bool:
    from t2ibench.data.adapter import DrawnDataset
    from t2ibench.data.open import adapter_of

    return isinstance(adapter_of(name, benchmarks.content), DrawnDataset)
