"""Drawings as files: the same lines in SVG and PNG, equal bytes each time, a sentence where nothing can be drawn."""

from __future__ import annotations

import io

import pytest
from lxml import etree
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import ReportInput
from t2ibench_reports._figure import Figure, Stroke, Words
from t2ibench_reports._figure_files import png, svg
from t2ibench_reports.compare import Compare
from t2ibench_reports.components import Components
from tests.reports.detail_results import write_details
from tests.reports.sample_results import write_sample
from tests.reports.variant_results import VALUES, variant_records

SVG = {"svg": "http://www.w3.org/2000/svg"}


def files_of(report, results, subjects=(), formats=("svg", "png")):
    records = list(results.latest()[0].values())
    return report.render(ReportInput(records, (), results.folder / "images", formats, subjects))


@pytest.fixture
def curves(tmp_path):
    return files_of(Components(), write_sample(tmp_path / "results", variant_records()))


def test_the_curves_of_is_and_r_precision_are_files(curves):
    drawing = etree.fromstring(curves["components.svg"])
    texts = drawing.xpath("//svg:text/text()", namespaces=SVG)
    assert {"IS against steps", "R-precision (%) against steps", "AttnGAN attngan1-lambda-1"} <= set(texts)
    dots = drawing.xpath("//svg:circle", namespaces=SVG)
    assert len(dots) == 2 * 2 * len(VALUES)  # two measures, two ages
    width, height = float(drawing.get("width")), float(drawing.get("height"))
    assert all(0 < float(dot.get("cx")) < width and 0 < float(dot.get("cy")) < height for dot in dots)
    with Image.open(io.BytesIO(curves["components.png"])) as image:
        assert abs(image.width - 3 * width) <= 3 and abs(image.height - 3 * height) <= 3
        at = (round(3 * float(dots[0].get("cx"))), round(3 * float(dots[0].get("cy"))))
        assert image.getpixel(at) == tuple(bytes.fromhex(dots[0].get("fill")[1:]))


def test_two_builds_are_equal(curves, tmp_path):
    assert files_of(Components(), write_sample(tmp_path / "again", variant_records())) == curves


def test_the_scatter_of_compare_is_a_file(tmp_path):
    results = write_details(tmp_path / "results")
    files = files_of(Compare(), results, ("attngan", "dmgan"))
    drawing = etree.fromstring(files["compare.svg"])
    assert drawing.xpath("//svg:circle", namespaces=SVG)
    assert {"AttnGAN", "DM-GAN"} <= set(drawing.xpath("//svg:text/text()", namespaces=SVG))
    assert files == files_of(Compare(), results, ("attngan", "dmgan"))


@pytest.mark.parametrize("name", ["svg", "png"])
def test_without_a_curve_there_is_a_sentence(name, tmp_path):
    results = write_sample(tmp_path / "results", variant_records(steps=(500,)))
    with pytest.raises(UserError, match="after two numbers of steps or more"):
        files_of(Components(), results, formats=(name,))
    with pytest.raises(UserError, match="caption by caption"):
        files_of(Compare(), results, ("attngan", "attngan:attngan1-lambda-1"), (name,))


def test_names_are_escaped_and_every_sign_is_written():
    words = "</text><script>alert(1)</script> λ ↑ é 中"
    figure = Figure(120, 40, (Words(5, 20, words), Words(20, 20, "up", "middle", turned=True)))
    assert etree.fromstring(svg(figure)).xpath("//svg:text/text()", namespaces=SVG)[0] == words
    assert Image.open(io.BytesIO(png(figure))).size == (360, 120)


def test_dashes_are_dashes_in_pixels_too():
    line = Stroke(((0, 5), (40, 5)), "#000000", 2, (8, 2))
    image = Image.open(io.BytesIO(png(Figure(40, 10, (line,)))))
    black = [image.getpixel((3 * x + 1, 15))[0] < 128 for x in range(40)]
    assert black[3] and not black[8] and black[12] and not black[18]


def test_variants_of_one_title_are_lines_of_their_own(tmp_path):
    records = [
        one.model_copy(update={"source": one.source.model_copy(update={"title": "AttnGAN"})})
        for one in variant_records()
        if one.source.variant in ("", "attngan1-lambda-1")
    ]
    drawing = etree.fromstring(files_of(Components(), write_sample(tmp_path / "results", records))["components.svg"])
    texts = drawing.xpath("//svg:text/text()", namespaces=SVG)
    assert texts.count("AttnGAN (attngan)") == texts.count("AttnGAN (attngan:attngan1-lambda-1)") == 2
