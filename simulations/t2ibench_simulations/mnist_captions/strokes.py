"""Digits drawn by code: strokes of a pen, bent, slanted and thickened at random. A stand-in for MNIST, not MNIST."""

from __future__ import annotations

import math
import random
from typing import Final

import numpy as np

from t2ibench.core.noise import seed_of
from t2ibench_simulations.mnist_captions.scenes import DIGIT

Stroke = list[tuple[float, float]]
"""Points (x, y) in the unit square, y downwards."""

_FINER: Final = 4
"""Digits are drawn so many times larger, then averaged."""

_BOX: Final = 20
"""Pixels a digit fills, as MNIST's do."""


def _arc(x: float, y: float, width: float, height: float, start: float, end: float) -> Stroke:
    """Return points on an ellipse, angles in degrees, clockwise from the right."""
    angles = [math.radians(start + (end - start) * step / 24) for step in range(25)]
    return [(x + width * math.cos(angle), y + height * math.sin(angle)) for angle in angles]


_GLYPHS: Final[tuple[list[Stroke], ...]] = (
    [_arc(0.5, 0.5, 0.32, 0.47, -90, 270)],
    [[(0.3, 0.24), (0.54, 0.04), (0.54, 0.96)]],
    [[*_arc(0.48, 0.3, 0.29, 0.26, -170, 35), (0.16, 0.95), (0.84, 0.95)]],
    [[*_arc(0.44, 0.27, 0.3, 0.23, -150, 80), *_arc(0.44, 0.73, 0.35, 0.24, -80, 150)]],
    [[(0.6, 0.04), (0.12, 0.66), (0.9, 0.66)], [(0.66, 0.36), (0.64, 0.97)]],
    [[(0.8, 0.05), (0.3, 0.05), (0.24, 0.46), *_arc(0.46, 0.68, 0.33, 0.28, -110, 150)]],
    [[(0.72, 0.04), *_arc(0.62, 0.66, 0.42, 0.6, -110, -185), *_arc(0.48, 0.7, 0.28, 0.26, -180, 180)]],
    [[(0.14, 0.07), (0.84, 0.07), (0.4, 0.97)]],
    [_arc(0.5, 0.26, 0.24, 0.21, 90, 450), _arc(0.5, 0.72, 0.29, 0.25, -90, 270)],
    [[*_arc(0.5, 0.29, 0.27, 0.25, 0, 360), (0.77, 0.29), (0.7, 0.97)]],
)


def draw_digit(label: int, *key: object) -> np.ndarray:
    """Return uint8 28 x 28, white on black, a digit in the middle 20 pixels; what it looks like hangs on the key.

    Args:
        label: 0 to 9.
        key: of the random numbers.
    """
    from PIL import Image, ImageDraw

    numbers = random.Random(seed_of("stroke digits", label, *key))
    turn, slant = math.radians(numbers.uniform(-10, 10)), numbers.uniform(-0.28, 0.22)
    width, height = numbers.uniform(0.72, 1.0), numbers.uniform(0.86, 1.0)
    bend, phase = numbers.uniform(0, 0.05), numbers.uniform(0, 2 * math.pi)
    pen = numbers.uniform(1.5, 3.0) * _FINER

    def place(point: tuple[float, float]) -> tuple[float, float]:
        """Return where a point of the unit square lands on the enlarged image."""
        x, y = point[0] - 0.5, point[1] - 0.5
        x += bend * math.sin(5 * y + phase)
        y += bend * math.sin(5 * x + 2 * phase)
        x, y = width * (x - slant * y), height * y
        x, y = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        scale, middle = (_BOX - 3) * _FINER, DIGIT * _FINER / 2
        return middle + scale * x, middle + scale * y

    image = Image.new("L", (DIGIT * _FINER, DIGIT * _FINER))
    draw = ImageDraw.Draw(image)
    for stroke in _GLYPHS[label]:
        points = [place(point) for point in stroke]
        draw.line(points, fill=255, width=round(pen))
        for x, y in points:  # round joints and ends
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return np.asarray(image.resize((DIGIT, DIGIT), Image.Resampling.BOX))
