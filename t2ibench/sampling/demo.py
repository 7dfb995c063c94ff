"""One sentence, several models, one seed: images side by side, what models show while they draw, the page of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import UserError, unknown_name
from t2ibench.core.noise import Noise
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.types import Caption, Trace
from t2ibench.core.workspace import Workspace
from t2ibench.features.context import installed
from t2ibench.models.find import find_models
from t2ibench.models.folder import ModelFolder, load_model
from t2ibench.sampling.sample import require_known_words, user_captions

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from t2ibench.core.interfaces import TextToImage

EXTRA: Final = "pip install 't2ibench[demo]'"
_MOST: Final = 2**32 - 1


@dataclass(frozen=True)
class Drawn:
    """What one model made of a sentence.

    Attributes:
        label: the model.
        image: the finished image, small ones enlarged.
        inside: a sheet of its stages, attention, gates or canvases; None for a model that shows nothing.
        fault: why there is no image; "" where there is one.
    """

    label: str
    image: Image | None = None
    inside: Image | None = None
    fault: str = ""


def drawing_models(workspace: Workspace, benchmarks: Benchmarks) -> dict[str, ModelFolder]:
    """Return label -> the newest model under it that is trained or came with the package, in the order of their names.

    Models that learned from several data sets stand under "name (data set)".
    """
    found: dict[str, ModelFolder] = {}
    for name, entry in benchmarks.models.items():
        for label in (name, *(f"{name}:{variant}" for variant in entry.variants)):
            newest: dict[str, ModelFolder] = {}
            for model in find_models(workspace, label, benchmarks=benchmarks):
                newest.setdefault(model.dataset, model)
            for dataset, model in newest.items():
                found[label if len(newest) == 1 else f"{label} ({dataset})"] = model
    return found


class Painter:
    """Draws sentences with models that it loads once.

    Args:
        models: label -> model folder.
        device: where to compute.
    """

    def __init__(self, models: Mapping[str, ModelFolder], device: torch.device) -> None:
        self.models = dict(models)
        self._device = device
        self._loaded: dict[str, TextToImage] = {}

    def images_for(self, caption: str, models: Sequence[str], seed: int) -> list[Drawn]:
        """Return what each model makes of a caption, in the order asked; the same as `t2ibench sample` with that seed.

        A model that cannot draw the sentence says why in its place.

        Raises:
            UserError: the caption is empty, no model is named, or one is unknown.
        """
        if not models:
            raise UserError("Choose one model or more.")
        for label in models:
            if label not in self.models:
                raise unknown_name("model", label, self.models)
        (asked,) = user_captions((caption,))
        drawn = []
        for label in models:
            try:
                drawn.append(self._draw(label, asked, seed))
            except UserError as error:
                drawn.append(Drawn(label, fault=str(error)))
        return drawn

    def _draw(self, label: str, caption: Caption, seed: int) -> Drawn:
        from t2ibench.sampling.inner_life import views_of
        from t2ibench.sampling.montage import Section, Tile, image_tile, sheet

        if label not in self._loaded:
            self._loaded[label] = load_model(self.models[label], self._device).model
        model = self._loaded[label]
        if not model.capabilities.any_text:
            raise UserError(f"{label} draws captions of its data set only: it was trained with codes from files.")
        require_known_words(model, (caption,))
        trace = Trace()
        images = model.generate([caption], Noise(seed).bind([(caption.id, 0)], self._device), trace=trace)
        images = images.detach().float().cpu()
        views, shown = views_of(images, trace, 0)
        sections = []
        for view in views:
            labels = view.get("labels", ())
            tiles = tuple(Tile(image, text) for image, text in zip(shown[: len(labels)], labels, strict=True))
            shown = shown[len(labels) :]
            bars = ", ".join(f"{word} {share:.0%}" for word, share in view.get("bars", ()))
            sections.append(Section(f"{view['title']}{f': {bars}' if bars else ''}", tiles))
        return Drawn(label, image_tile(images[0]).image, sheet(sections) if sections else None)


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
