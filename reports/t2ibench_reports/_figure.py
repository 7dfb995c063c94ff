"""Drawings of a document as one figure: lines, discs and words at their places, the same for every kind of file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from t2ibench_reports._chart import Chart
from t2ibench_reports._document import Document
from t2ibench_reports._scatter import Scatter

INK: Final = "#1c212b"
SOFT: Final = "#5c6573"
_FRAME: Final = "#aab0ba"
_COLOURS: Final = ("#22579e", "#a04a00", "#1b6331", "#8a2a6f", "#6a6a00", "#00696b", "#a8211b", "#555f70")
"""As the page's light ones."""
_DASHES: Final[Sequence[tuple[int, ...]]] = ((), (7, 3), (2, 3), (9, 3, 2, 3), (), (7, 3), (2, 3), (9, 3, 2, 3))
_ACROSS: Final = 2
_MARGIN, _GAP, _HEADING, _KEY = 16, 24, 40, 16


@dataclass(frozen=True, slots=True)
class Stroke:
    """A line through points."""

    points: tuple[tuple[float, float], ...]
    colour: str = _FRAME
    width: float = 1.0
    dashes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Disc:
    """A filled circle; `opacity` from 0 to 1."""

    x: float
    y: float
    radius: float
    colour: str
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text. `anchor` says which end of it lies at x; turned, it runs upwards."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"
    size: int = 11
    colour: str = SOFT
    turned: bool = False


Shape = Stroke | Disc | Words


@dataclass(frozen=True, slots=True)
class Figure:
    """Shapes on a white sheet, in the order in which they are drawn."""

    width: float
    height: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class _Panel:
    heading: str
    below: str
    drawing: Chart | Scatter

    @property
    def width(self) -> float:
        return self.drawing.width if isinstance(self.drawing, Chart) else self.drawing.side

    @property
    def height(self) -> float:
        if isinstance(self.drawing, Chart):
            return _HEADING + self.drawing.height + _KEY * len(self.drawing.lines)
        return _HEADING + self.drawing.side


def figure_of(document: Document) -> Figure | None:
    """Return all drawings of a document, two beside each other; None where it has none."""
    panels: list[_Panel] = []
    for section in document.sections:
        about = (section.title, section.small)
        panels += (_Panel(one.title, ", ".join(filter(None, (*about, one.note))), one) for one in section.charts)
        panels += (_Panel(one.title, ", ".join(filter(None, about)), one) for one in section.scatters)
    if not panels:
        return None
    shapes: list[Shape] = []
    top, widest = float(_MARGIN), 0.0
    for start in range(0, len(panels), _ACROSS):
        left = float(_MARGIN)
        row = panels[start : start + _ACROSS]
        for panel in row:
            shapes += (_moved(shape, left, top) for shape in _shapes(panel))
            left += panel.width + _GAP
        widest = max(widest, left - _GAP)
        top += max(panel.height for panel in row) + _GAP
    return Figure(widest + _MARGIN, top - _GAP + _MARGIN, tuple(shapes))


def _shapes(panel: _Panel) -> Iterator[Shape]:
    yield Words(0, 14, panel.heading, size=13, colour=INK)
    yield Words(0, 30, panel.below)
    inner = _lines(panel.drawing) if isinstance(panel.drawing, Chart) else _bubbles(panel.drawing)
    yield from (_moved(shape, 0, _HEADING) for shape in inner)


def _lines(chart: Chart) -> Iterator[Shape]:
    yield from _frame(chart, 12)
    for line in chart.lines:
        colour = _COLOURS[line.kind]
        path = tuple((dot.x, dot.y) for dot in line.dots)
        yield Stroke(path, colour, 2 if chart.marks else 1.4, _DASHES[line.kind])
        for dot in line.dots if chart.marks else ():
            yield Stroke(((dot.x, dot.low), (dot.x, dot.high)), colour)
            yield Disc(dot.x, dot.y, 3.2, colour)
    for place, line in enumerate(chart.lines):
        y = chart.height + _KEY * place + 6
        yield Stroke(((chart.left, y), (chart.left + 30, y)), _COLOURS[line.kind], 2, _DASHES[line.kind])
        yield Words(chart.left + 37, y + 4, line.label, colour=INK)


def _bubbles(drawing: Scatter) -> Iterator[Shape]:
    yield from _frame(drawing, drawing.top)
    yield Stroke(((drawing.left, drawing.bottom), (drawing.right, drawing.top)), dashes=(3, 3))
    colours = {"first": _COLOURS[0], "second": _COLOURS[1], "": SOFT}
    for one in drawing.bubbles:
        yield Disc(one.x, one.y, one.radius, colours[one.ahead], 0.45)
    for one in drawing.bubbles:
        if one.number:
            yield Words(one.x, one.y + 4, one.number, "middle", 10, INK)
    yield Words((drawing.left + drawing.right) / 2, drawing.side - 6, drawing.across_label, "middle")
    yield Words(11, (drawing.top + drawing.bottom) / 2, drawing.up_label, "middle", turned=True)


def _frame(drawing: Chart | Scatter, top: float) -> Iterator[Shape]:
    yield Stroke(((drawing.left, top), (drawing.left, drawing.bottom), (drawing.right, drawing.bottom)))
    for y, text in drawing.up:
        yield Stroke(((drawing.left - 4, y), (drawing.left, y)))
        yield Words(drawing.left - 7, y + 4, text, "end")
    for x, text in drawing.across:
        yield Stroke(((x, drawing.bottom), (x, drawing.bottom + 4)))
        yield Words(x, drawing.bottom + 18, text, "end" if x > drawing.right - 12 else "middle")


def _moved(shape: Shape, right: float, down: float) -> Shape:
    if isinstance(shape, Stroke):
        points = tuple((x + right, y + down) for x, y in shape.points)
        return Stroke(points, shape.colour, shape.width, shape.dashes)
    if isinstance(shape, Disc):
        return Disc(shape.x + right, shape.y + down, shape.radius, shape.colour, shape.opacity)
    x, y = shape.x + right, shape.y + down
    return Words(x, y, shape.text, shape.anchor, shape.size, shape.colour, shape.turned)
