"""From an appearance to a picture: polygons at three times the size, reduced, shaded softly and laid over the place."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from t2ibench.data.simbirds.anatomy import bird_layers
from t2ibench.data.simbirds.appearance import Appearance
from t2ibench.data.simbirds.attributes import PARTS, RGB, Part
from t2ibench.data.simbirds.background import branch_layers, cast_shadow, draw_background
from t2ibench.data.simbirds.curves import Point, Points
from t2ibench.data.simbirds.layers import Ink, Layer, Paint
from t2ibench.errors import UserError

Rgb = tuple[int, int, int]
Pixels = NDArray[np.float32]
SMALLEST, LARGEST = 32, 256
_OVERSAMPLING = 3
_INKS: dict[Ink, Rgb] = {
    "eye": (18, 15, 18),
    "glint": (255, 255, 255),
    "iris": (214, 160, 72),
    "bark": (112, 96, 84),
    "leaf": (112, 134, 90),
}


@dataclass(frozen=True)
class Drawing:
    """A finished picture and what is known about it.

    Attributes:
        image: RGB.
        mask: "L", the bird's coverage of every pixel (0..255), without the branch.
        box: (x, y, width, height) in pixels: the smallest box around all pixels that the bird touches.
        centres: (x, y) in pixels of the middle of every part that can be seen.
        areas: pixels that can be seen of every part.
        rgb: the colour of every part in this picture, before shading.
    """

    image: Image.Image
    mask: Image.Image
    box: tuple[int, int, int, int]
    centres: dict[Part, tuple[float, float]]
    areas: dict[Part, float]
    rgb: dict[Part, Rgb]


def draw_bird(appearance: Appearance, size: int) -> Drawing:
    """Return the drawing of an appearance; it depends on nothing else.

    Args:
        appearance: what to draw.
        size: shorter side in pixels, 32..256.

    Raises:
        UserError: the size is out of range.
    """
    if not SMALLEST <= size <= LARGEST:
        raise UserError(f"A simbird can be drawn at {SMALLEST} to {LARGEST} pixels, not at {size}; choose such a size.")
    width, height = round(size * appearance.aspect), size
    layers, foot = bird_layers(appearance)
    view = _View.around(layers, appearance, width, height)
    colours = _colours(appearance.seed)
    place = draw_background(appearance.background, width, height)
    pose = appearance.pose
    if pose.perch == "ground":
        cast_shadow(place, view.pixel(foot), view.scale * 0.95)
    picture = np.asarray(place).astype(np.float32)
    if pose.perch == "branch":
        branch = branch_layers(appearance.seed, 1.1 * width / view.scale, foot)
        view.rasterise(branch, (0, 0, width, height), colours).lay_over(picture)
    frame = view.frame(layers, width, height)
    bird = view.rasterise(layers, frame, colours)
    coverage = Image.fromarray(bird.coverage[:, :, 0].astype(np.uint8))
    bird.colours[:] *= _light(coverage, view.scale)
    bird.lay_over(picture[frame[1] : frame[3], frame[0] : frame[2]])
    image = Image.fromarray(np.clip(picture + 0.5, 0, 255).astype(np.uint8))
    mask = Image.new("L", (width, height), 0)
    mask.paste(coverage, frame[:2])
    left, top, right, bottom = mask.getbbox() or (0, 0, width, height)
    centres, areas = bird.parts(frame)
    rgb = {part: colours[appearance.attributes.colour(part)] for part in PARTS}
    return Drawing(image, mask, (left, top, right - left, bottom - top), centres, areas, rgb)


@dataclass(frozen=True)
class _Raster:
    """A group of layers in pixels.

    Attributes:
        colours: float32, height x width x 3, 0..255, multiplied by the coverage.
        coverage: float32, height x width x 1, 0..255.
        labels: place in `paints` plus 1 (0 is nothing), three times as large.
        paints: what the labels stand for.
    """

    colours: Pixels
    coverage: Pixels
    labels: NDArray[np.uint8]
    paints: list[Paint]

    def lay_over(self, picture: Pixels) -> None:
        """Paint it over a picture of the same height and width, in place."""
        picture *= 1 - self.coverage / 255
        picture += self.colours

    def parts(self, frame: tuple[int, int, int, int]) -> tuple[dict[Part, Point], dict[Part, float]]:
        """Return middle (pixels of the whole picture) and area (pixels) of every part that can be seen."""
        # Every third label is enough: a label map pixel is a ninth of a pixel.
        labels = self.labels[1::_OVERSAMPLING, 1::_OVERSAMPLING]
        rows, columns = np.nonzero(labels)
        regions = [paint.region for paint in self.paints]
        number = np.array([0, *(PARTS.index(r) + 1 if r in PARTS else 0 for r in regions)])
        found = number[labels[rows, columns]]
        counts = np.bincount(found, minlength=len(PARTS) + 1)
        x = np.bincount(found, weights=columns + 0.5, minlength=len(PARTS) + 1)
        y = np.bincount(found, weights=rows + 0.5, minlength=len(PARTS) + 1)
        seen = [(place, part) for place, part in enumerate(PARTS, start=1) if counts[place]]
        centres = {
            part: (round(frame[0] + x[k] / counts[k], 1), round(frame[1] + y[k] / counts[k], 1)) for k, part in seen
        }
        return centres, {part: float(counts[k]) for k, part in seen}


@dataclass(frozen=True)
class _View:
    """Where the bird's frame lies in the picture: pixel = (x * sign, -y) * scale + offset."""

    scale: float
    sign: int
    offset: tuple[float, float]

    @classmethod
    def around(cls, layers: list[Layer], appearance: Appearance, width: int, height: int) -> _View:
        """Return the view in which the bird has the size and place its pose asks for."""
        low, high = _bounds(layers)
        sign = 1 if appearance.pose.facing == "right" else -1
        scale = appearance.pose.scale * min(width, height) / float(max(high - low))
        middle = (low + high) / 2
        x = appearance.pose.centre[0] * width - sign * middle[0] * scale
        y = appearance.pose.centre[1] * height + middle[1] * scale
        return cls(scale, sign, (float(x), float(y)))

    def pixel(self, point: Point) -> Point:
        """Return a point of the bird's frame in pixels."""
        return (point[0] * self.sign * self.scale + self.offset[0], -point[1] * self.scale + self.offset[1])

    def frame(self, layers: list[Layer], width: int, height: int) -> tuple[int, int, int, int]:
        """Return (left, top, right, bottom) in whole pixels around the layers, inside the picture."""
        low, high = _bounds(layers)
        corners = [self.pixel((float(low[0]), float(low[1]))), self.pixel((float(high[0]), float(high[1])))]
        xs, ys = sorted(corner[0] for corner in corners), sorted(corner[1] for corner in corners)
        return max(0, int(xs[0]) - 2), max(0, int(ys[0]) - 2), min(width, int(xs[1]) + 3), min(height, int(ys[1]) + 3)

    def rasterise(self, layers: list[Layer], frame: tuple[int, int, int, int], colours: dict[str, Rgb]) -> _Raster:
        """Return the layers drawn inside `frame`."""
        extent = ((frame[2] - frame[0]) * _OVERSAMPLING, (frame[3] - frame[1]) * _OVERSAMPLING)
        factor = self.scale * _OVERSAMPLING
        matrix = np.array([self.sign * factor, -factor])
        shift = (np.array(self.offset) - np.array(frame[:2])) * _OVERSAMPLING
        paints: list[Paint] = []
        canvas = Image.new("L", extent, 0)

        def fill(draw: ImageDraw.ImageDraw, outline: Points, label: int) -> None:
            draw.polygon((outline * matrix + shift).ravel().tolist(), fill=label)

        for layer in layers:
            coat = canvas if layer.outlines is None else Image.new("L", extent, 0)
            draw = ImageDraw.Draw(coat)
            for patch in layer.patches:
                if patch.paint not in paints:
                    paints.append(patch.paint)
                fill(draw, patch.outline, paints.index(patch.paint) + 1)
            if layer.outlines is not None:
                mask = Image.new("1", extent, 0)
                draw = ImageDraw.Draw(mask)
                for outline in layer.outlines:
                    fill(draw, outline, 1)
                canvas.paste(coat, (0, 0), mask)
        table = np.zeros((256, 4), np.uint8)
        for label, paint in enumerate(paints, start=1):
            table[label] = (*_toned(colours[paint.colour], paint.shade), 255)
        labels = np.asarray(canvas)
        # Where there is no label all four are 0, so averaging gives colours already multiplied by their coverage. The
        # mode is RGBX, not RGBA, to keep Pillow from multiplying them again.
        pixels = table.view(np.uint32)[:, 0].take(labels)
        large = Image.frombuffer("RGBX", extent, pixels.tobytes(), "raw", "RGBX", 0, 1)
        reduced = np.asarray(large.reduce(_OVERSAMPLING)).astype(np.float32)
        return _Raster(reduced[:, :, :3], reduced[:, :, 3:], labels, paints)


