"""The pages of components, gallery, compare and model in a real browser."""

from __future__ import annotations

import pytest

from t2ibench_reports.compare import Compare
from t2ibench_reports.components import Components
from t2ibench_reports.gallery import Gallery
from t2ibench_reports.model import Model
from tests.reports.sample_results import IS, record, source
from tests.reports.test_browser import brightness, browser, opened, page_file  # noqa: F401  # fixtures
from tests.reports.test_components import render
from tests.reports.variant_results import variant_records

pytestmark = pytest.mark.browser
REPORTS = {
    "components": (Components(), ()),
    "gallery": (Gallery(), ()),
    "compare": (Compare(), ("attngan", "attngan:attngan1-lambda-1")),
    "model": (Model(), ("attngan",)),
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, (report, subjects) in REPORTS.items():
        found[name] = folder / f"{name}.html"
        text = render(report, folder / name, variant_records(), ("html",), subjects)["html"]
        found[name].write_text(text, encoding="utf-8")
    return found


@pytest.mark.parametrize("name", REPORTS)
def test_no_width_overflows_and_nothing_is_asked_for(opened, pages, name):  # noqa: F811
    for width in (360, 1280):
        page = opened(pages[name], viewport={"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == width
        assert page.locator("main table, main dl").first.is_visible()
        assert page.locator("img:not([alt]), img[alt='']").count() == 0
        assert page.locator("table th:not([scope])").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_can_be_read(opened, pages, scheme):  # noqa: F811
    page = opened(pages["components"], color_scheme=scheme)
    sheet = brightness(page, ".scroll", "backgroundColor")
    assert (sheet > 0.5) == (scheme == "light")
    for selector in ("td.reported", "td.reported .below", "th.reported .title", ".subtitle", "td.value .interval"):
        ink = brightness(page, f"tbody.measured tr:last-child {selector}" if selector[1] == "d" else selector, "color")
        assert (max(ink, sheet) + 0.05) / (min(ink, sheet) + 0.05) >= 4.5, selector


def test_a_value_leads_to_its_record_without_a_script(opened, pages):  # noqa: F811
    page = opened(pages["components"], java_script_enabled=False)
    page.locator("#group-1 td.value a").first.click()
    assert page.locator(":target pre").is_visible()


def test_hostile_names_run_nothing(opened, tmp_path):  # noqa: F811
    hostile = "</style><script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    records = [record(source(name, title=hostile, variant=name), IS, 3.0, 0.1) for name in ("m:a", "m:b")]
    path = tmp_path / "page.html"
    path.write_text(render(Components(), tmp_path, records, ("html",))["html"], encoding="utf-8")
    page = opened(path)
    assert page.title() == "t2ibench: Component analysis"
    assert hostile in page.locator("tbody th.name .label").first.inner_text()
