"""Wide tables in a real browser: what fits, what a phone shows at first, and the hint where a table goes on."""

from __future__ import annotations

import pytest

from t2ibench.core.records import CostRecord
from t2ibench_reports.compare import Compare
from t2ibench_reports.components import Components
from t2ibench_reports.gallery import Gallery
from t2ibench_reports.leaderboard import Leaderboard
from tests.reports.sample_results import FID, IS, R, record, source
from tests.reports.test_browser import browser, names, opened, page_file, playwright  # noqa: F401  # fixtures
from tests.reports.test_components import render
from tests.reports.test_gallery import apart_input
from tests.reports.variant_results import variant_records

pytestmark = pytest.mark.browser
PHONE, LAPTOP = {"width": 360, "height": 800}, {"width": 1280, "height": 800}
WIDTHS = "all => all.map(one => [one.clientWidth, one.scrollWidth, one.querySelector('.goes-on').offsetHeight])"
OVERLAPS = """all => all.filter(one => [...one.querySelectorAll('.verdict, .interval')].some(
    part => part.scrollWidth > part.clientWidth + 1
        || part.getBoundingClientRect().right > one.getBoundingClientRect().right)).length"""


@pytest.fixture(scope="module")
def tables(tmp_path_factory, page_file):  # noqa: F811
    """Return the pages with wide tables: name -> path."""
    folder = tmp_path_factory.mktemp("wide")
    found = {"leaderboard": page_file}
    subjects = ("attngan", "attngan:attngan1-lambda-1")
    for name, report, rows in (("components", Components(), ()), ("compare", Compare(), subjects)):
        found[name] = folder / f"{name}.html"
        found[name].write_text(render(report, folder / name, variant_records(), ("html",), rows)["html"], "utf-8")
    return found


@pytest.mark.parametrize("name", ["leaderboard", "components", "compare"])
def test_a_laptop_shows_whole_tables(opened, tables, name):  # noqa: F811
    page = opened(tables[name], viewport=LAPTOP)
    for inside, content, hint in page.locator(".scroll:has(table.board)").evaluate_all(WIDTHS):
        assert content <= inside and hint == 0
    assert page.locator("table.board td.value").evaluate_all(OVERLAPS) == 0


def test_a_laptop_shows_five_measures_and_six_costs(opened, tmp_path):  # noqa: F811
    """As `t2ibench eval` has them on the drawn birds."""
    further = [
        R.model_copy(update={"column": name, "title": title, "metric": name})
        for name, title in (("simclip", "SimCLIP R-precision"), ("attributes", "Attributes"))
    ]
    trained = {"steps": 100_000, "parameters": 4_830_000, "training_images": 1_600_000, "training_seconds": 85_000.0}
    records = []
    for place, name in enumerate(("StackGAN-v2", "A sampler over AttnGAN", "DM-GAN")):
        of = source(name, **trained)
        for metric, value in ((IS, 12.0 + place / 5), (FID, 132.5), (R, 50.5), *((one, 45.2) for one in further)):
            cost = CostRecord(seconds=123.4, images_per_second=7_195.2)
            records.append(record(of, metric, value, 3.25, cost=cost, warnings=("Few images.",)))
    path = tmp_path / "leaderboard.html"
    path.write_text(render(Leaderboard(), tmp_path, records, ("html",))["html"], "utf-8")
    page = opened(path, viewport=LAPTOP)
    ((inside, content, hint),) = page.locator(".scroll:has(table.board)").evaluate_all(WIDTHS)
    assert content <= inside and hint == 0
    assert page.locator("table.board td.value").evaluate_all(OVERLAPS) == 0


@pytest.mark.parametrize("name", ["leaderboard", "components", "compare"])
def test_a_phone_shows_a_metric_at_once_and_a_hint_that_there_are_more(opened, tables, name):  # noqa: F811
    page = opened(tables[name], viewport=PHONE)
    edge = page.locator("table.board td.value").first.evaluate("one => one.getBoundingClientRect().right")
    assert edge <= PHONE["width"] - 16
    for inside, content, hint in page.locator(".scroll").evaluate_all(WIDTHS):
        assert (content > inside) == (hint > 10)
    page.emulate_media(media="print")
    assert not page.locator(".goes-on").first.is_visible()


