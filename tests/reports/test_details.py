"""What lies behind numbers, as compare, model and gallery show it: captions, failures, inner images, training."""

from __future__ import annotations

import base64
import io
import json

import pytest
from lxml import html
from PIL import Image

from t2ibench.core.interfaces import ReportInput
from t2ibench_reports.compare import Compare
from t2ibench_reports.details.model_parts import wilson
from t2ibench_reports.gallery import Gallery
from t2ibench_reports.model import Model
from t2ibench_reports.rendering.rendered import FIGURES
from tests.reports.detail_results import CAPTIONS, FID, FIRST, SECOND, write_details


def render(report, results, formats=("html",), subjects=()):
    latest, faults = results.latest()
    given = ReportInput(list(latest.values()), faults, results.folder / "images", formats, subjects)
    files = {name.rpartition(".")[2]: content for name, content in report.render(given).items()}
    return {name: content.decode("latin-1" if name in ("png", "pdf") else "utf-8") for name, content in files.items()}


def tree_of(report, results, *subjects):
    return html.fromstring(render(report, results, subjects=subjects)["html"])


def reds(cell):
    """Return the red of each image in a table row."""
    images = [base64.b64decode(one.get("src").partition(",")[2]) for one in cell.xpath(".//img")]
    return [Image.open(io.BytesIO(content)).convert("RGB").getpixel((3, 3))[0] // 10 for content in images]


@pytest.fixture
def results(tmp_path):
    return write_details(tmp_path / "results")


def grid(tree, title):
    (found,) = tree.xpath(f"//h3[normalize-space()='{title}']")
    return found.xpath("following-sibling::div[1]//tbody/tr")


def test_compare_counts_captions_and_draws_them(results):
    tree = tree_of(Compare(), results, "attngan", "dmgan")
    (figure,) = tree.xpath("//figure[contains(@class, 'scatter')]")
    sentence = " ".join(figure.xpath("string(figcaption)").split())
    # 0 to 3: the first alone; 4 to 6: both; 7 to 11: the second alone.
    assert "Of 12 captions, AttnGAN is ahead on 4, DM-GAN on 5 and 3 are equal." in sentence
    assert {"3", "4", "5"} <= set(figure.xpath(".//text/text()"))
    said = [one.partition(" caption")[0] for one in figure.xpath(".//g/title/text()")]
    assert sorted(said) == ["3", "4", "5"]


@pytest.mark.parametrize("order", [("attngan", "dmgan"), ("dmgan", "attngan")])
def test_compare_shows_the_captions_of_each_with_its_own_images(results, order):
    tree = tree_of(Compare(), results, *order)
    # The strip holds the real images of the 3 captions, then the first row's, then the second's.
    where = {"attngan": ([3, 6, 0], [4, 7, 1]), "dmgan": ([5, 8, 2],)}
    for name, title in (("attngan", "AttnGAN"), ("dmgan", "DM-GAN")):
        rows = grid(tree, f"Where {title} is ahead by most")
        expected = [list(reds) if order[0] == "attngan" else [reds[1], reds[0], reds[2]] for reds in where[name]]
        assert [reds(row) for row in rows] == expected
    first = " ".join(grid(tree, "Where AttnGAN is ahead by most")[0].xpath("string(th)").split())
    values = "100.0 against 0.0" if order[0] == "attngan" else "0.0 against 100.0"
    assert first == f"{CAPTIONS[0]} ({values})"


def test_compare_keeps_every_value_in_json(results):
    content = json.loads(render(Compare(), results, ("json",), ("attngan", "dmgan"))["json"])
    assert [line["caption"] for line in content["captions"]] == list(CAPTIONS)
    assert [tuple(line["values"]["r-damsm"]) for line in content["captions"]] == list(zip(FIRST, SECOND, strict=True))


def test_without_details_compare_names_the_command(results):
    for path in results.details.iterdir():
        path.unlink()
    tree = tree_of(Compare(), results, "attngan", "dmgan")
    assert not tree.xpath("//figure")
    assert tree.xpath("//li/code/text()") == ["t2ibench compare attngan dmgan --data simbirds"]
    assert "keeps paired intervals and the captions on which either row is ahead by most" in tree.text_content()


def test_model_shows_parts_failures_and_training(results):
    tree = tree_of(Model(), results, "attngan")
    titles = [" ".join(one.xpath("text()")[0].split()) for one in tree.xpath("//h2")]
    assert titles == [
        "Card", "simbirds", "What captions state and images show", "Failures and successes",
        "Nearest to training images", "Inside", "Training",
    ]  # fmt: skip
    rows = [[" ".join(cell.text_content().split()) for cell in row.xpath("th|td")] for row in tree.xpath(
        "//section[h2[contains(., 'What captions state')]]//tbody/tr")]  # fmt: skip
    assert [row[:3] for row in rows] == [["wing", "10", "9"], ["<i>tail</i>", "4", "1"]]
    assert rows[0][3].startswith("90") and rows[1][3].startswith("25")
    # A strip holds the row's images of worst and best, then the real ones in the same order.
    assert [reds(row) for row in grid(tree, "Shown worst")] == [[0, 4], [1, 5]]
    assert [reds(row) for row in grid(tree, "Shown best")] == [[2, 6], [3, 7]]
    near = tree.xpath("//section[h2[contains(., 'Nearest to training images')]]")[0]
    assert reds(near) == [0, 2, 1, 3] and "number 3 with" in near.text_content()
    assert "0.10 of the mean distance" in near.text_content()
    assert [reds(row) for row in grid(tree, "Samples over time")] == [[0, 2], [1, 3]]
    assert len(tree.xpath("//section[h2[contains(., 'Training')]]//figure")) == 2


def test_model_shows_what_a_captioner_reads_in_its_images_and_in_the_real_ones(tmp_path):
    rows = [[f"caption {place}", f"read {place}", f"real <i>{place}</i>"] for place in range(4)]
    kept = {"by": "by simbirds, beam 3", "rows": rows, "image": "first-extremes.png"}
    results = write_details(tmp_path / "results", read_back=kept)
    tree = tree_of(Model(), results, "attngan")
    found = grid(tree, "Read back")
    assert [" ".join(row.xpath("string(th)").split()) for row in found] == [row[0] for row in rows]
    assert [row.xpath(".//span[@class='caption']/text()") for row in found] == [row[1:] for row in rows]
    assert [reds(row) for row in found] == [[place, place + 4] for place in range(4)]
    assert "by simbirds, beam 3" in tree.text_content()
    assert not tree_of(Model(), results, "dmgan").xpath("//h2[contains(., 'reads in them')]")


def test_gallery_shows_stages_and_gates(results):
    tree = tree_of(Gallery(), results)
    insides = tree.xpath("//details[@class='inside']")
    assert len(insides) == 2
    assert insides[0].xpath(".//ul[@class='tiles']/li/span/text()") == ["16 px", "64 px"]
    assert reds(insides[0]) == [0, 1]
    words = [" ".join(one.text_content().split()) for one in insides[0].xpath(".//ul[@class='words']/li")]
    assert words == ["red 25%", "bird 100%"]
    heights = [float(one.get("height")) for one in insides[0].xpath(".//rect")]
    assert heights == [15.0, 60.0]


@pytest.mark.parametrize("report", [Compare(), Gallery(), Model()], ids=["compare", "gallery", "model"])
def test_two_builds_are_equal_and_captions_are_text(results, report):
    subjects = ("attngan", "dmgan")[: len(getattr(report, "subjects", ()))]
    one = render(report, results, report.formats, subjects)
    assert one == render(report, results, report.formats, subjects)
    assert "<b>0</b>" not in one["html"] and "&lt;b&gt;0&lt;/b&gt;" in one["html"]


@pytest.mark.parametrize(
    "changes",
    [
        {"schema": 2},
        {"values": [1, 2]},
        {"parts": {"x": [["wing"]]}},
        {"captions": "../records.jsonl"},
        {"extremes": {"metric": 3, "worst": [99], "best": [0], "image": "../../x.png"}},
        {"inside": {"seen": [{"caption": "a"}], "image": "../../x"}},
        {"nearest": {"metric": FID.digest, "places": [1], "shares": [], "image": "first-nearest.png"}},
        {"read_back": {"rows": [["a", "b"]], "image": "../../x"}},
        {"read_back": {"rows": [["a", "b", 3]], "image": 4}},
        {"training": {"curves": {"a/loss": [[1]]}, "samples": {"steps": 3, "captions": [], "image": 4}}},
    ],
)
def test_damaged_details_are_left_out(tmp_path, changes):
    results = write_details(tmp_path / "results", **changes)
    for report, subjects in ((Compare(), ("attngan", "dmgan")), (Gallery(), ()), (Model(), ("attngan",))):
        formats = [name for name in report.formats if name not in FIGURES]
        page = render(report, results, formats, subjects)["html"]
        assert "AttnGAN" in page


def test_wilsons_interval():
    # Wilson 1927's formula at 1 of 4, worked by hand: centre (0.25 + 1.9207/4) / (1 + 3.8415/4).
    low, high = wilson(1, 4)
    assert (low, high) == (pytest.approx(4.559, abs=0.001), pytest.approx(69.936, abs=0.001))
    assert wilson(0, 0) == (0.0, 100.0)
    assert wilson(5, 5)[1] == pytest.approx(100)
