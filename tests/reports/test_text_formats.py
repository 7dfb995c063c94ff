from __future__ import annotations

import csv
import io
import json
import shutil
import unicodedata

import pandas
import pytest

from t2ibench.core.interfaces import Report, ReportInput
from t2ibench.core.types import Origin
from t2ibench_reports.leaderboard import Leaderboard
from t2ibench_reports.rendering.data import comma_separated
from t2ibench_reports.rendering.latex_text import escaped
from t2ibench_reports.table.format import bounds, clean, decimals_for, number, shortened, significant
from tests.reports.latex_page import assert_latex_fits
from tests.reports.sample_results import FID, IS, R, record, source

ALL = Leaderboard.formats
HOSTILE = "a|b `c` <b>d</b> [e](http://f) $g_h^i$ 50% & #1 {j} \\input{/etc/passwd} ~ 中 é ± “k”"


def test_it_is_a_report():
    assert isinstance(Leaderboard(), Report)


def test_two_builds_are_equal_byte_for_byte(render):
    assert render(formats=ALL) == render(formats=ALL)


def test_two_folders_give_equal_bytes(render, tmp_path):
    first = render(formats=ALL)
    shutil.move(tmp_path / "results", tmp_path / "moved")
    from t2ibench.core.records import Results

    latest, faults = Results(tmp_path / "moved").latest()
    given = ReportInput(list(latest.values()), faults, tmp_path / "moved" / "images", ALL)
    again = {name.rpartition(".")[2]: text.decode() for name, text in Leaderboard().render(given).items()}
    assert again == first


# What is the default from pandas 3 on.
EXACTLY = {"float_precision": "round_trip"} if int(pandas.__version__.partition(".")[0]) < 3 else {}


def test_csv_round_trips_every_digit(render, sample):
    frame = pandas.read_csv(io.StringIO(render(formats=["csv"])["csv"]), **EXACTLY)
    assert len(frame) == len(sample)
    by_id = {one.id: one for one in sample}
    for line in frame.to_dict("records"):
        one = by_id[line["record_id"]]
        if one.value is None:
            assert line["status"] == "failed"
            assert line["error"] == one.error
            assert pandas.isna(line["value"])
        else:
            assert line["value"] == one.value
        if one.interval is not None:
            assert (line["interval_low"], line["interval_high"]) == (one.interval.low, one.interval.high)
        assert line["metric_digest"] == one.metric.digest
        assert line["section"] == {"control": "control", "reported": "reported"}.get(one.source.origin, "measured")


def test_csv_ranks_measured_rows_only(render):
    frame = pandas.read_csv(io.StringIO(render(formats=["csv"])["csv"]), keep_default_na=False)
    assert set(frame[frame.verdict != ""].section) == {"measured"}
    assert list(frame[frame.verdict == "best"].title) == ["DF-GAN"]


@pytest.mark.parametrize("title", ["=1+1", "+cmd", "-1", "@x", ' a "quoted", name\nwith lines'])
def test_csv_holds_no_formulas(render, title):
    text = render([record(source("a", title=title), FID, -5.0, 1)], ["csv"])["csv"]
    frame = pandas.read_csv(io.StringIO(text))
    assert not str(frame.title[0]).startswith(("=", "+", "-", "@"))
    assert frame.value[0] == -5.0


def test_json_holds_every_record(render, sample):
    content = json.loads(render(formats=["json"])["json"])
    assert {one["id"]: one["value"] for one in content["records"]} == {one.id: one.value for one in sample}
    assert [one["record_id"] for one in content["values"] if one["status"] == "failed"] == [
        one.id for one in sample if one.status == "failed"
    ]


def test_markdown_keeps_its_columns_whatever_the_names_hold(render):
    records = [record(source("a", title=HOSTILE), FID, 5.0, 1), record(source("b"), FID, None, error=HOSTILE)]
    text = render(records, ["md"])["md"]
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in rows}) == 1
    assert "<b>" not in text
    assert "](" not in text.replace("\\](", "").replace("\\]\\(", "")
    assert "http://" not in text


def test_terminal_text_is_aligned_and_obeys_nothing(render):
    records = [
        record(source("a", title="wide 中文 name"), FID, 5.0, 1),
        record(source("b", title="red \x1b[31m"), FID, 17.0, 1),
        record(source("c"), FID, None, error="bell \x07"),
    ]
    text = render(records, ["txt"])["txt"]
    assert "\x1b" not in text
    assert "\x07" not in text
    assert "(1) c, FID: failed: bell" in text
    rows = [line for line in text.splitlines() if "[" in line]
    wide = sum(unicodedata.east_asian_width(char) == "W" for char in rows[0])
    assert wide == 2
    assert rows[0].index("]") + wide == rows[1].rindex("]")