def test_a_small_gallery_has_a_small_sheet(opened, tables):  # noqa: F811
    page = opened(tables["compare"], viewport=LAPTOP)
    sheet = page.locator(".scroll:has(table.gallery)")
    assert sheet.bounding_box()["width"] < 700 and sheet.evaluate_all(WIDTHS)[0][2] == 0


def test_the_hint_needs_no_script(opened, tables):  # noqa: F811
    page = opened(tables["components"], viewport=PHONE, java_script_enabled=False)
    assert page.locator(".goes-on").first.bounding_box()["height"] > 10


def test_the_hint_goes_at_the_end_of_the_table(opened, tables):  # noqa: F811
    page = opened(tables["components"], viewport=PHONE)
    if not page.evaluate("CSS.supports('animation-timeline: scroll()')"):
        pytest.skip("this browser knows no scroll timelines: the line stays")
    hint = playwright.expect(page.locator(".goes-on span").first)  # waits; page.wait_for_function would need eval
    hint.to_have_css("visibility", "visible")
    page.evaluate("document.querySelector('.scroll').scrollLeft = 9999")
    hint.to_have_css("visibility", "hidden")


def test_components_are_sorted_by_a_metric_and_by_lambda(opened, tables):  # noqa: F811
    page = opened(tables["components"])
    before = names(page)
    head = page.locator("#group-1 thead th", has_text="IS ↑")
    head.locator("button").click()
    first = page.locator("#group-1 tbody.measured tr:not(.section)").first
    assert first.locator("th .label").inner_text() == "AttnGAN2" and head.get_attribute("aria-sort") == "descending"
    assert "Sorted by IS" in page.locator("#group-1 .sort-status").inner_text()
    page.locator("#group-1 thead th", has_text="λ").locator("button").click()
    weights = page.locator("#group-1 tbody.measured tr:not(.section) td:nth-child(2)")
    found = [float(text) for text in weights.evaluate_all("all => all.map(one => one.dataset.value)")]
    assert found == sorted(found, reverse=True)
    for _ in range(2):
        page.locator("#group-1 thead th", has_text="λ").locator("button").click()
    assert names(page) == before


def test_components_have_the_chooser_of_columns_and_the_filter(opened, tables):  # noqa: F811
    page = opened(tables["components"])
    page.locator("#group-1 .chooser summary").click()
    page.locator("#group-1 .chooser").get_by_label("FID ↓").uncheck()
    assert not page.locator("#group-1 thead th", has_text="FID ↓").is_visible()
    page.get_by_label("Origin").select_option("control")
    assert not page.locator("#group-1 tbody.measured").is_visible()
    assert page.locator("#group-1 tbody.control").is_visible()


def test_compare_is_sorted_by_measure_and_verdict_but_not_by_values_of_several_units(opened, tables):  # noqa: F811
    page = opened(tables["compare"])
    assert page.locator("#group-1 thead button").all_inner_texts() == ["Measure", "Verdict"]
    page.locator("#group-1 thead button").first.click()
    page.locator("#group-1 thead button").first.click()
    shown = page.locator("#group-1 tbody th.name .label").all_inner_texts()
    assert shown == sorted(shown, key=str.casefold, reverse=True) or shown == sorted(shown, key=str.casefold)


def test_the_strip_of_a_source_that_stands_apart_can_be_seen(opened, tmp_path):  # noqa: F811
    given = apart_input(tmp_path)
    path = tmp_path / "gallery.html"
    path.write_bytes(Gallery().render(given)["gallery.html"])
    page = opened(path)
    assert page.locator(".tiles li img").last.is_visible()
    assert page.locator(".tiles").last.bounding_box()["height"] > 60
