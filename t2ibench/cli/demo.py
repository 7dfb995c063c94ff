"""`t2ibench demo`: type a sentence, choose models and a seed, see what they draw."""

from __future__ import annotations

import click

from t2ibench.cli.options import list_option, place_options
from t2ibench.core.errors import UserError, require_known
from t2ibench.core.place import Place

_CAPTION = "a small blue bird with a white belly and a short yellow bill"


@click.command("demo")
@list_option("--models", metavar="A,B", help="Models that are ticked at first.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=7860, show_default=True, help="Port to listen on; 0: any free one."
)
@click.option("--open/--no-open", "opened", default=False, help="Show the page in a browser.")
@place_options("device")
def command(models: tuple[str, ...], port: int, opened: bool, place: Place) -> None:
    """Draw sentences with several models side by side, on a page of this machine, until Ctrl-C.

    All trained models of the workspace and those that come with the package can be chosen; each shows its stages, its
    attention and its gates too. Needs the extra: pip install 't2ibench[demo]'.
    """
    from t2ibench.core.machine.device import choose_device
    from t2ibench.sampling.demo import Painter, drawing_models, page_of, require_gradio

    gradio = require_gradio()
    found = drawing_models(place.workspace, place.benchmarks)
    if not found:
        raise UserError("There is no trained model to draw with. `t2ibench train attngan --data simbirds` makes one.")
    require_known("model", found, *models)
    page = page_of(Painter(found, choose_device(place.device)), models or tuple(found)[:2], _CAPTION)
    click.echo("The demo starts; Ctrl-C ends it.")
    try:
        page.launch(
            server_name="127.0.0.1",
            server_port=port or None,
            share=False,
            inbrowser=opened,
            theme=gradio.themes.Default(font=["system-ui", "sans-serif"], font_mono=["monospace"]),
        )
    except OSError as error:
        raise UserError(f"Port {port} of 127.0.0.1 cannot be had: {error}. Choose another with --port.") from error
