"""`t2ibench data fetch`: bring a data set's files, then prepare it."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import ANY_PATH, FOLDER, name_argument, place_options
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place


@click.command("fetch")
@name_argument
@click.option(
    "--data-root",
    "--root",
    "root",
    type=FOLDER,
    help="Folder the files go to.  [default: downloads/<kind of data set> in the workspace]",
)
@click.option(
    "--from",
    "brought",
    type=ANY_PATH,
    help="Folder with archives that you fetched by hand; they are read there and left there.",
)
@click.option("--keep", is_flag=True, help="Keep downloaded archives after unpacking them.")
@place_options()
def command(name: str, root: Path | None, brought: Path | None, keep: bool, place: Place) -> None:
    """Fetch the files of the data set NAME, check and unpack them, and prepare it.

    Asking again goes on where it was stopped, and costs nothing when all is there.
    """
    from t2ibench.data.adapter import DrawnDataset
    from t2ibench.data.fetch.fetch import fetch_files
    from t2ibench.data.open import adapter_of, open_dataset

    if isinstance(adapter_of(name, place.benchmarks), DrawnDataset):
        raise UserError(
            f"{name} is drawn by code, there is nothing to fetch: `t2ibench data prepare {name}` draws it, and "
            f"`t2ibench data make {name} --root FOLDER` draws it into a folder of yours."
        )
    entry = place.benchmarks.datasets[name]
    if not entry.files:
        raise UserError(
            f"benchmarks.toml names no file to fetch for {name}: bring its files and run "
            f"`t2ibench data prepare {name} --root FOLDER`."
        )
    folder = (root or place.workspace.root / "downloads" / entry.adapter).absolute()
    fetched = fetch_files(name, entry.files, folder, place.workspace, brought=brought, keep=keep)
    for archive, done in fetched.done.items():
        click.echo(f"{archive}: {done}")
    if fetched.by_hand:
        todo = "; ".join(
            f"{archive} from {entry.files[archive].url} ({entry.files[archive].note})" for archive in fetched.by_hand
        )
        raise UserError(
            f"{name} is not whole yet: {todo}. Save it, as it is, in a folder and run `t2ibench data fetch {name}"
            f"{f' --root {root}' if root else ''} --from FOLDER`."
        )
    manifest = open_dataset(name, place.benchmarks, place.workspace, root=folder)
    counts = ", ".join(f"{len(images)} {split}" for split, images in manifest.splits.items())
    click.echo(f"{name} is prepared: {counts} images in {manifest.root}")
    click.echo(f"digest: {manifest.digest}")
