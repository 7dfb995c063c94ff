"""Places: soft colours and large shapes, so that the objects stand out."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from t2ibench_simulations.simbirds.painting.curves import ellipse, spline
from t2ibench_simulations.simscenes.scene import HORIZONS
from t2ibench_simulations.simscenes.vocabulary import Place, Rgb

_SKIES: Final[tuple[tuple[Rgb, Rgb], ...]] = (
    ((164, 198, 228), (218, 232, 240)),
    ((186, 206, 226), (236, 230, 220)),
    ((196, 206, 214), (226, 230, 232)),
)
_WALLS: Final[tuple[Rgb, ...]] = ((226, 214, 196), (208, 220, 214), (214, 212, 226), (230, 216, 214), (222, 224, 206))


def draw_place(place: Place, resolution: int, generator: random.Random) -> Image.Image:
    """Return an empty place, RGB, `resolution` x `resolution` pixels."""
    horizon = HORIZONS[place] + generator.uniform(-0.03, 0.03)
    top, low = generator.choice(_SKIES)
    upper, ground = {
        "meadow": ((top, low), ((176, 200, 134), (146, 178, 104))),
        "beach": ((top, low), ((236, 220, 182), (222, 200, 156))),
        "snow": ((top, low), ((232, 238, 244), (214, 222, 234))),
        "street": ((top, low), ((176, 176, 178), (150, 150, 154))),
        "room": ((wall := generator.choice(_WALLS), _scaled(wall, 0.95)), ((206, 176, 140), (186, 152, 114))),
    }[place]
    image = _gradients(resolution, horizon, upper, ground)
    _DETAILS[place](_Brush(image), horizon, generator)
    return image


class _Brush:
    """Draws in sides of the image, y down."""

    def __init__(self, image: Image.Image) -> None:
        self._draw, self._resolution = ImageDraw.Draw(image), image.width

    def polygon(self, points: object, fill: Rgb) -> None:
        self._draw.polygon((np.asarray(points) * self._resolution).ravel().tolist(), fill=fill)

    def oval(self, x: float, y: float, radius: float, squash: float, fill: Rgb) -> None:
        self.polygon(ellipse((x, y), radius, squash), fill)

    def strip(self, top: float, bottom: float, fill: Rgb) -> None:
        self.polygon([(0, top), (1, top), (1, bottom), (0, bottom)], fill)


def _gradients(resolution: int, horizon: float, upper: tuple[Rgb, Rgb], ground: tuple[Rgb, Rgb]) -> Image.Image:
    rows = (np.arange(resolution) + 0.5) / resolution
    above = np.clip(rows / horizon, 0, 1)[:, None]
    below = np.clip((rows - horizon) / (1 - horizon), 0, 1)[:, None]
    sky = np.array(upper[0]) * (1 - above) + np.array(upper[1]) * above
    floor = np.array(ground[0]) * (1 - below) + np.array(ground[1]) * below
    column = np.where(rows[:, None] < horizon, sky, floor).round().astype(np.uint8)  # side x 3
    return Image.fromarray(np.ascontiguousarray(np.broadcast_to(column[:, None, :], (resolution, resolution, 3))))


def _clouds(brush: _Brush, generator: random.Random) -> None:
    for _ in range(generator.randint(0, 2)):
        x, y = generator.uniform(0.1, 0.9), generator.uniform(0.06, 0.26)
        for shift, lift, radius in ((-0.07, 0.01, 0.055), (0.0, -0.012, 0.075), (0.075, 0.008, 0.055)):
            brush.oval(x + shift, y + lift, radius, 0.55, (240, 244, 247))


def _hills(brush: _Brush, horizon: float, generator: random.Random, fill: Rgb) -> None:
    rises = [generator.uniform(0.0, 0.12) for _ in range(5)]
    ridge = spline([(k / 4, horizon - rise) for k, rise in enumerate(rises)], 6).tolist()
    brush.polygon([*ridge, (1, horizon + 0.005), (0, horizon + 0.005)], fill)


def _meadow(brush: _Brush, horizon: float, generator: random.Random) -> None:
    _clouds(brush, generator)
    _hills(brush, horizon, generator, (166, 190, 152))
    for _ in range(14):
        x, y = generator.random(), generator.uniform(horizon + 0.03, 1.0)
        size = 0.012 + 0.03 * (y - horizon)
        blade = [
            (x - size * 0.6, y),
            (x - size * 0.8, y - size),
            (x, y - size * 0.5),
            (x + size * 0.7, y - size),
            (x + size * 0.6, y),
        ]
        brush.polygon(blade, (128, 164, 90))


def _beach(brush: _Brush, horizon: float, generator: random.Random) -> None:
    _clouds(brush, generator)
    shore = horizon + generator.uniform(0.05, 0.09)
    brush.strip(horizon, shore, (136, 186, 204))
    brush.strip(horizon, horizon + 0.018, (112, 164, 190))
    foam = spline([(k / 5, shore + generator.uniform(-0.008, 0.008)) for k in range(6)], 5)
    brush.polygon([*foam.tolist(), *(foam + np.array([0, 0.016])).tolist()[::-1]], (240, 244, 242))
    for _ in range(8):
        brush.oval(generator.random(), generator.uniform(shore + 0.05, 1), 0.012, 0.4, (208, 186, 146))


def _snow(brush: _Brush, horizon: float, generator: random.Random) -> None:
    _hills(brush, horizon, generator, (206, 216, 228))
    for _ in range(generator.randint(2, 5)):  # far firs
        x, height = generator.uniform(0.02, 0.98), generator.uniform(0.06, 0.10)
        foot = horizon + 0.012
        brush.polygon([(x - 0.026, foot), (x, foot - height), (x + 0.026, foot)], (146, 168, 170))
    for _ in range(10):
        brush.oval(generator.random(), generator.uniform(0.02, horizon - 0.1), 0.007, 1, (244, 247, 250))
    for _ in range(4):
        brush.oval(generator.random(), generator.uniform(horizon + 0.08, 1), 0.10, 0.14, (222, 229, 239))


def _street(brush: _Brush, horizon: float, generator: random.Random) -> None:
    _clouds(brush, generator)
    x = -0.02
    while x < 1:  # far houses
        width, height = generator.uniform(0.11, 0.2), generator.uniform(0.10, 0.24)
        level = generator.randint(184, 208)
        brush.polygon(
            [(x, horizon), (x, horizon - height), (x + width, horizon - height), (x + width, horizon)],
            (level, level - 4, level - 6),
        )
        x += width
    brush.strip(horizon, horizon + 0.075, (204, 200, 194))
    brush.strip(horizon + 0.075, horizon + 0.09, (134, 134, 138))
    line = 0.965
    start = generator.uniform(-0.2, 0.0)
    for k in range(5):
        left = start + 0.28 * k
        brush.polygon(
            [(left, line), (left + 0.15, line), (left + 0.145, line + 0.018), (left - 0.005, line + 0.018)],
            (226, 224, 216),
        )


def _room(brush: _Brush, horizon: float, generator: random.Random) -> None:
    brush.strip(horizon - 0.03, horizon, (240, 236, 228))
    for k in range(1, 4):  # floor boards
        y = horizon + (1 - horizon) * (k / 4) ** 1.4
        brush.strip(y, y + 0.006, (168, 134, 98))
    if generator.random() < 0.6:  # an image on the wall
        x, y = generator.choice((0.14, 0.5, 0.82)), 0.2
        middle = np.array([x, y])
        frame = np.array([(-0.1, -0.08), (0.1, -0.08), (0.1, 0.08), (-0.1, 0.08)])
        brush.polygon(frame + middle, (176, 156, 130))
        brush.polygon(frame * 0.8 + middle, (224, 228, 224))
        brush.polygon(
            [(x - 0.08, y + 0.064), (x - 0.02, y - 0.01), (x + 0.03, y + 0.03), (x + 0.08, y + 0.064)], (186, 200, 186)
        )


def _scaled(rgb: Rgb, share: float) -> Rgb:
    red, green, blue = (round(value * share) for value in rgb)
    return (red, green, blue)


_DETAILS: Final[dict[Place, Callable[[_Brush, float, random.Random], None]]] = {
    "meadow": _meadow, "beach": _beach, "snow": _snow, "street": _street, "room": _room,
}  # fmt: skip
