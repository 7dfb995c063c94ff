"""From an appearance to an image: the place, the bird lit from above and laid over it, and what is known of both."""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

from t2ibench_simulations.drawn_folder import check_size
from t2ibench_simulations.simbirds.appearance import Appearance
from t2ibench_simulations.simbirds.attributes import PARTS, RGB, Part
from t2ibench_simulations.simbirds.painting.anatomy import bird_layers
from t2ibench_simulations.simbirds.painting.background import branch_layers, cast_shadow, draw_background
from t2ibench_simulations.simbirds.painting.curves import Point
from t2ibench_simulations.simbirds.painting.layers import Ink, Layer
from t2ibench_simulations.simbirds.painting.raster import Pixels, Rgb, View

_INKS: dict[Ink, Rgb] = {
    "eye": (18, 15, 18),
    "glint": (255, 255, 255),
    "iris": (214, 160, 72),
    "bark": (112, 96, 84),
    "leaf": (112, 134, 90),
}


@dataclass(frozen=True)
class Drawing:
    """A finished image and what is known about it.

    Attributes:
        image: RGB.
        mask: "L", the bird's coverage of every pixel (0..255), without the branch.
        box: (x, y, width, height) in pixels: the smallest box around all pixels that the bird touches.
        centres: (x, y) in pixels of the middle of every part that can be seen.
        areas: pixels that can be seen of every part.
        rgb: the colour of every part in this image, before shading.
        parts: "L", the place in PARTS of the part that is seen at each pixel plus 1; 0 elsewhere, as at the eye.
    """

    image: Image.Image
    mask: Image.Image
    box: tuple[int, int, int, int]
    centres: dict[Part, tuple[float, float]]
    areas: dict[Part, float]
    rgb: dict[Part, Rgb]
    parts: Image.Image


def draw_bird(appearance: Appearance, size: int) -> Drawing:
    """Return the drawing of an appearance; it depends on nothing else.

    Args:
        appearance: what to draw.
        size: shorter side in pixels, 32..256.

    Raises:
        UserError: the size is out of range.
    """
    scene = _Scene.of(appearance, size)
    image, view = scene.place(), scene.view
    frame = view.frame(scene.layers, scene.width, scene.height)
    bird = view.rasterise(scene.layers, frame, scene.colours)
    coverage = Image.fromarray(bird.coverage[:, :, 0].astype(np.uint8))
    bird.colours[:] *= _light(coverage, view.scale)
    bird.lay_over(image[frame[1] : frame[3], frame[0] : frame[2]])
    mask = Image.new("L", (scene.width, scene.height), 0)
    mask.paste(coverage, frame[:2])
    left, top, right, bottom = mask.getbbox() or (0, 0, scene.width, scene.height)
    centres, areas = bird.parts(frame)
    rgb = {part: scene.colours[appearance.attributes.colour(part)] for part in PARTS}
    parts = Image.new("L", (scene.width, scene.height), 0)
    parts.paste(Image.fromarray(bird.numbers()), frame[:2])
    return Drawing(_to_image(image), mask, (left, top, right - left, bottom - top), centres, areas, rgb, parts)


def draw_place(appearance: Appearance, size: int) -> Image.Image:
    """Return the same image without its bird: the background, the branch, the shadow on the ground.

    Raises:
        UserError: the size is out of range.
    """
    return _to_image(_Scene.of(appearance, size).place())


@dataclass(frozen=True)
class _Scene:
    """An appearance brought to a number of pixels."""

    appearance: Appearance
    width: int
    height: int
    layers: list[Layer]
    foot: Point
    view: View
    colours: dict[str, Rgb]

    @classmethod
    def of(cls, appearance: Appearance, size: int) -> _Scene:
        check_size("simbirds", size)
        width = round(size * appearance.aspect)
        layers, foot = bird_layers(appearance)
        view = View.around(layers, appearance, width, size)
        return cls(appearance, width, size, layers, foot, view, _colours(appearance.seed))

    def place(self) -> Pixels:
        """Return what is behind the bird, height x width x 3, 0..255."""
        appearance, view = self.appearance, self.view
        background = draw_background(appearance.background, self.width, self.height)
        if appearance.pose.perch == "ground":
            cast_shadow(background, view.pixel(self.foot), view.scale * 0.95)
        image = np.asarray(background).astype(np.float32)
        if appearance.pose.perch == "branch":
            branch = branch_layers(appearance.seed, 1.1 * self.width / view.scale, self.foot)
            view.rasterise(branch, (0, 0, self.width, self.height), self.colours).lay_over(image)
        return image


def _colours(seed: int) -> dict[str, Rgb]:
    """Return the colour of every name and ink in one image: a little off the usual one, equal names alike."""
    generator = random.Random(seed ^ 0xC0102)
    shifted: dict[str, Rgb] = {}
    for name, rgb in (*RGB.items(), *_INKS.items()):
        bright = generator.uniform(-7, 7)
        red, green, blue = (round(min(255, max(0, value + bright + generator.uniform(-6, 6)))) for value in rgb)
        shifted[name] = (red, green, blue) if name not in ("eye", "glint") else rgb
    return shifted


def _light(coverage: Image.Image, scale: float) -> Pixels:
    """Return factors, height x width x 1, of light from above: brighter on the upper side, darker below."""
    soft = np.asarray(coverage.filter(ImageFilter.GaussianBlur(scale * 0.22)), np.float32) / 255
    step = np.gradient(soft, axis=0) * scale
    slope = np.linspace(1.05, 0.97, soft.shape[0], dtype=np.float32)[:, None]
    light: Pixels = np.clip(slope + 0.16 * step, 0.82, 1.12)[:, :, None].astype(np.float32)
    return light


def _to_image(image: Pixels) -> Image.Image:
    return Image.fromarray(np.clip(image + 0.5, 0, 255).astype(np.uint8))
