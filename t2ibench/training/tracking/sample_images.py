"""Images a run draws of itself now and then, always of the same captions with the same noise."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from PIL import Image
from torch import Tensor
from torchvision.utils import make_grid

from t2ibench.core.files import write_bytes, write_text
from t2ibench.core.interfaces import TextToImage
from t2ibench.core.noise import Noise
from t2ibench.core.types import Caption
from t2ibench.training.engine.engine import Engine

COUNT: Final = 16
_COLUMNS: Final = 4
_GAP: Final = 2


class SampleImages:
    """The samples/ folder of a run.

    Args:
        model: draws the images.
        captions: of them, at most COUNT.
        seed: of the noise.
        folder: samples/.
    """

    def __init__(self, model: TextToImage, captions: Sequence[Caption], seed: int, folder: Path) -> None:
        self._model = model
        self._captions = tuple(captions)
        self._noise = Noise(seed)
        self._folder = folder

    def draw(self, engine: Engine, step: int) -> Path:
        """Return the grid just drawn with the averaged weights after `step` steps; captions.txt says what it shows."""
        with engine.ema_weights():
            noise = self._noise.bind([(caption.id, 0) for caption in self._captions], engine.device)
            images = self._model.generate(self._captions, noise)
        sheet = make_grid(to_pixels(images), nrow=_COLUMNS, padding=_GAP, pad_value=255)
        path = self._folder / f"step-{step:06d}.png"
        write_bytes(path, png_of(to_image(sheet)))
        lines = [f"{index + 1:2} {caption.text}" for index, caption in enumerate(self._captions)]
        head = f"Captions of the images, {_COLUMNS} a row, left to right, top to bottom:\n"
        write_text(self._folder / "captions.txt", head + "\n".join(lines) + "\n")
        return path


def captions_for_samples(captions: Sequence[Caption]) -> list[Caption]:
    """Return at most COUNT captions of different images, spread evenly over the given ones."""
    first = [caption for caption in captions if caption.index == 0] or list(captions)
    if len(first) <= COUNT:
        return first
    return [first[index * len(first) // COUNT] for index in range(COUNT)]


def to_pixels(images: Tensor) -> Tensor:
    """Return uint8 images N x 3 x H x W on the CPU of float ones in [-1, 1], rounded to nearest."""
    return ((images.float() + 1) * 127.5).round().clamp(0, 255).byte().cpu()


def to_image(pixels: Tensor) -> Image.Image:
    """Return a PIL image of uint8 pixels 3 x H x W."""
    return Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())


def png_of(image: Image.Image) -> bytes:
    """Return an image as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
