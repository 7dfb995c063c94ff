"""From layers to pixels: where the bird's frame lies in the image, and polygons drawn three times as large."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from t2ibench_simulations.simbirds.appearance import Appearance
from t2ibench_simulations.simbirds.attributes import PARTS, Part
from t2ibench_simulations.simbirds.painting.curves import Point, Points
from t2ibench_simulations.simbirds.painting.layers import Layer, Paint

Rgb = tuple[int, int, int]
Pixels = NDArray[np.float32]
_OVERSAMPLING = 3


@dataclass(frozen=True)
class Raster:
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

    def lay_over(self, image: Pixels) -> None:
        """Paint it over an image of the same height and width, in place."""
        image *= 1 - self.coverage / 255
        image += self.colours

    def numbers(self) -> NDArray[np.uint8]:
        """Return, height x width, the place in PARTS of what is seen there plus 1; 0 for what is no part."""
        # Every third label is enough: a label map pixel is a ninth of a pixel.
        labels = self.labels[1::_OVERSAMPLING, 1::_OVERSAMPLING]
        regions = [paint.region for paint in self.paints]
        number = np.array([0, *(PARTS.index(r) + 1 if r in PARTS else 0 for r in regions)], dtype=np.uint8)
        found: NDArray[np.uint8] = number[labels]
        return found

    def parts(self, frame: tuple[int, int, int, int]) -> tuple[dict[Part, Point], dict[Part, float]]:
        """Return middle (pixels of the whole image) and area (pixels) of every part that can be seen."""
        numbers = self.numbers()
        rows, columns = np.nonzero(numbers)
        found = numbers[rows, columns]
        counts = np.bincount(found, minlength=len(PARTS) + 1)
        x = np.bincount(found, weights=columns + 0.5, minlength=len(PARTS) + 1)
        y = np.bincount(found, weights=rows + 0.5, minlength=len(PARTS) + 1)
        seen = [(place, part) for place, part in enumerate(PARTS, start=1) if counts[place]]
        centres = {
            part: (round(frame[0] + x[k] / counts[k], 1), round(frame[1] + y[k] / counts[k], 1)) for k, part in seen
        }
        return centres, {part: float(counts[k]) for k, part in seen}


@dataclass(frozen=True)
class View:
    """Where the bird's frame lies in the image: pixel = (x * sign, -y) * scale + offset."""

    scale: float
    sign: int
    offset: tuple[float, float]

    @classmethod
    def around(cls, layers: list[Layer], appearance: Appearance, width: int, height: int) -> View:
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
        """Return (left, top, right, bottom) in whole pixels around the layers, inside the image."""
        low, high = _bounds(layers)
        corners = [self.pixel((float(low[0]), float(low[1]))), self.pixel((float(high[0]), float(high[1])))]
        xs, ys = sorted(corner[0] for corner in corners), sorted(corner[1] for corner in corners)
        return max(0, int(xs[0]) - 2), max(0, int(ys[0]) - 2), min(width, int(xs[1]) + 3), min(height, int(ys[1]) + 3)

    def rasterise(self, layers: list[Layer], frame: tuple[int, int, int, int], colours: dict[str, Rgb]) -> Raster:
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
        return Raster(reduced[:, :, :3], reduced[:, :, 3:], labels, paints)


def _bounds(layers: Iterable[Layer]) -> tuple[Points, Points]:
    points = np.concatenate([outline for layer in layers for outline in layer.extent])
    return points.min(axis=0), points.max(axis=0)


def _toned(rgb: Rgb, shade: float) -> Rgb:
    if not shade:
        return rgb
    luminance = 0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2]
    if luminance < 60:
        # Black can only be told from black by making it lighter.
        shade = abs(shade)
        red, green, blue = (min(255, round(value + 30 * shade)) for value in rgb)
    elif shade < 0:
        depth = 0.16 if luminance > 190 else 0.28
        red, green, blue = (max(0, round(value * (1 + depth * shade))) for value in rgb)
    else:
        red, green, blue = (round(value + (255 - value) * 0.22 * shade) for value in rgb)
    return (red, green, blue)
