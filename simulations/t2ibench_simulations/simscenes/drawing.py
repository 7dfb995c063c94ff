"""From a scene to pixels: everything is drawn three times as large, in colours and in labels, and reduced."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from t2ibench_simulations.drawn_folder import check_size
from t2ibench_simulations.simbirds.painting.curves import Points
from t2ibench_simulations.simscenes.background import draw_place
from t2ibench_simulations.simscenes.scene import Scene, Thing
from t2ibench_simulations.simscenes.shapes import INKS, Patch, shape_of
from t2ibench_simulations.simscenes.vocabulary import NATURES, RGB, Colour, Rgb

_OVERSAMPLING: Final = 3


@dataclass(frozen=True)
class Seen:
    """What can be seen of an object: box (x, y, width, height) and area in pixels, its colour before shading."""

    box: tuple[float, float, float, float]
    area: float
    rgb: Rgb


def draw_scene(scene: Scene, size: int) -> tuple[Image.Image, list[Seen]]:
    """Return the image, RGB, `size` x `size`, and what is seen of every thing of the scene, in order.

    Raises:
        UserError: the size is out of range.
    """
    check_size("simscenes", size)
    generator = random.Random(scene.seed ^ 0xC0102)
    resolution = size * _OVERSAMPLING
    canvas = draw_place(scene.place, resolution, generator)
    _cast_shadows(canvas, scene)
    labels = Image.new("L", (resolution, resolution), 0)
    painter, marker = ImageDraw.Draw(canvas), ImageDraw.Draw(labels)
    colours = [_varied(RGB[group.colour], generator) for group in scene.groups]
    width = max(2, round(resolution / 110))  # of the line round an object: one pixel of the image or so
    for number, thing in enumerate(scene.things, start=1):
        group = scene.groups[thing.group]
        patches = shape_of(group.kind)
        edge = _edge(colours[thing.group])
        outlines = [_placed(patch, thing, resolution) for patch in patches]
        for patch, outline in zip(patches, outlines, strict=True):
            if patch.edged:
                painter.line([*outline, *outline[:4]], fill=edge, width=width, joint="curve")
                marker.line([*outline, *outline[:4]], fill=number, width=width, joint="curve")
        for patch, outline in zip(patches, outlines, strict=True):
            painter.polygon(outline, fill=_fill(patch, group.colour, colours[thing.group]))
            marker.polygon(outline, fill=number)
    places = np.asarray(labels)
    seen = [_seen(places == number, colours[thing.group]) for number, thing in enumerate(scene.things, start=1)]
    return canvas.reduce(_OVERSAMPLING), seen


def _placed(patch: Patch, thing: Thing, resolution: int) -> list[float]:
    foot = np.array([thing.x, thing.y])
    placed: Points = (patch.outline * (thing.width, -thing.height) + foot) * resolution
    flat: list[float] = placed.ravel().tolist()
    return flat


def _seen(mask: NDArray[np.bool_], rgb: Rgb) -> Seen:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    left, top = columns[0] / _OVERSAMPLING, rows[0] / _OVERSAMPLING
    right, bottom = (columns[-1] + 1) / _OVERSAMPLING, (rows[-1] + 1) / _OVERSAMPLING
    x, y, width, height = (round(float(value), 2) for value in (left, top, right - left, bottom - top))
    return Seen((x, y, width, height), round(float(mask.sum()) / _OVERSAMPLING**2, 2), rgb)


def _cast_shadows(canvas: Image.Image, scene: Scene) -> None:
    """Darken the ground under what stands on it."""
    small = canvas.width // 4
    mask = Image.new("L", (small, small), 0)
    draw = ImageDraw.Draw(mask)
    for thing in scene.things:
        group = scene.groups[thing.group]
        carried = any(kind == "on" and first == thing.group for first, kind, _ in scene.relations)
        if not NATURES[group.kind].flies and not carried:
            reach, flat = thing.width * 0.54, thing.width * 0.11
            box = (thing.x - reach, thing.y - flat, thing.x + reach * 1.15, thing.y + flat)
            draw.ellipse([value * small for value in box], fill=105)
    soft = mask.filter(ImageFilter.GaussianBlur(small * 0.008)).resize(canvas.size, Image.Resampling.BILINEAR)
    canvas.paste((52, 50, 60), (0, 0), soft)


def _varied(rgb: Rgb, generator: random.Random) -> Rgb:
    bright = generator.uniform(-8, 8)
    red, green, blue = (round(min(255, max(0, value + bright + generator.uniform(-5, 5)))) for value in rgb)
    return (red, green, blue)


def _luminance(rgb: Rgb) -> float:
    return 0.3 * rgb[0] + 0.59 * rgb[1] + 0.11 * rgb[2]


def _edge(rgb: Rgb) -> Rgb:
    """Return the colour of the line round an object: always dark, so that white is told from snow."""
    share = 0.38 if _luminance(rgb) > 60 else 0.3
    red, green, blue = (round(value * share) for value in rgb)
    return (red, green, blue)


def _fill(patch: Patch, name: Colour, rgb: Rgb) -> Rgb:
    if patch.ink:
        # A yellow or orange flower needs another heart.
        return INKS["bark"] if patch.ink == "heart" and name in ("yellow", "orange") else INKS[patch.ink]
    shade = patch.shade
    if not shade:
        return rgb
    if _luminance(rgb) < 60:  # black is told from black by making it lighter only
        values = [value + 42 * max(shade, 0.25 * abs(shade)) for value in rgb]
    elif shade < 0:
        depth = 0.16 if _luminance(rgb) > 225 else 0.30
        values = [value * (1 + depth * shade) for value in rgb]
    else:
        values = [value + (255 - value) * 0.42 * shade for value in rgb]
    red, green, blue = (min(255, max(0, round(value))) for value in values)
    return (red, green, blue)
