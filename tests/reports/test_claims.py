"""The report on claims: verdicts, effects with intervals, seeds, what is printed; hostile and damaged files."""

import csv
import io
import json

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import ReportInput
from t2ibench_reports.claims import Claims
from tests.reports.latex_page import assert_latex_fits


def claim(name, verdict, effect, **rest):
    row = {
        "claim": name, "statement": "Larger <b>is</b> better", "source": "A & B", "test": "difference",
        "column": "fid-x", "title": "FID", "unit": "", "higher_is_better": False, "verdict": verdict,
        "chance": 0.01, "margin": None,
        "effect": None if effect is None else {"value": effect, "deviation": 0.5, "seeds": 3}, "more_seeds": None,
        "interval": None if effect is None else [effect - 1, effect + 1], "further": {}, "lacking": [], "notes": [],
        "printed": [{"metric": "FID", "values": [16.09, 20.8], "status": "M", "source": "table 3"}],
        "values": {"good": [{"seed": 0, "value": 20.0, "record": "a"}],
                   "bad": [{"seed": None, "value": 31.5, "record": "b"}]},
    }  # fmt: skip
    return {**row, **rest}


def table(*rows):
    return {
        "schema": 1, "created": "2026-11-29T00:00:00+00:00", "dataset": "simbirds", "protocol": "p", "budget": "brief",
        "seeds": [0, 1], "steps": {"good": 400}, "command": "t2ibench bench claims", "rows": list(rows),
    }  # fmt: skip


@pytest.fixture
def given(tmp_path):
    def write(*rows, formats=("html", "csv", "md", "tex", "json", "txt"), subjects=()):
        (tmp_path / "claims").mkdir(exist_ok=True)
        (tmp_path / "claims/simbirds-brief.json").write_text(json.dumps(table(*rows)))
        return ReportInput((), (), images=tmp_path / "images", formats=formats, subjects=subjects)

    return write


def test_every_format_says_the_verdicts_twice_alike(given):
    asked = given(
        claim("lambda", "holds", 4.25), claim("second", "undecided", -0.5, more_seeds=7),
        claim("third", "not run", None, lacking=["bad"]),
    )  # fmt: skip
    made = Claims().render(asked)
    assert made == Claims().render(asked)
    for name in ("claims.html", "claims.md", "claims.txt", "claims.tex"):
        text = made[name].decode()
        assert "holds" in text and "4.25" in text and "not there: bad" in text and "31.50" in text, name
    page = made["claims.html"].decode()
    assert "<b>is</b>" not in page and "16.09, 20.8 (M)" in page and "://" not in page.replace("http://www.w3.org", "")
    rows = list(csv.DictReader(io.StringIO(made["claims.csv"].decode())))
    assert [row["verdict"] for row in rows] == ["holds", "undecided", "not run"]
    assert (rows[0]["effect"], rows[0]["interval_low"], rows[1]["more_seeds"]) == ("4.25", "3.25", "7")
    assert json.loads(made["claims.json"])["tables"][0]["rows"][1]["more_seeds"] == 7


def test_latex_sets_the_verdicts(given, tmp_path):
    asked = given(claim("lambda", "holds", 4.25), claim("second_50%", "undecided", -0.5), formats=("tex",))
    assert_latex_fits(Claims().render(asked)["claims.tex"].decode(), tmp_path)


def test_named_claims_alone_and_damaged_files_are_told(given, tmp_path):
    asked = given(
        claim("lambda", "holds", 4.25), claim("second", "reversed", -4.0), subjects=("second",), formats=("txt",)
    )
    (tmp_path / "claims/broken.json").write_text('{"schema": 2}')
    text = Claims().render(asked)["claims.txt"].decode()
    assert "reversed" in text and "lambda" not in text and "claims/broken.json is no table of claims" in text


def test_nothing_tested_is_a_sentence(tmp_path):
    asked = ReportInput((), (), images=tmp_path / "images", formats=("txt",), subjects=())
    with pytest.raises(UserError, match="t2ibench bench claims"):
        Claims().render(asked)
