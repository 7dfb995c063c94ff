"""Filters, the column chooser and the switch between light and dark, in a real browser; and what axe finds."""

from __future__ import annotations

import pytest

from t2ibench.core.interfaces import ReportInput
from t2ibench_reports.compare import Compare
from t2ibench_reports.gallery import Gallery
from t2ibench_reports.model import Model
from tests.reports.detail_results import write_details
from tests.reports.test_browser import brightness, browser, names, opened, page_file  # noqa: F401  # fixtures

pytestmark = pytest.mark.browser
SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def detail_pages(tmp_path_factory):
    """Pages with everything that details bring."""
    folder = tmp_path_factory.mktemp("details")
    results = write_details(folder / "results")
    records = list(results.latest()[0].values())
    found = {}
    for report, subjects in ((Compare(), ("attngan", "dmgan")), (Model(), ("attngan",)), (Gallery(), ())):
        given = ReportInput(records, (), results.folder / "images", ("html",), subjects)
        found[report.name] = folder / f"{report.name}.html"
        found[report.name].write_bytes(report.render(given)[f"{report.name}.html"])
    return found


def test_filtering_by_protocol(opened):  # noqa: F811
    page = opened()
    tables = page.locator("section.group")
    assert tables.count() == 3
    page.get_by_label("Protocol").select_option("paper")
    assert [tables.nth(place).is_visible() for place in range(3)] == [False, False, True]
    assert page.locator("nav li:visible").count() == 1
    assert "1 rows in 1 tables shown." in page.locator(".tools [role=status]").inner_text()
    page.get_by_role("button", name="Show all").click()
    assert all(tables.nth(place).is_visible() for place in range(3))
    assert page.get_by_label("Protocol").input_value() == ""


def test_filtering_by_origin(opened):  # noqa: F811
    page = opened()
    page.get_by_label("Origin").select_option("official weights")
    visible = page.locator("#group-1 table.board tr[data-origin]:visible")
    assert visible.count() == 1
    assert "AttnGAN" in visible.first.inner_text()
    assert not page.locator("#group-1 tbody.control").is_visible()
    assert not page.locator("#group-3").is_visible()  # nothing of that origin in it


def test_columns_can_be_hidden_and_sorting_goes_on(opened):  # noqa: F811
    page = opened()
    page.locator("#group-1 .chooser summary").click()
    page.locator("#group-1 .chooser").get_by_label("FID").uncheck()
    heads = page.locator("#group-1 table.board thead th:visible .title").all_inner_texts()
    assert not any("FID" in head for head in heads) and any("IS" in head for head in heads)
    row = page.locator("#group-1 tbody.measured tr[data-origin]").first
    assert row.locator(":scope > :visible").count() == len(heads)
    page.locator("#group-1 thead button").first.click()
    assert names(page) == sorted(names(page), key=str.casefold)
    page.locator("#group-1 .chooser").get_by_label("FID").check()
    assert page.locator("#group-1 table.board thead th:visible").count() == len(heads) + 1


def test_the_filters_work_by_keyboard(opened):  # noqa: F811
    page = opened()
    page.locator("#group-1 .chooser summary").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    assert not page.locator("#group-1 table.board thead th").nth(1).is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_can_be_switched(opened, detail_pages, scheme):  # noqa: F811
    for path in (None, detail_pages["compare"]):
        page = opened(*([] if path is None else [path]), color_scheme=scheme)
        before = brightness(page, "body", "backgroundColor")
        page.locator("button.theme").click()
        assert (before > 0.5) != (brightness(page, "body", "backgroundColor") > 0.5)
        page.emulate_media(media="print")
        assert brightness(page, "body", "backgroundColor") > 0.9  # paper is white
        assert not page.locator("button.theme").is_visible()


@pytest.mark.parametrize("name", ["compare", "model", "gallery"])
def test_pages_of_details_fit_a_phone(opened, detail_pages, name):  # noqa: F811
    page = opened(detail_pages[name], viewport={"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360


@pytest.mark.parametrize("name", ["leaderboard", "compare", "model", "gallery"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, page_file, detail_pages, name, scheme):  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = opened({"leaderboard": page_file, **detail_pages}[name], color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    found = axe.run(page).response["violations"]
    told = [(one["id"], one["nodes"][0]["target"], len(one["nodes"])) for one in found if one["impact"] in SERIOUS]
    assert told == []
