"""The page of `t2ibench demo`: a sentence, models and a seed on top, images and the models' inner life below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.features.context import installed
from t2ibench.sampling.demo import Drawn, Painter

EXTRA = "pip install 't2ibench[demo]'"
_MOST = 2**32 - 1


def require_gradio() -> Any:
    """Return the module gradio.

    Raises:
        UserError: it is not installed.
    """
    return installed(
        "gradio",
        f"`t2ibench demo` needs gradio, which is not installed: {EXTRA} adds it. `t2ibench sample` draws sentences "
        "without it.",
    )


def page_of(painter: Painter, chosen: Sequence[str], caption: str) -> Any:
    """Return the page as gradio Blocks, which nothing has started yet.

    Args:
        painter: draws.
        chosen: labels of the models that are ticked at first.
        caption: the sentence at first.
    """
    gradio = require_gradio()

    def draw(sentence: str, models: list[str], seed: float) -> tuple[list[Any], list[Any], str]:
        try:
            drawn = painter.images_for(sentence, models, int(seed or 0))
        except UserError as error:
            raise gradio.Error(str(error)) from error
        return (*shown(drawn), faults_of(drawn))

    with gradio.Blocks(title="t2ibench demo", analytics_enabled=False) as page:
        gradio.Markdown("# t2ibench: one sentence, several models\nAll get the same sentence and the same noise.")
        with gradio.Row():
            sentence = gradio.Textbox(caption, label="Caption", scale=3)
            seed = gradio.Number(0, label="Seed", precision=0, minimum=0, maximum=_MOST, scale=1)
        models = gradio.CheckboxGroup(list(painter.models), value=list(chosen), label="Models")
        button = gradio.Button("Draw", variant="primary")
        notes = gradio.Markdown()
        images = gradio.Gallery(label="Images", columns=4, height="auto", object_fit="contain", format="png")
        inside = gradio.Gallery(
            label="Stages, attention, gates", columns=1, height="auto", object_fit="contain", format="png"
        )
        asked, answers = [sentence, models, seed], [images, inside, notes]
        button.click(draw, asked, answers, api_name="draw")
        sentence.submit(draw, asked, answers, api_name=False)
    return page


def shown(drawn: Sequence[Drawn]) -> tuple[list[Any], list[Any]]:
    """Return (images, sheets of inner life), each as (image, label) pairs."""
    images = [(one.image, one.label) for one in drawn if one.image is not None]
    return images, [(one.inside, one.label) for one in drawn if one.inside is not None]


def faults_of(drawn: Sequence[Drawn]) -> str:
    """Return a line a model that could not draw the sentence; "" where all could."""
    return "\n".join(f"- {one.label}: {one.fault}" for one in drawn if one.fault)
