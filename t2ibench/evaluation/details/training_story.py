"""How a run went, in short: a few curves of its losses and its sample images at a few ages. Read without torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.reading.text import parse_json, text_lines
from t2ibench.evaluation.images.strips import strip_of

if TYPE_CHECKING:
    from PIL.Image import Image

POINTS: Final = 150
"""Points of a curve at most; runs write tens of thousands."""
AGES: Final = 8
SHOWN: Final = 6
"""Captions of the sample images."""
_ENDING: Final = "/loss"
_COLUMNS: Final = 4
_GAP: Final = 2
_SIDE: Final = 128


def curves_of(run: Path, steps: int) -> dict[str, list[list[float]]]:
    """Return loss, as in "generator/loss" -> [[step, value], ...] up to `steps`, means of stretches of equal length.

    Args:
        run: folder of the run; without a readable metrics.jsonl there are no curves.
        steps: what came later is left out.
    """
    found: dict[str, list[tuple[int, float]]] = {}
    try:
        text = (run / "metrics.jsonl").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    for _, line in text_lines(text):
        try:
            values = parse_json(line)
            step = int(values["step"])
        except (ValueError, KeyError, TypeError):
            continue  # a line cut off by a kill
        for name, value in values.items():
            if name.endswith(_ENDING) and isinstance(value, int | float) and math.isfinite(value) and step <= steps:
                found.setdefault(name, []).append((step, float(value)))
    return {name: _thinned(points) for name, points in sorted(found.items())}


def _thinned(points: Sequence[tuple[int, float]]) -> list[list[float]]:
    """Return at most POINTS points: each the mean over a stretch, at the stretch's last step."""
    length = -(-len(points) // POINTS)
    stretches = [points[start : start + length] for start in range(0, len(points), length)]
    return [[part[-1][0], float(f"{sum(value for _, value in part) / len(part):.6g}")] for part in stretches]


def samples_of(run: Path, steps: int) -> tuple[dict[str, Any], Image] | None:
    """Return what a run's sample images show at up to AGES ages, and the images themselves in one strip.

    The description has "steps", "captions" and "resolution"; the strip holds all captions of the first age, then of the
    next, from left to right. None where the run has no samples.
    """
    from PIL import Image

    ages = sorted((step, path) for path in (run / "samples").glob("step-*.png") if (step := _step(path)) is not None)
    ages = [age for age in ages if age[0] <= steps]
    if not ages:
        return None
    last = len(ages) - 1
    chosen = [ages[round(place * last / max(min(AGES, len(ages)) - 1, 1))] for place in range(min(AGES, len(ages)))]
    captions = _captions(run / "samples" / "captions.txt")[:SHOWN]
    shown, tiles = [], []
    for step, path in chosen:
        try:
            with Image.open(path, formats=("PNG",)) as opened:
                grid = opened.convert("RGB")
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
            continue
        side = (grid.width + _GAP) // _COLUMNS - _GAP
        if side < 1 or not captions:
            continue
        shown.append(step)
        for place in range(len(captions)):
            left, top = (place % _COLUMNS) * (side + _GAP), (place // _COLUMNS) * (side + _GAP)
            tile = grid.crop((left, top, left + side, top + side))
            tiles.append(tile.resize((_SIDE, _SIDE)) if side > _SIDE else tile)
    if not shown:
        return None
    return {"steps": shown, "captions": captions}, strip_of(tiles)


def _step(path: Path) -> int | None:
    digits = path.stem.removeprefix("step-")
    return int(digits) if digits.isdigit() else None


def _captions(path: Path) -> list[str]:
    """Return the captions that captions.txt numbers, below its first line."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()[1:]
    except (OSError, UnicodeDecodeError):
        return []
    return [line.strip().partition(" ")[2].strip() for line in lines if line.strip()]
