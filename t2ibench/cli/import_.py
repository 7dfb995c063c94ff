"""`t2ibench import`: files of the official code become models of the workspace, records of others its results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from t2ibench.cli.options import ANY_PATH, place_options
from t2ibench.core.place import Place
from t2ibench.core.workspace import Workspace


@click.command("import")
@click.argument("model", metavar="MODEL[:VARIANT]")
@click.argument("files", nargs=-1, required=True, type=ANY_PATH, metavar="FILE...")
@click.option(
    "--captions", type=ANY_PATH, help="captions.pickle, the words of the text encoder.  [default: looked for]"
)
@click.option("--text-encoder", type=ANY_PATH, help="The text encoder.  [default: looked for beside FILE]")
@click.option("--image-encoder", type=ANY_PATH, help="The image encoder.  [default: beside the text encoder]")
@click.option("--data", "dataset", help="Data set it belongs to.  [default: as the shapes tell]")
@click.option("--name", help="Name in the workspace.  [default: MODEL]")
@click.option("--variant", default="", help="Variant of benchmarks.toml.  [default: as the shapes tell]")
@click.option("--licence", metavar="TEXT", help="Licence of the weights.  [default: the model's own]")
@click.option("--dry-run", is_flag=True, help="Check the files, say what they are and write nothing.")
@place_options()
def command(model: str, files: tuple[Path, ...], dry_run: bool, place: Place, **asked: Any) -> None:
    """Import official weights of MODEL (a model, or an encoder such as damsm) from .pth FILEs.

    The files may come in any order: what each is, is told by its content. They are read as tensors and nothing else,
    converted once, and kept as a model folder that `sample` and `eval` find by name. Prints what was recognised and,
    last, the model's folder.

    `t2ibench import results OTHER...` takes over the records of other workspaces (or results folders) after checking
    each against its digest; they are marked wherever they are shown, and what was measured here stays.
    """
    if model == "results":
        _import_results(files, place.workspace)
        return
    from t2ibench.models.importing.import_official import ImportRequest, import_official

    imported = import_official(ImportRequest(model, files, **asked), place.benchmarks, place.workspace, dry_run=dry_run)
    for fact in imported.facts:
        click.echo(fact)
    for warning in imported.warnings:
        click.echo(f"WARNING: {warning}", err=True)
    for label, path, there in imported.folders:
        state = "is there already" if there else "would be written" if dry_run else "was imported"
        click.echo(f"{label} {state} (official-weights):")
        click.echo(path)


def _import_results(others: tuple[Path, ...], workspace: Workspace) -> None:
    from t2ibench.core.records import Results
    from t2ibench.studies.exchange.foreign import import_records

    for other in others:
        taken, said = import_records(other, Results(workspace.results))
        for sentence in said:
            click.echo(f"WARNING: {sentence}", err=True)
        click.echo(f"{taken} records of {other} were imported.")