def test_what_tells_rows_apart_is_never_cut_off_on_a_terminal(render):
    records = [record(source("a", title="w " * 40, identity=place * 64), FID, 5.0, 1) for place in "bc"]
    text = render(records, ["txt"])["txt"]
    assert "weights bbbbbbbb · one" in text and "weights cccccccc · one" in text and "w…" in text


def test_a_wide_table_is_shown_in_parts_that_fit_a_terminal(render):
    sources = [source(name, title=f"{name} with a name of some forty places, as it is") for name in "ab"]
    metrics = [IS.model_copy(update={"name": f"m{place}", "title": f"metric {place}"}) for place in range(9)]
    records = [record(one, metric, 12.345, 0.5) for one in sources for metric in metrics]
    lines = render(records, ["txt"])["txt"].splitlines()
    table = [line for line in lines if line.startswith("  a with")]
    assert len(table) > 1 and max(map(len, lines)) <= 140
    assert sum(line.count("[") for line in table) == 9
    assert [line for line in lines if "Images/s" in line and "metric" not in line]


def test_a_reason_that_rows_share_stands_once_in_a_terminal(render):
    records = [record(source(name), FID, None, error="no weights") for name in "abc"]
    text = render([*records, record(source("d"), FID, None, error="no disk")], ["txt"])["txt"]
    assert "(1) a, b and c, FID: failed: no weights" in text and "(2) d, FID: failed: no disk" in text
    assert text.count("failed (1)") == 3 and text.count("failed (2)") == 1


def test_every_format_tells_of_failures_and_broken_controls(render):
    records = [record(source("a"), FID, None, error="no disk")]
    records += [
        record(source(name, Origin.CONTROL), FID, value, 1) for name, value in (("ground-truth", 400.0), ("noise", 3.0))
    ]
    files = render(records, ALL)
    for name in ALL:
        assert "no disk" in files[name], name
    for name in ("html", "md", "tex", "txt"):
        assert "evaluation is broken" in files[name].lower(), name


def test_latex_escapes_what_latex_obeys():
    assert escaped("50% & $x_1$ #1 {a}~^ \\input") == (
        r"50\% \& \$x\_1\$ \#1 \{a\}\textasciitilde{}\textasciicircum{} \textbackslash{}input"
    )
    assert escaped("é 中 ↓") == r"é (U+4E2D) $\downarrow$"


def test_latex_compiles(render, tmp_path, sample):
    records = [*sample, record(source("x", title=HOSTILE), FID, None, error=HOSTILE)]
    table = render(records, ["tex"])["tex"]
    assert table.count(r"\begin{tabular}") == table.count(r"\bottomrule") >= 3  # a group each, or several
    assert_latex_fits(table, tmp_path)


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (43.2, 1, "43.2"),
        (-1e-9, 1, "0.0"),
        (-0.04, 1, "0.0"),
        (30000, 0, "30,000"),
        (4.0, 3, "4.000"),
        (2.5e12, 1, "2.50e+12"),
        (0.0, 2, "0.00"),
    ],
)
def test_numbers(value, decimals, text):
    assert number(value, decimals) == text


def test_decimals_follow_the_interval():
    assert decimals_for([record(source("a"), FID, 43.2, 3.9)]) == 1
    assert decimals_for([record(source("a"), IS, 4.36, 0.03)]) == 3
    assert decimals_for([record(source("a"), FID, 1234.5, 210.0)]) == 0
    assert decimals_for([record(source("a"), FID, 43.21)]) == 1
    assert decimals_for([]) == 2
    assert bounds(record(source("a"), R, 43.2, 3.9).interval, 1) == "[39.3, 47.1]"


def test_texts():
    assert clean("a\x1b\u202eb\n") == "a b "
    assert shortened("one two three four", 12) == "one two…"
    assert [significant(value) for value in (0, 0.04567, 3.14159, 67.3, 105.2, 12345)] == [
        "0",
        "0.0457",
        "3.14",
        "67.3",
        "105",
        "12,345",
    ]


def test_disarmed_texts_are_read_back_as_they_were():
    texts = ["=1+1", "'=1+1", "''@x", "+a,b", "-", "'quoted'", "plain", "a=b", ""]
    sheet = comma_separated(pandas.DataFrame([{"text": text, "number": -1.5} for text in texts]))
    shown = [line["text"] for line in csv.DictReader(io.StringIO(sheet))]
    assert shown[:4] == ["'=1+1", "''=1+1", "'''@x", "'+a,b"] and not any(
        one.startswith(tuple("=+-@")) for one in shown
    )
    # What looks like a formula behind apostrophes of its own got another one: one taken off gives every text back.
    disarmed = [one.startswith("'") and one.lstrip("'").startswith(tuple("=+-@")) for one in shown]
    assert [one[1:] if cut else one for one, cut in zip(shown, disarmed, strict=True)] == texts
