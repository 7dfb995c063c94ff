"""What is behind the bird: muted, soft places, and the branch or ground it stands on."""

from __future__ import annotations

import random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from t2ibench_simulations.simbirds.appearance import GROUNDS, Background, Scenery
from t2ibench_simulations.simbirds.painting.curves import ellipse, ribbon, spline
from t2ibench_simulations.simbirds.painting.layers import Layer, Paint, Patch

Rgb = tuple[int, int, int]
_COARSE = 48


class _Palette(NamedTuple):
    """Colours from top to horizon and from horizon to bottom (equal where there is no ground), and of the blots."""

    top: Rgb
    horizon: Rgb
    ground: Rgb
    bottom: Rgb
    blots: tuple[Rgb, ...]


# Muted on purpose: the bird has the strong colours.
_PALETTES: dict[Scenery, _Palette] = {
    "sky": _Palette(
        (150, 178, 204), (205, 217, 224), (205, 217, 224), (214, 221, 222), ((222, 228, 230), (196, 210, 221))
    ),
    "dusk": _Palette(
        (168, 164, 186), (216, 196, 186), (216, 196, 186), (222, 208, 190), ((228, 206, 190), (188, 176, 188))
    ),
    "foliage": _Palette(
        (146, 160, 128),
        (160, 172, 136),
        (160, 172, 136),
        (128, 144, 112),
        ((176, 186, 146), (120, 138, 108), (190, 194, 158), (138, 152, 126)),
    ),
    "meadow": _Palette(
        (188, 203, 210), (204, 210, 198), (166, 174, 132), (142, 154, 112), ((180, 184, 144), (150, 160, 118))
    ),
    "sand": _Palette(
        (186, 204, 214), (212, 216, 212), (206, 190, 160), (188, 170, 140), ((216, 202, 174), (180, 164, 138))
    ),
    "water": _Palette(
        (192, 206, 214), (206, 214, 216), (142, 168, 180), (118, 146, 162), ((164, 186, 194), (126, 152, 166))
    ),
    "snow": _Palette(
        (172, 188, 206), (204, 212, 220), (212, 218, 226), (190, 200, 214), ((222, 226, 232), (186, 196, 210))
    ),
}


def draw_background(background: Background, width: int, height: int) -> Image.Image:
    """Return the empty place as an RGB image of width x height pixels."""
    generator = random.Random(background.seed)
    palette = _PALETTES[background.scenery]
    columns = round(_COARSE * width / height)
    rows = np.linspace(0, 1, _COARSE)
    horizon = background.horizon if background.scenery in GROUNDS else 1.0
    tint = np.array([generator.uniform(-6, 6) for _ in range(3)]) + generator.uniform(-10, 6)
    above = np.clip(rows / horizon, 0, 1)[:, None]
    below = np.clip((rows - horizon) / max(1e-6, 1 - horizon), 0, 1)[:, None]
    sky = _mix(palette.top, palette.horizon, above)
    ground = _mix(palette.ground, palette.bottom, below)
    if background.scenery not in GROUNDS:
        sky = _mix(palette.top, palette.bottom, above)
    gradient = np.where(rows[:, None] < horizon, sky, ground) + tint  # rows x 3
    coarse = np.broadcast_to(gradient[:, None, :], (_COARSE, columns, 3))
    image = _to_image(coarse)
    if background.scenery in ("meadow", "sand", "snow"):
        _hills(image, horizon, palette, generator, tint)
    _blots(image, background, palette, generator, tint)
    soft = image.filter(ImageFilter.GaussianBlur(1.0 if background.scenery in GROUNDS else 2.2))
    return soft.resize((width, height), Image.Resampling.BICUBIC)


def _hills(
    image: Image.Image, horizon: float, palette: _Palette, generator: random.Random, tint: NDArray[np.float64]
) -> None:
    width, height = image.size
    haze = _mix(palette.horizon, palette.ground, np.array([0.55])) + tint
    heights = [generator.uniform(0.0, 0.13) for _ in range(5)]
    ridge = spline([(width * k / 4, height * (horizon - rise)) for k, rise in enumerate(heights)], 5)
    outline = [*map(tuple, ridge.tolist()), (width, height * horizon + 1), (0, height * horizon + 1)]
    fill = tuple(int(np.clip(value, 0, 255)) for value in haze)
    ImageDraw.Draw(image).polygon(outline, fill=fill)


