"""`t2ibench import`: files of the official code become models of the workspace, records of others its results."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from t2ibench.cli.options import config_option, workspace_option
from t2ibench.core.spec.benchmarks import LoadedBenchmarks
from t2ibench.core.workspace import Workspace

_FILE = click.Path(path_type=Path)


@click.command("import")
@click.argument("model", metavar="MODEL[:VARIANT]")
@click.argument("files", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@click.option("--captions", type=_FILE, help="captions.pickle, the words of the text encoder.  [default: looked for]")
@click.option("--text-encoder", type=_FILE, help="The text encoder.  [default: looked for beside FILE]")
@click.option("--image-encoder", type=_FILE, help="The image encoder.  [default: beside the text encoder]")
@click.option("--data", "dataset", default=None, help="Data set it belongs to.  [default: as the shapes tell]")
@click.option("--name", default=None, help="Name in the workspace.  [default: MODEL]")
@click.option("--variant", default="", help="Variant of benchmarks.toml.  [default: as the shapes tell]")
@click.option("--licence", default=None, metavar="TEXT", help="Licence of the weights.  [default: the model's own]")
@click.option("--dry-run", is_flag=True, help="Check the files, say what they are and write nothing.")
@config_option
@workspace_option
def command(
    model: str,
    files: tuple[Path, ...],
    dry_run: bool,
    benchmarks: LoadedBenchmarks,
    workspace: Workspace,
    **asked: Any,
) -> None:
    """Import official weights of MODEL (a model, or an encoder such as damsm) from .pth FILEs.

    The files may come in any order: what each is, is told by its content. They are read as tensors and nothing else,
    converted once, and kept as a model folder that `sample` and `eval` find by name. Prints what was recognised and,
    last, the model's folder.

    `t2ibench import results OTHER...` takes over the records of other workspaces (or results folders) after checking
    each against its digest; they are marked wherever they are shown, and what was measured here stays.
    """
    if model == "results":
        _import_results(files, workspace)
        return
    from t2ibench.models.importing.import_official import ImportRequest, import_official

    imported = import_official(ImportRequest(model, files, **asked), benchmarks.content, workspace, dry_run=dry_run)
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
