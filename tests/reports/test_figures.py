"""Drawings as files: the same lines in SVG, PNG and PDF, equal bytes each time, a sentence where there are none."""

from __future__ import annotations

import io

import pytest
from lxml import etree
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import ReportInput
from t2ibench_reports.compare import Compare
from t2ibench_reports.components import Components
from t2ibench_reports.rendering.document import Document, Section
from t2ibench_reports.rendering.drawings import Chart, Measured
from t2ibench_reports.rendering.figures import COLOURS, figure_file, inlined
from tests.reports.detail_results import write_details
from tests.reports.sample_results import write_sample
from tests.reports.variant_results import VALUES, variant_records

SVG = {"svg": "http://www.w3.org/2000/svg"}


def files_of(report, results, subjects=(), formats=("svg", "png", "pdf")):
    records = list(results.latest()[0].values())
    return report.render(ReportInput(records, (), results.folder / "images", formats, subjects))


@pytest.fixture
def curves(tmp_path):
    return files_of(Components(), write_sample(tmp_path / "results", variant_records()))


def test_the_curves_of_is_and_r_precision_are_files(curves):
    drawing = etree.fromstring(curves["components.svg"])
    texts = drawing.xpath("//svg:text/text()", namespaces=SVG)
    assert {"IS against steps", "R-precision (%) against steps", "AttnGAN attngan1-lambda-1"} <= set(texts)
    dots = drawing.xpath("//svg:g[starts-with(@id, 'dot')]//svg:use", namespaces=SVG)
    assert len(dots) == 2 * 2 * len(VALUES)  # two measures, two ages
    width, height = map(float, drawing.get("viewBox").split()[2:])
    places = [(float(dot.get("x")), float(dot.get("y"))) for dot in dots]
    assert all(0 < x < width and 0 < y < height for x, y in places)
    with Image.open(io.BytesIO(curves["components.png"])) as image:
        assert abs(image.width - 3 * width) <= 3 and abs(image.height - 3 * height) <= 3
        at = (round(3 * places[0][0]), round(3 * places[0][1]))
        assert image.convert("RGB").getpixel(at) == tuple(bytes.fromhex(COLOURS[0][1:]))
    assert curves["components.pdf"].startswith(b"%PDF-") and b"CreationDate" not in curves["components.pdf"]


def test_two_builds_are_equal(curves, tmp_path):
    assert files_of(Components(), write_sample(tmp_path / "again", variant_records())) == curves


def test_the_scatter_of_compare_is_a_file(tmp_path):
    results = write_details(tmp_path / "results")
    files = files_of(Compare(), results, ("attngan", "dmgan"))
    drawing = etree.fromstring(files["compare.svg"])
    assert drawing.xpath("//svg:g[starts-with(@id, 'dot')]", namespaces=SVG)
    assert {"AttnGAN", "DM-GAN"} <= set(drawing.xpath("//svg:text/text()", namespaces=SVG))
    assert files == files_of(Compare(), results, ("attngan", "dmgan"))


@pytest.mark.parametrize("name", ["svg", "png", "pdf"])
def test_without_a_curve_there_is_a_sentence(name, tmp_path):
    results = write_sample(tmp_path / "results", variant_records(steps=(500,)))
    with pytest.raises(UserError, match="after two numbers of steps or more"):
        files_of(Components(), results, formats=(name,))
    with pytest.raises(UserError, match="caption by caption"):
        files_of(Compare(), results, ("attngan", "attngan:attngan1-lambda-1"), (name,))


def test_names_are_escaped_and_shown_as_they_are(recwarn):
    """Dollars are no formula, an underscore in front hides no line, signs without a glyph stop nothing."""
    names = ("</text><script>alert(1)</script> $x_1$ λ ↑ é 中", "_hidden")
    points = (Measured(10, 1.0), Measured(20, 2.0))
    drawing = Chart("$t$ <b>", tuple((name, points) for name in names))
    document = Document("x", "x", "x", (Section("s", drawings=(drawing,)),))
    texts = etree.fromstring(figure_file(document, "svg")).xpath("//svg:text/text()", namespaces=SVG)
    assert set(names) <= {text.strip() for text in texts} and any("$t$ <b>" in text for text in texts)
    for kind in ("png", "pdf"):
        assert figure_file(document, kind) == figure_file(document, kind)
    element = inlined(drawing, "a-")
    assert "<script>" not in element and "&lt;script&gt;" in element and "style=" not in element
    assert not recwarn.list


def test_a_page_gives_drawings_its_own_colours(tmp_path):
    page = files_of(Components(), write_sample(tmp_path / "results", variant_records()), formats=("html",))
    text = page["components.html"].decode()
    assert f'.charts [stroke="{COLOURS[1]}"]{{stroke:var(--k1)}}' in text
    assert f'stroke="{COLOURS[1]}"' in text.partition("<body>")[2]


def test_variants_of_one_title_are_lines_of_their_own(tmp_path):
    records = [
        one.model_copy(update={"source": one.source.model_copy(update={"title": "AttnGAN"})})
        for one in variant_records()
        if one.source.variant in ("", "attngan1-lambda-1")
    ]
    drawing = etree.fromstring(files_of(Components(), write_sample(tmp_path / "results", records))["components.svg"])
    texts = drawing.xpath("//svg:text/text()", namespaces=SVG)
    assert texts.count("AttnGAN (attngan)") == texts.count("AttnGAN (attngan:attngan1-lambda-1)") == 2