def _bounds(layers: Iterable[Layer]) -> tuple[Points, Points]:
    points = np.concatenate([outline for layer in layers for outline in layer.extent])
    return points.min(axis=0), points.max(axis=0)


def _colours(seed: int) -> dict[str, Rgb]:
    """Return the colour of every name and ink in one picture: a little off the usual one, equal names alike."""
    generator = random.Random(seed ^ 0xC0102)
    shifted: dict[str, Rgb] = {}
    for name, rgb in (*RGB.items(), *_INKS.items()):
        bright = generator.uniform(-7, 7)
        red, green, blue = (round(min(255, max(0, value + bright + generator.uniform(-6, 6)))) for value in rgb)
        shifted[name] = (red, green, blue) if name not in ("eye", "glint") else rgb
    return shifted


def _toned(rgb: Rgb, shade: float) -> Rgb:
    if not shade:
        return rgb
    luminance = 0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2]
    if luminance < 60:
        # Black can only be told from black by making it lighter.
        shade = abs(shade)
        red, green, blue = (min(255, round(value + 30 * shade)) for value in rgb)
    elif shade < 0:
        depth = 0.16 if luminance > 225 else 0.28
        red, green, blue = (max(0, round(value * (1 + depth * shade))) for value in rgb)
    else:
        red, green, blue = (round(value + (255 - value) * 0.22 * shade) for value in rgb)
    return (red, green, blue)


def _light(coverage: Image.Image, scale: float) -> Pixels:
    """Return factors, height x width x 1, of light from above: brighter on the upper side, darker below."""
    soft = np.asarray(coverage.filter(ImageFilter.GaussianBlur(scale * 0.22)), np.float32) / 255
    step = np.gradient(soft, axis=0) * scale
    slope = np.linspace(1.05, 0.93, soft.shape[0], dtype=np.float32)[:, None]
    light: Pixels = np.clip(slope + 0.18 * step, 0.74, 1.14)[:, :, None].astype(np.float32)
    return light
