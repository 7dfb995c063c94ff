"""The page in a real browser: the system's Chromium, driven by playwright, which downloads nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from t2ibench.core.interfaces import ReportInput
from t2ibench.core.types import Origin
from t2ibench_reports.leaderboard import Leaderboard
from tests.reports.sample_results import FID, record, source, write_sample

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[playwright.Browser]:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip(f"no Chromium on this machine (looked for {', '.join(BROWSERS)})")
    with playwright.sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    results = write_sample(folder / "results")
    latest, faults = results.latest()
    given = ReportInput(list(latest.values()), faults, results.folder / "images", ("html",))
    path = folder / "leaderboard.html"
    path.write_bytes(Leaderboard().render(given)["leaderboard.html"])
    return path


@pytest.fixture
def opened(browser, page_file):
    """Open the page with the given settings; at the end it must have asked for nothing and complained of nothing."""
    requests, complaints, contexts = [], [], []

    def open_page(path=page_file, **settings):
        context = browser.new_context(**({"viewport": {"width": 1280, "height": 900}} | settings))
        contexts.append(context)
        context.set_default_timeout(120_000)  # a guard, on a busy machine too
        page = context.new_page()
        page.on("request", lambda request: requests.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [url for url in requests if not url.startswith(("file:", "data:"))] == []
    assert complaints == []


def names(page, section="measured"):
    return page.locator(f"#group-1 tbody.{section} th.name .label").all_inner_texts()


def column(page, place, section="measured"):
    cells = page.locator(f"#group-1 tbody.{section} tr:not(.section) > :nth-child({place})")
    return [float(text) for text in cells.evaluate_all("all => all.map(one => one.dataset.value ?? 'nan')")]


def test_sorting_by_click(opened):
    page = opened()
    original = names(page)
    button = page.locator("#group-1 thead button").nth(3)
    head = page.locator("#group-1 thead th").nth(3)
    button.click()
    values = column(page, 4)
    assert values[:-1] == sorted(values[:-1], reverse=True)  # higher is better: best on top
    assert names(page)[-1] == "alignDRAW"  # what failed stays last
    assert head.get_attribute("aria-sort") == "descending"
    assert "Sorted by R-precision" in page.locator("#group-1 .sort-status").inner_text()
    button.click()
    values = column(page, 4)
    assert values[:-1] == sorted(values[:-1])
    assert names(page)[-1] == "alignDRAW"
    button.click()
    assert names(page) == original
    assert head.get_attribute("aria-sort") is None


def test_sorting_keeps_the_sections_apart(opened):
    page = opened()
    measured, controls = set(names(page)), set(names(page, "control"))
    page.locator("#group-1 thead button").nth(2).click()
    assert set(names(page)) == measured
    assert set(names(page, "control")) == controls
    assert column(page, 3, "control") == sorted(column(page, 3, "control"))
    sections = page.locator("#group-1 table.board tbody").evaluate_all("all => all.map(one => one.className)")
    assert sections == ["measured", "control"]
    firsts = page.locator("#group-1 table.board tbody tr:first-child")
    assert set(firsts.evaluate_all("all => all.map(one => one.className)")) == {"section"}


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_sorting_by_keyboard(opened, key):
    page = opened()
    page.locator("#group-1 thead button").first.focus()
    page.keyboard.press(key)
    assert names(page) == sorted(names(page), key=str.casefold)
    page.keyboard.press("Tab")
    page.keyboard.press(key)
    values = column(page, 2)
    assert values == sorted(values, reverse=True)


def test_a_value_opens_its_record(opened):
    page = opened()
    assert not page.locator("#group-1 .record pre").first.is_visible()
    page.locator("#group-1 td.best a").first.click()
    body = page.locator(":target")
    assert body.locator("pre").is_visible()
    assert '"value": 31.7' in body.locator("pre").inner_text()
    address = page.url
    page.goto("about:blank")
    page.goto(address)
    assert page.locator(":target pre").is_visible()


def test_it_can_be_read_without_scripts(opened):
    page = opened(java_script_enabled=False)
    assert page.locator("button").count() == 0
    assert page.locator("#group-1 td.best").is_visible()
    page.locator("#group-1 td.best a").click()
    assert page.locator(":target pre").is_visible()


@pytest.mark.parametrize("width", [320, 390, 768, 1280])
def test_no_width_makes_the_page_overflow(opened, width):
    page = opened(viewport={"width": width, "height": 844})
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_on_a_phone_the_names_stay_in_sight(opened):
    page = opened(viewport={"width": 390, "height": 844})
    scroll = page.locator("#group-1 .scroll").first
    scroll.evaluate("one => { one.scrollLeft = 300 }")
    assert scroll.evaluate("one => one.scrollLeft") > 100
    name = page.locator("#group-1 tbody th.name").first.bounding_box()
    assert name["x"] >= scroll.bounding_box()["x"]
    assert name["width"] < 160


def brightness(page, selector, name):
    colour = page.locator(selector).first.evaluate("(one, name) => getComputedStyle(one)[name]", name)
    parts = [float(part) / 255 for part in colour.partition("(")[2].rstrip(")").split(",")[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_both_schemes_can_be_read(opened, scheme):
    page = opened(color_scheme=scheme)
    paper, sheet = brightness(page, "body", "backgroundColor"), brightness(page, ".scroll", "backgroundColor")
    assert (paper > 0.5) == (scheme == "light")
    pairs = [
        ("body", paper),
        (".lead", paper),
        (".notes li", paper),
        (".subtitle", sheet),
        (".interval", sheet),
        ("td.failed", sheet),
        (".verdict.seen", sheet),
        (".checks summary", paper),
        ("td.best .verdict strong", brightness(page, "td.best", "backgroundColor")),
        ("tbody.control .interval", brightness(page, "tbody.control th.name", "backgroundColor")),
        (".badge", brightness(page, ".badge", "backgroundColor")),
    ]
    for selector, ground in pairs:
        ink = brightness(page, selector, "color")
        contrast = (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)
        assert contrast >= 4.5, (selector, contrast)


def test_print_hides_what_paper_cannot_do(opened):
    page = opened()
    page.emulate_media(media="print")
    assert not page.locator("#group-1 .records").is_visible()
    assert not page.locator("nav").is_visible()
    assert page.locator("#group-1 td.best").is_visible()


def test_basics_of_accessibility(opened):
    page = opened()
    assert page.locator("html").get_attribute("lang") == "en"
    assert page.locator("img:not([alt]), img[alt='']").count() == 0
    assert page.locator("table th:not([scope])").count() == 0
    assert page.locator("table.board").count() == page.locator("table.board > caption").count()
    assert page.locator("main").count() == page.locator("h1").count() == 1
    for region in page.locator("[role=region]").all():
        label = region.get_attribute("aria-label")
        labelled = region.get_attribute("aria-labelledby")
        assert label or page.locator(f"#{labelled}").count() == 1
        assert region.get_attribute("tabindex") == "0"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the first table"


def test_hostile_captions_and_names_run_nothing(opened, tmp_path):
    hostile = "</script><script>document.title = 'owned'</script><img src=x onerror=\"document.title='owned'\">"
    results = write_sample(tmp_path / "results", [record(source("a", title=hostile), FID, 5.0, 1, images="a.png")])
    (results.folder / "images" / "a.json").write_text(f'["{hostile.replace(chr(34), chr(92) + chr(34))}"]')
    given = ReportInput(list(results.latest()[0].values()), (hostile,), results.folder / "images", ("html",))
    path = tmp_path / "page.html"
    path.write_bytes(Leaderboard().render(given)["leaderboard.html"])
    page = opened(path)
    assert page.title() == "t2ibench: Leaderboard"
    assert hostile in page.locator("#group-1 th.name .label").first.inner_text()


def test_the_policy_stops_what_slips_through(browser, page_file, tmp_path):
    path = tmp_path / "page.html"
    slipped = "<script>document.title = 'owned'</script></body>"
    path.write_text(page_file.read_text(encoding="utf-8").replace("</body>", slipped), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    assert page.title() == "t2ibench: Leaderboard"
    page.close()


def test_a_broken_evaluation_is_seen_first(opened, tmp_path):
    records = [
        record(source(name, Origin.CONTROL), FID, value, 1) for name, value in (("ground-truth", 400.0), ("noise", 3.0))
    ]
    results = write_sample(tmp_path / "results", records)
    given = ReportInput(records, (), results.folder / "images", ("html",))
    path = tmp_path / "page.html"
    path.write_bytes(Leaderboard().render(given)["leaderboard.html"])
    page = opened(path)
    banner = page.locator("header .broken")
    assert banner.is_visible()
    assert banner.bounding_box()["y"] < page.locator("table.board").bounding_box()["y"]
