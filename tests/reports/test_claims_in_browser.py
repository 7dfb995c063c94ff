"""The page of claims, and a leaderboard of several trainings, in a real browser."""

from __future__ import annotations

import pytest

from t2ibench_reports.claims import Claims
from t2ibench_reports.leaderboard import Leaderboard
from tests.reports.test_browser import browser, opened, page_file  # noqa: F401  # fixtures
from tests.reports.test_claims import claim, given  # noqa: F401  # a fixture
from tests.reports.test_controls_in_browser import SERIOUS
from tests.reports.test_trainings import given as results
from tests.reports.test_trainings import records  # noqa: F401  # a fixture

pytestmark = pytest.mark.browser


@pytest.fixture
def pages(tmp_path, given, records):  # noqa: F811
    asked = given(
        claim("lambda", "holds", 4.25),
        claim("second", "reversed", -4.0),
        claim("third", "undecided", -0.5, more_seeds=7),
        claim("fourth", "not run", None, lacking=["bad"]),
        formats=("html",),
    )
    (tmp_path / "claims.html").write_bytes(Claims().render(asked)["claims.html"])
    made = Leaderboard().render(results(records, tmp_path, "html"))
    (tmp_path / "leaderboard.html").write_bytes(made["leaderboard.html"])
    return tmp_path


@pytest.mark.parametrize("name", ["claims", "leaderboard"])
def test_the_page_opens_without_errors_and_axe_finds_nothing_serious(opened, pages, name):  # noqa: F811
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = opened(pages / f"{name}.html")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
    found = axe.run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["target"]) for one in found if one["impact"] in SERIOUS] == []


def test_single_trainings_are_one_click_below_the_table(opened, pages):  # noqa: F811
    page = opened(pages / "leaderboard.html")
    rows = page.locator("[aria-label^='Single trainings'] tbody tr")
    assert rows.count() == 6 and not rows.first.is_visible()
    page.get_by_text("6 single trainings").click()
    assert rows.first.is_visible() and "one of 3 trainings, seed 0" in rows.first.inner_text()
