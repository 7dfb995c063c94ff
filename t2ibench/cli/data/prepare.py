"""`t2ibench data prepare`: read a data set once, so that every other command finds it."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import NumberList, dataset_arguments
from t2ibench.core.errors import UserError, require_known
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import Benchmarks


@click.command("prepare")
@dataset_arguments
@click.option(
    "--adapter",
    help="Make NAME a data set of your own, read as this data set of benchmarks.toml is, as in --adapter folder.",
)
@click.option(
    "--partial/--no-partial",
    default=None,
    help="Leave images out that are missing or not usable, and mark every number as partial.",
)
@click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Set an option of the adapter, as in --set classes=folders. Can be repeated; remembered for NAME.",
)
@click.option(
    "--cache",
    "resolutions",
    type=NumberList("64,256", 8, 2048),
    is_flag=False,
    flag_value="256",
    default=(),
    metavar="[RESOLUTIONS]",
    help="Decode and resize all images once, for models of these resolutions (256 unless given): faster training.",
)
def command(
    name: str,
    root: Path | None,
    place: Place,
    adapter: str | None,
    partial: bool | None,
    assignments: tuple[str, ...],
    resolutions: tuple[int, ...],
) -> None:
    """Read the data set NAME once and keep what was found in the workspace; all other commands then find it.

    NAME is a data set of benchmarks.toml or, with --adapter, a new name for images of your own.
    """
    from t2ibench.data.open import open_dataset, partial_remembered
    from t2ibench.data.own_datasets import read_settings, with_settings, write_settings
    from t2ibench.models.parameters import parse_assignments

    workspace, benchmarks = place.workspace, place.benchmarks
    settings = read_settings(workspace, name)
    like = _like(name, adapter, settings.like, benchmarks)
    changed = {
        "like": like,
        "options": {**settings.options, **parse_assignments(assignments)},
        "partial": partial_remembered(workspace, name, root) if partial is None else partial,
    }
    settings = type(settings).model_validate({**settings.model_dump(by_alias=True), **changed})
    known = with_settings(benchmarks, name, settings) if like or settings.options else benchmarks
    manifest = open_dataset(name, known, workspace, root=root, partial=settings.partial)
    write_settings(workspace, name, settings)
    counts = ", ".join(f"{len(images)} {split}" for split, images in manifest.splits.items())
    click.echo(f"{name}: {counts} images in {manifest.root}")
    for sentence in manifest.found:
        click.echo(sentence)
    if manifest.missing:
        click.echo(f"partial: {len(manifest.missing)} images left out; `t2ibench data check {name}` names them")
    click.echo(f"vocabulary: {len(manifest.vocabulary)} words, {manifest.vocabulary_origin}")
    click.echo(f"digest: {manifest.digest}")
    for resolution in resolutions:
        from t2ibench.data.images import make_cache

        facts = make_cache(manifest, resolution)
        made = f"made in {facts.seconds:.0f} s" if facts.seconds else "there already"
        click.echo(
            f"cache: {facts.images} images for {resolution} pixels (shorter side {facts.base}), "
            f"{facts.bytes / 1e9:.2f} GB in {facts.folder}, {made}"
        )


def _like(name: str, adapter: str | None, remembered: str, benchmarks: Benchmarks) -> str:
    """Return the data set of benchmarks.toml that NAME is read like; "" for one that is there itself.

    Raises:
        UserError: the name cannot be taken, or the adapter has no data set in benchmarks.toml.
    """
    from t2ibench.data.own_datasets import checked_name

    own = remembered != ""
    if name in benchmarks.datasets and not own:
        if adapter not in (None, name, benchmarks.datasets[name].adapter):
            raise UserError(
                f"{name} is a data set of benchmarks.toml, read by the adapter {benchmarks.datasets[name].adapter}: "
                f"choose another name for your own images, or leave --adapter {adapter} out."
            )
        return ""
    if adapter is None or adapter == remembered:
        return remembered
    if own:
        raise UserError(f"{name} is read like {remembered} already: choose another name to read it like {adapter}.")
    checked_name(name)
    require_known("data set of benchmarks.toml (for --adapter)", benchmarks.datasets, adapter)
    return adapter
