"""Drawings by matplotlib: in the page's own colours and scripts' reach as SVG, and as files for papers.

Files have neither a date nor a name of this machine, and matplotlib's ids are salted: equal drawings, equal bytes.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree

from t2ibench_reports.rendering.document import Document
from t2ibench_reports.rendering.drawings import Chart, Curves, Drawing, Scatter

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure
    from matplotlib.lines import Line2D
    from matplotlib.ticker import Locator

    Pointed = Callable[[Line2D, str], None]

INK: Final = "#1c212b"
SOFT: Final = "#5c6573"
FRAME: Final = "#aab0ba"
COLOURS: Final = ("#22579e", "#a04a00", "#1b6331", "#8a2a6f", "#6a6a00", "#00696b", "#a8211b", "#555f70")
THEME: Final[Mapping[str, str]] = {INK: "--ink", SOFT: "--soft", FRAME: "--axis"} | {
    colour: f"--k{place}" for place, colour in enumerate(COLOURS)
}
"""Colour of a drawing -> the page's variable that takes its place there, in light and dark."""
_DASHES: Final[Sequence[Any]] = ("-", (0, (7, 3)), (0, (2, 3)), (0, (9, 3, 2, 3)))
_POINTS: Final = 72
_ACROSS: Final = 2
_SETTINGS: Final[Any] = {
    "svg.hashsalt": "t2ibench",
    "svg.fonttype": "none",  # texts stay texts
    "text.parse_math": False,  # a name may hold dollars
    "font.family": "DejaVu Sans",  # matplotlib brings it, so that every machine draws the same
    "font.size": 11,
    "text.color": INK,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.labelcolor": SOFT,
    "axes.edgecolor": FRAME,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": FRAME,
    "ytick.color": FRAME,
    "xtick.labelcolor": SOFT,
    "ytick.labelcolor": SOFT,
    "legend.frameon": False,
    "legend.handlelength": 3.2,
    "figure.dpi": _POINTS,
}
_NO_DATE: Final[Mapping[str, Mapping[str, None]]] = {
    "svg": {"Date": None, "Creator": None},
    "png": {"Software": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


@contextmanager
def drawing_board() -> Iterator[None]:
    """Draw with the settings of reports, whatever the user's own are; a sign without a glyph is no reason to stop."""
    import matplotlib

    with matplotlib.rc_context({**matplotlib.rcParamsDefault, **_SETTINGS}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")
        yield


def saved(figure: Figure, kind: str) -> bytes:
    """Return a figure as "svg", "png" or "pdf", on white; to be called within `drawing_board`."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=kind, dpi=3 * _POINTS if kind == "png" else _POINTS, metadata=dict(_NO_DATE[kind]))
    return buffer.getvalue()


def figure_file(document: Document, kind: str) -> bytes | None:
    """Return all drawings of a document as one "svg", "png" or "pdf"; None where it has none."""
    drawings = [(section.whole_title, one) for section in document.sections for one in section.drawings]
    if not drawings:
        return None
    with drawing_board():
        from matplotlib.figure import Figure

        across = min(_ACROSS, len(drawings))
        down = -(-len(drawings) // across)
        sizes = [_size(one) for _, one in drawings]
        width, height = across * max(one for one, _ in sizes), down * (40 + max(one for _, one in sizes))
        figure = Figure((width / _POINTS, height / _POINTS), layout="constrained")
        panels = figure.subfigures(down, across, squeeze=False).flat
        for panel, (title, drawing) in zip(panels, drawings, strict=False):
            axes, _ = _draw(panel, drawing)
            axes.set_title(f"{drawing.title}\n")
            axes.text(0, 1.03, title, transform=axes.transAxes, color=SOFT, size=10)
        return saved(figure, kind)


def inlined(drawing: Drawing, prefix: str) -> str:
    """Return a drawing as an SVG element for a page: no style but the page's, ids that begin with `prefix`."""
    with drawing_board():
        from matplotlib.figure import Figure

        width, height = _size(drawing)
        figure = Figure((width / _POINTS, height / _POINTS), layout="constrained", facecolor="none")
        axes, tips = _draw(figure, drawing)
        axes.set_facecolor("none")
        return _of_the_page(saved(figure, "svg"), prefix, drawing.told, tips)


def _size(drawing: Drawing) -> tuple[float, float]:
    if isinstance(drawing, Chart):
        return 420, 230 + 17 * len(drawing.lines)
    if isinstance(drawing, Curves):
        return 150 + 100 * len(drawing.heads), 90 + 52 * len(drawing.rows)
    return 340, 340


def _draw(figure: Figure | SubFigure, drawing: Drawing) -> tuple[Axes, dict[str, str]]:
    """Draw and return (axes, id of what is pointed at -> what it says then)."""
    axes = figure.subplots()
    tips: dict[str, str] = {}

    def pointed(artist: Line2D, text: str) -> None:
        name = f"dot{len(tips)}"
        tips[name] = text
        artist.set(gid=name, clip_on=False)

    if isinstance(drawing, Chart):
        _lines(figure, axes, drawing, pointed)
    elif isinstance(drawing, Scatter):
        _bubbles(axes, drawing, pointed)
    else:
        _small_curves(figure, axes, drawing, pointed)
    return axes, tips


def _lines(figure: Figure | SubFigure, axes: Axes, drawing: Chart, pointed: Pointed) -> None:
    keys = []
    for place, (label, points) in enumerate(drawing.lines):
        colour, dashes = COLOURS[place % len(COLOURS)], _DASHES[place % len(_DASHES)]
        steps, values = [point.steps for point in points], [point.value for point in points]
        keys += axes.plot(steps, values, color=colour, linestyle=dashes, linewidth=1.8 if drawing.marks else 1.2)
        for point in points if drawing.marks else ():
            if point.low is not None and point.high is not None:
                axes.vlines(point.steps, point.low, point.high, colors=colour, linewidth=1)
            (dot,) = axes.plot([point.steps], [point.value], "o", color=colour, markersize=6.4, markeredgewidth=0)
            pointed(dot, f"{label}, {point.steps:,} steps: {point.value:.4g}")
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(_ticks(integer=True))
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_major_locator(_ticks())
    shown = [f" {label}" if label.startswith("_") else label for label, _ in drawing.lines]  # matplotlib hides "_x"
    figure.legend(keys, shown, loc="outside lower left")


def _bubbles(axes: Axes, drawing: Scatter, pointed: Pointed) -> None:
    axes.axline((0, 0), slope=1, color=FRAME, linestyle=(0, (3, 3)), linewidth=1)
    colours = {"first": COLOURS[0], "second": COLOURS[1], "": SOFT}
    for one in drawing.bubbles:
        (dot,) = axes.plot(
            [one.second], [one.first], "o", color=colours[one.ahead], markersize=2 * one.radius, alpha=0.45,
            markeredgewidth=0,
        )  # fmt: skip
        pointed(dot, one.text)
        axes.text(one.second, one.first, one.number, ha="center", va="center", size=10)
    values = [value for one in drawing.bubbles for value in (one.first, one.second)]
    pad = 0.08 * (max(values) - min(values))
    ends = (min(values) - pad, max(values) + pad)
    axes.set(xlim=ends, ylim=ends, xlabel=drawing.names[1], ylabel=drawing.names[0])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(_ticks())


def _small_curves(figure: Figure | SubFigure, axes: Axes, drawing: Curves, pointed: Pointed) -> None:
    """Draw each curve within its own square of the axes, on a tint of its colour."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle

    for down, (_, curves) in enumerate(drawing.rows):
        for across, one in enumerate(curves):
            if one is None:
                continue
            colour, last = COLOURS[one.colour], max(len(one.values) - 1, 1)
            axes.add_patch(Rectangle((across - 0.46, down - 0.44), 0.92, 0.88, color=colour, alpha=0.08, linewidth=0))
            points = [(place, value) for place, value in enumerate(one.values) if value is not None]
            (line,) = axes.plot(
                [across - 0.4 + 0.8 * place / last for place, _ in points],
                [down + 0.34 - 0.68 * value for _, value in points],
                "o-", color=colour, linewidth=1.6, markersize=3, markeredgewidth=0,
            )  # fmt: skip
            pointed(line, one.text)
    axes.set(xlim=(-0.5, len(drawing.heads) - 0.5), ylim=(len(drawing.rows) - 0.5, -0.5))
    axes.set_xticks(range(len(drawing.heads)), drawing.heads)
    axes.set_yticks(range(len(drawing.rows)), [name for name, _ in drawing.rows])
    axes.tick_params(length=0, labeltop=True, labelbottom=False, labelcolor=INK)
    axes.spines[:].set_visible(False)
    keys = [Line2D([], [], color=COLOURS[place], marker="o", markersize=3) for place, _ in drawing.key]
    figure.legend(keys, [words for _, words in drawing.key], loc="outside lower left", ncols=3)


def _ticks(**rest: Any) -> Locator:
    from matplotlib.ticker import MaxNLocator

    return MaxNLocator(5, steps=[1, 2, 5, 10], **rest)


def _of_the_page(svg: bytes, prefix: str, told: str, tips: Mapping[str, str]) -> str:
    """Return matplotlib's SVG as a page may hold it: the page's policy lets no style in, and ids must be unique."""
    root = ElementTree.fromstring(svg)
    used = set(re.findall(r"#(\w+)", svg.decode()))
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag.rpartition("}")[2] in ("metadata", "style"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
        declared = (one.partition(":") for one in element.attrib.pop("style", "").split(";") if one.strip())
        given = {name.rpartition("}")[2]: value.replace("#", f"#{prefix}") for name, value in element.attrib.items()}
        name = given.pop("id", "")
        element.attrib.clear()
        element.attrib.update(given | ({"id": f"{prefix}{name}"} if name in used else {}))
        element.attrib.update(
            {key.strip(): value.strip() for key, _, value in declared if key.strip() != "font-family"}
        )
        if name in tips:
            element.insert(0, ElementTree.Element("title"))
            element[0].text = tips[name]
    root.attrib.clear()
    width, height = re.findall(r'viewBox="0 0 (\S+) ([^"]+)"', svg.decode())[0]
    root.attrib.update({"viewBox": f"0 0 {width} {height}", "role": "img", "aria-label": told})
    return ElementTree.tostring(root, encoding="unicode")
