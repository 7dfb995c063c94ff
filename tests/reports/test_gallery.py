"""The gallery: a caption a row for all sources that have it; a source of other captions stands apart."""

from __future__ import annotations

import json

import pytest
from lxml import html

from t2ibench.core.files import write_text
from t2ibench.core.interfaces import ReportInput
from t2ibench.core.types import Origin
from t2ibench_reports.gallery import Gallery
from t2ibench_reports.leaderboard import Leaderboard
from tests.reports.sample_results import CAPTIONS, FID, record, source, write_sample

OTHERS = tuple(f"another caption, number {place}" for place in range(len(CAPTIONS)))


def apart_input(tmp_path):
    """Return the input of a report on two models and real images of the training split, with captions of its own."""
    records = [record(source(name, title=name.upper()), FID, 40.0, 1, images=f"{name}.png") for name in ("a", "b")]
    real = source("real-train", Origin.CONTROL, title="Real, train split")
    results = write_sample(tmp_path / "results", [*records, record(real, FID, 3.0, 1, images="real.png")])
    write_text(results.folder / "images" / "real.json", json.dumps({"captions": OTHERS}))
    return ReportInput(list(results.latest()[0].values()), (), results.folder / "images", ("html", "txt"))


@pytest.fixture
def given(tmp_path):
    return apart_input(tmp_path)


def test_a_source_of_other_captions_leaves_no_void_in_the_grid(given):
    files = Gallery().render(given)
    page = html.fromstring(files["gallery.html"].decode())
    rows = page.xpath("//table[@class='gallery']/tbody/tr")
    assert [row.xpath("string(th)") for row in rows] == list(CAPTIONS)
    assert "no image" not in page.text_content()
    assert "Real, train split" not in page.xpath("string(//table[@class='gallery']/thead)")
    assert page.xpath("//ul[@class='tiles wide']/li/span/text()") == list(OTHERS)
    assert "Real, train split has captions of its own, so it stands apart." in page.text_content()
    assert "the same for every source but those shown apart" in page.text_content()
    assert OTHERS[0] in files["gallery.txt"].decode()


def test_the_leaderboard_has_each_shared_caption_once(given):
    page = html.fromstring(Leaderboard().render(given)["leaderboard.html"].decode())
    table = page.xpath("//table[@class='gallery']")[0]
    assert [head.text_content() for head in table.xpath("thead//th")[1:]] == list(CAPTIONS)
    assert [one.text_content() for one in table.xpath("tbody//span[@class='caption']")] == list(OTHERS)
    assert "the same for every row but Real, train split, whose own stand below the images" in page.text_content()