def _blots(
    image: Image.Image, background: Background, palette: _Palette, generator: random.Random, tint: NDArray[np.float64]
) -> None:
    width, height = image.size
    draw = ImageDraw.Draw(image)
    grounded = background.scenery in GROUNDS
    top = background.horizon * height if grounded else 0.0
    count = 16 if background.scenery == "foliage" else 9
    for _ in range(count):
        colour = palette.blots[int(generator.random() * len(palette.blots))]
        fill = tuple(int(np.clip(value + shift, 0, 255)) for value, shift in zip(colour, tint, strict=True))
        x, y = generator.random() * width, top + generator.random() * (height - top)
        radius = generator.uniform(2.5, 7.5)
        flat = 0.16 if grounded else (1.0 if background.scenery == "foliage" else 0.35)
        long = 1.6 if flat < 1 else 1.0
        draw.ellipse((x - radius * long, y - radius * flat, x + radius * long, y + radius * flat), fill=fill)


def cast_shadow(image: Image.Image, foot: tuple[float, float], width: float) -> None:
    """Darken the ground softly around `foot` (pixels), over `width` pixels, in place."""
    x, y = foot
    box = tuple(int(value) for value in (x - width, y - width * 0.35, x + width + 1, y + width * 0.35 + 1))
    mask = Image.new("L", (box[2] - box[0], box[3] - box[1]), 0)
    centre = (mask.width / 2, mask.height / 2)
    inner = (centre[0] - width * 0.55, centre[1] - width * 0.10, centre[0] + width * 0.55, centre[1] + width * 0.10)
    ImageDraw.Draw(mask).ellipse(inner, fill=95)
    mask = mask.filter(ImageFilter.GaussianBlur(max(0.6, width * 0.08)))
    image.paste((70, 66, 72), (box[0], box[1]), mask)


def branch_layers(seed: int, reach: float, foot: tuple[float, float]) -> list[Layer]:
    """Return a branch through `foot` (the bird's frame, y up) that reaches `reach` to either side, with some leaves."""
    generator = random.Random(seed ^ 0x5EED)
    slope = generator.uniform(-0.16, 0.16)
    bow = generator.uniform(-0.10, 0.10)
    thick = generator.uniform(0.17, 0.24)
    x, y = foot
    y -= thick * 0.42
    line = [(x + along, y + slope * along + bow * (along / reach) ** 2) for along in np.linspace(-reach, reach, 7)]
    path = spline(line, 4)
    taper = (thick * 1.25, thick, thick * 0.75) if generator.random() < 0.5 else (thick * 0.75, thick, thick * 1.25)
    bark, shape = Paint("perch", "bark"), ribbon(path, taper)
    under = Patch(bark._replace(shade=-0.8), ribbon(path - np.array([0.0, thick * 0.36]), thick * 0.42))
    gleam = Patch(bark._replace(shade=0.6), ribbon(path + np.array([0.0, thick * 0.24]), thick * 0.16))
    layers = [Layer([Patch(bark, shape), under, gleam], [shape])]
    for _ in range(int(generator.random() * 5)):
        resolution = 1 if generator.random() < 0.5 else -1
        along = resolution * generator.uniform(0.9, reach * 0.8)
        up = 1 if generator.random() < 0.6 else -1
        angle = up * generator.uniform(30, 75)
        stem = np.array([x + along, y + slope * along + bow * (along / reach) ** 2])
        radius = generator.uniform(0.16, 0.26)
        turn = np.radians(angle if resolution > 0 else 180 - angle)
        middle = stem + np.array([np.cos(turn), np.sin(turn)]) * radius * 1.2
        leaf = ellipse(middle, radius, 0.45, float(np.degrees(turn)), steps=14)
        vein = ribbon([tuple(stem), tuple(middle)], 0.035)
        layers.append(Layer([Patch(Paint("perch", "leaf"), leaf), Patch(Paint("perch", "leaf", -0.8), vein)]))
    return layers


def _mix(first: Rgb, second: Rgb, share: NDArray[np.float64]) -> NDArray[np.float64]:
    mixed: NDArray[np.float64] = np.array(first) * (1 - share) + np.array(second) * share
    return mixed


def _to_image(values: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(np.ascontiguousarray(np.clip(values, 0, 255).astype(np.uint8)))
