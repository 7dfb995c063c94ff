"""The report of probes: what it says, from the results folder alone, whatever stands in it."""

import csv
import io
import json
import re

import pytest
from lxml import html
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import ReportInput
from t2ibench_reports.probe import Probe
from tests.reports.probe_results import attended, probe, question, shown, write_probes
from tests.reports.test_browser import browser, opened, page_file  # noqa: F401  # fixtures

FORMATS = ("html", "csv", "md", "json", "png", "txt")


def render(folder, records, formats=FORMATS, subjects=()):
    results = write_probes(folder, records)
    return Probe().render(ReportInput([], [], results / "images", formats, subjects))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return render(tmp_path_factory.mktemp("results"), [probe(), attended(), shown()])


def test_figures_stand_beside_their_ceiling_and_what_luck_gets(made):
    text = made["probe.txt"].decode()
    assert re.search(r"attngan +71\.2 \[61\.8, 75\.5\] +80\.0 \S+ \S+ +2\.5 \[0\.0, 6\.8\]", text)
    assert re.search(r"Drawn to fit +99\.0 \[89\.5, 100\.0\] +- +81\.0", text)
    assert re.search(r"Deaf to the words +≤ 33 +- +0 +100 +0", text)
    assert re.search(r"wing +91\.5 \[82\.0, 95\.8\] +100\.0 \[90\.5, 100\.0\] +≤ 33", text)
    assert "simattributes, a stand-in network" in text


def test_words_are_set_against_their_attention(made):
    text = made["probe.txt"].decode()
    assert re.search(r"red → blue +20\.0 most +20\.0 most +30\.0", text)
    assert "In 1 of 1 captions the word attended to most is the one whose replacement changes the image" in text


def test_what_nothing_reads_is_shown_and_said_so(made):
    text = made["probe.txt"].decode()
    assert "Nothing reads these images exactly enough to score them: they are shown." in text
    assert "The model does not know moon" in text


def test_what_a_captioner_reads_stands_below_the_images(tmp_path):
    asked = probe()["questions"][0] | {"read_back": [["a red bird", "x", "y"], ["<b>a blue bird</b>", "x", "y"]]}
    never = shown()["questions"][0] | {"read_back": [["a bus", "a cat"], ["the moon", "glass"]], "pairing": "none"}
    never |= {"images": ["1-0.png", "1-1.png"]}
    record = probe(
        questions=[asked, never],
        captioner={"captions": "by simbirds, beam 3"},
    )
    tree = html.fromstring(render(tmp_path, [record], ("html",))["probe.html"].decode())
    (found,) = tree.xpath("//h3[normalize-space()='What it reads in them']")
    rows = found.xpath("following-sibling::div[1]//tbody/tr")
    read = [row.xpath(".//span[@class='caption']/text()") for row in rows]
    # Of a question the first wording, of what never happens all of them; a column a noise.
    assert read == [["a red bird", "<b>a blue bird</b>"], ["a bus", "the moon"], ["a cat", "glass"]]
    assert "by simbirds, beam 3" in tree.text_content()


def test_csv_and_json_hold_all_digits(made):
    lines = list(csv.DictReader(io.StringIO(made["probe.csv"].decode())))
    assert {line["probe"] for line in lines} == {"colours", "words", "compositions"}
    deaf = [line["deaf_at_most"] for line in lines if line["measure"] == "asked" and line["row"] == "model"]
    assert [float(one) for one in deaf] == [100 / 3, 100 / 3]
    content = json.loads(made["probe.json"])
    assert [one["dataset"] for one in content["probes"]] == ["coco", "simbirds", "simbirds"]


def test_a_png_a_probe_has_a_row_a_noise_and_a_column_a_wording(made, tmp_path):
    names = [name for name in made if name.endswith(".png")]
    assert len(names) == 3 and all(re.fullmatch(r"probe-[A-Za-z0-9_.-]+\.png", name) for name in names)
    alone = render(tmp_path, [probe()], ("png",))
    assert list(alone) == ["probe.png"]
    with Image.open(io.BytesIO(alone["probe.png"])) as sheet:
        assert sheet.width > 3 * 128 and sheet.height > 2 * 3 * 128


def test_equal_results_give_equal_bytes(made, tmp_path):
    assert render(tmp_path, [shown(), probe(), attended()]) == made


def test_one_probe_can_be_asked_for(tmp_path):
    record = attended()
    (page,) = render(tmp_path, [probe(), record], ("html",), (record["id"],)).values()
    assert b"Probe of words: attngan" in page and b"Probe of colours" not in page


def test_without_probes_the_command_is_named(tmp_path):
    with pytest.raises(UserError, match="t2ibench probe colours attngan"):
        render(tmp_path, [])


def test_hostile_names_and_files_do_no_harm(tmp_path):
    hostile = "</style><script>document.title = 'owned'</script>\x1b[31m"
    asked = question(0, hostile, (hostile, "../../x"), images=["../../../secret.png", "0-1.png"], truth=["missing.png"])
    (tmp_path / "secret.png").write_bytes(b"no image")
    record = probe(label="../../x", questions=[asked], unknown_words=[hostile])
    files = render(tmp_path / "results", [record, probe()])
    assert b"<script>document" not in files["probe.html"]
    assert not any(b"\x1b" in content for name, content in files.items() if not name.endswith(".png"))
    assert all("/" not in name for name in files)
    (tmp_path / "results" / "probes" / "torn").mkdir()
    (tmp_path / "results" / "probes" / "torn" / "probe.json").write_text("{")
    again = Probe().render(ReportInput([], [], tmp_path / "results" / "images", ("txt",)))
    assert b"probes/torn/probe.json is no probe record" in again["probe.txt"]


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_page_can_be_read_in_a_browser(opened, made, tmp_path, width):  # noqa: F811
    path = tmp_path / "probe.html"
    path.write_bytes(made["probe.html"])
    page = opened(path, viewport={"width": width, "height": 800}, java_script_enabled=False)
    assert page.locator("main table").first.is_visible()
    assert page.locator("img").count() == 2 * 3 * 3 + 2 * 3 + 2 * 2
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert page.locator("table th:not([scope])").count() == 0
    assert all(page.locator("main thead th").evaluate_all("all => all.map(one => one.textContent.trim() !== '')"))
    assert page.evaluate("document.documentElement.scrollWidth") == width
