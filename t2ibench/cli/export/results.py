"""`t2ibench export results`: in the formats in which others exchange results."""

from __future__ import annotations

from pathlib import Path

import click

from t2ibench.cli.options import FOLDER, workspace_option
from t2ibench.core.errors import UserError
from t2ibench.core.workspace import Workspace


@click.command("results")
@click.option(
    "--format",
    "form",
    type=click.Choice(("hugging-face", "every-eval-ever")),
    required=True,
    help="YAML for .eval_results of a repository on the Hub, or Every Eval Ever's JSON.",
)
@click.option("--by", required=True, metavar="NAME", help="Who measured; on the Hub the owner of the data sets.")
@click.option("--data", default="", metavar="NAME", help="Only results on this data set.")
@click.option("--protocol", default="", metavar="NAME", help="Only results under this protocol.")
@click.option("-o", "--output", type=FOLDER, required=True, help="Folder.")
@workspace_option
def command(form: str, by: str, data: str, protocol: str, output: Path, workspace: Workspace) -> None:
    """Write the results of models and images, a folder a row: value, interval, n, method and identity.

    Failures and controls have no place in these formats and stay behind. Prints the files.
    """
    from t2ibench.cli.reports.report import only
    from t2ibench.core.files import write_text
    from t2ibench.core.records import Results
    from t2ibench.studies.exchange.formats import every_eval_ever, hugging_face

    latest, _ = Results(workspace.results).latest()
    records = only(only(list(latest.values()), "dataset", data), "protocol", protocol)
    files = {"hugging-face": hugging_face, "every-eval-ever": every_eval_ever}[form](records, by)
    if not files:
        raise UserError("There is no result of a model or of images to export: `t2ibench eval` measures some.")
    for name, text in files.items():
        write_text(output / name, text)
        click.echo(output / name)
