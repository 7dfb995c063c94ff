"""The component analysis: the papers' layout, their figures apart and marked, and the same numbers in every format."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from lxml import html

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import ReportInput
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.spec.recipes import settings_for
from t2ibench_reports.compare import Compare
from t2ibench_reports.components import Components
from t2ibench_reports.gallery import Gallery
from t2ibench_reports.model import Model
from t2ibench_reports.rendering.rendered import FIGURES
from t2ibench_reports.table.reported import papers
from tests.reports.latex_page import assert_latex_fits
from tests.reports.sample_results import CAPTIONS, FID, IS, plan, record, source, write_sample
from tests.reports.variant_results import VALUES, variant_records

ROOT = Path(__file__).resolve().parents[2]


def render(report, folder, records, formats=("txt",), subjects=(), comparisons=()):
    results = write_sample(folder / "results", records)
    latest, faults = results.latest()
    images = results.folder / "images"
    given = ReportInput(list(latest.values()), faults, images, formats, subjects, comparisons)
    files = {name.rpartition(".")[2]: content for name, content in report.render(given).items()}
    return {name: content.decode("latin-1" if name in ("png", "pdf") else "utf-8") for name, content in files.items()}


def textual(report):
    """Return a report's formats but for the drawings, which these records may lack."""
    return [name for name in report.formats if name not in FIGURES]


def rows_of(page):
    table = html.fromstring(page).xpath("//table[contains(@class, 'board')]")[0]
    return [
        [" ".join("".join(cell.itertext()).split()) for cell in row.xpath("th|td")]
        for row in table.xpath(".//tbody[@class='measured']/tr[not(@class='section')]")
    ]


def test_rows_stand_in_the_papers_order_with_their_lambda(tmp_path):
    rows = rows_of(render(Components(), tmp_path, variant_records(steps=(1000,)), ("html",))["html"])
    assert [row[1] for row in rows] == ["no DAMSM", "1 × 0.1", "10 × 0.1", "5 × 0.1"]  # noqa: RUF001
    assert [row[0].split("attngan")[0].strip() for row in rows] == ["AttnGAN1", "AttnGAN1", "AttnGAN1", "AttnGAN2"]
    assert rows[1][2].startswith("3.40") and rows[1][3].startswith("20.0") and rows[1][4].startswith("58.5")


def test_best_is_told_among_rows_of_equal_steps(tmp_path):
    """Every variant is better after 1,000 steps than after 500; the best of each age is marked, not only the oldest."""
    pandas = pytest.importorskip("pandas")
    files = render(Components(), tmp_path, variant_records(), ("csv", "txt"))
    table = pandas.read_csv(io.StringIO(files["csv"]), keep_default_na=False)
    best = table[(table.verdict == "best") & (table.column == "fid-simnet")]
    assert sorted(zip(best.variant, best.steps.astype(int), strict=True)) == [("", 500), ("", 1000)]
    assert "among rows of equal steps only" in " ".join(files["txt"].split())
    alike = render(Components(), tmp_path / "alike", variant_records(steps=(500,)))["txt"]
    assert "of equal steps" not in " ".join(alike.split())


def test_a_row_alone_in_its_steps_is_not_ranked(tmp_path):
    records = [one for one in variant_records() if one.source.steps != 1000 or one.source.variant == ""]
    records = [one for one in records if one.source.steps != 500 or one.source.variant == "attngan1-lambda-1"]
    text = " ".join(render(Components(), tmp_path, records)["txt"].split())
    assert "because only one row has a value" in text and "*" not in text.partition("Best (*)")[0]


def test_reported_figures_stand_apart_with_their_status_and_are_never_ranked(tmp_path):
    page = html.fromstring(render(Components(), tmp_path, variant_records(steps=(1000,)), ("html",))["html"])
    cells = page.xpath("//tbody[@class='measured']//td[@class='reported']")
    texts = [" ".join(cell.itertext()) for cell in cells]
    assert any("3.98 ± 0.04" in text and "from memory" in text for text in texts)
    assert any("67.82 ± 4.43" in text and "verified" in text for text in texts)
    assert not [cell for cell in cells if cell.xpath(".//*[contains(@class, 'verdict')]")]
    assert "CVPR 2018, Table 2" in cells[0].get("title")


def test_the_facts_agree_with_the_recipes():
    """Lambda in the report is what the variant trains with: the paper's, times the data set's factor."""
    entry = load_benchmarks(ROOT / "benchmarks.toml").content.models["attngan"]
    facts = papers()["attngan"]
    for one in facts.variants:
        assert one.variant in ("", *entry.variants)
        for dataset in ("cub", "simbirds", "simscenes", "coco", "folder"):
            trained = settings_for(entry, dataset, one.variant)[1].get("damsm_weight", 5.0)
            assert trained == pytest.approx(one.weight(dataset) * facts.lambda_factor.get(dataset, 1)), (one, dataset)
    assert {one.variant for one in papers()["dmgan"].variants} >= {"baseline", "m", "m-wg", "m-wg-rg"}


def test_a_weight_set_by_hand_is_shown_and_has_no_paper_beside_it(tmp_path):
    def with_settings(one, weight, changed):
        source = one.source.model_copy(update={"settings": {"damsm_weight": weight}, "changed": changed})
        return one.model_copy(update={"source": source})

    rows = [one for one in variant_records(steps=(1000,)) if one.source.variant in ("", "attngan1-lambda-1")]
    rows = [with_settings(one, *((3.0, ("damsm_weight",)) if not one.source.variant else (0.01, ()))) for one in rows]
    text = render(Components(), tmp_path, rows)["txt"]
    assert "3, set by hand" in text and "1 \u00d7 0.01" in text and "5 \u00d7" not in text
    lines = csv.DictReader(io.StringIO(render(Components(), tmp_path / "b", rows, ("csv",))["csv"]))
    found = {line["variant"]: line for line in lines}
    assert found[""]["changed"] == "damsm_weight=3.0" and not found[""]["reported_value"]
    assert found["attngan1-lambda-1"]["lambda_factor"] == "0.01" and found["attngan1-lambda-1"]["changed"] == ""


def test_only_the_verified_rows_are_called_verified():
    known = {
        (model, one.variant, reported.dataset)
        for model, facts in papers().items()
        for one in facts.variants
        for reported in one.reported
        if reported.status == "verified"
    }
    attngan = {("attngan", "", "cub"), ("attngan", "", "coco")}
    talk = {
        ("draw-comparison", name, "coco")
        for name in ("lapgan", "vae", "conv_vae", "skipthoughtdraw:skip-thoughts", "aligndraw:noalign", "aligndraw")
    }
    dmgan = {("dmgan", name, data) for name in ("", "m-wg-rg") for data in ("cub", "coco")}
    assert known == attngan | dmgan | talk


def talk_records(names):
    """Records of the talk's models: R@5 by the bound and SSI."""
    asked = plan("simscenes")
    recall = FID.model_copy(
        update={"column": "r5", "metric": "bound_recall", "title": "R@5", "options": {"k": 5}, "higher_is_better": True}
    )
    ssi = FID.model_copy(
        update={"column": "ssi", "metric": "structural_similarity", "title": "SSI", "higher_is_better": True}
    )
    found = []
    for place, name in enumerate(names):
        of = source(name, title=name, variant=name.partition(":")[2], identity=digest_of(name), steps=10)
        found += [record(of, recall, 31 + place, 2, asked), record(of, ssi, 0.31 + place / 100, 0.01, asked)]
    return found


def test_models_of_the_talk_stand_beside_its_figures(tmp_path):
    names = ["aligndraw", "vae", "aligndraw:noalign", "skipthoughtdraw"]
    rows = csv.DictReader(io.StringIO(render(Components(), tmp_path, talk_records(names), ("csv",))["csv"]))
    table = [row for row in rows if row["model"] == "draw-comparison"]
    assert len(table) == 8
    assert sorted(row["reported_value"] for row in table if row["reported_value"]) == [
        "0.155",
        "0.156",
        "0.156",
        "14.0",
        "14.1",
        "6.6",
    ]
    assert {row["architecture"] for row in table if not row["reported_value"]} == {"sentenceDRAW"}  # hashed words
    text = render(Components(), tmp_path / "b", talk_records(names))["txt"]
    assert "The talk about alignDRAW" in text and "SSI reported on coco" in text and "spread over folds" not in text


def test_variants_of_one_model_are_no_comparison_of_the_talk(tmp_path):
    text = render(Components(), tmp_path, talk_records(["aligndraw", "aligndraw:noalign"]))["txt"]
    assert "The talk about alignDRAW" not in text


def test_coco_shows_what_is_reported_of_coco_only(tmp_path):
    text = render(Components(), tmp_path, variant_records(dataset="coco", steps=(1000,)))["txt"]
    assert "25.89 ± 0.47" in text and "reported on coco" in text
    assert "4.36" not in text and "3.98" not in text


def test_csv_keeps_every_digit(tmp_path):
    pandas = pytest.importorskip("pandas")
    records = variant_records()
    records = [one.model_copy(update={"value": one.value + 1 / 3}) if one.value is not None else one for one in records]
    text = render(Components(), tmp_path, records, ("csv",))["csv"]
    exactly = {"float_precision": "round_trip"} if int(pandas.__version__.partition(".")[0]) < 3 else {}
    table = pandas.read_csv(io.StringIO(text), **exactly)
    wanted = {one.id: one.value for one in records}
    assert dict(zip(table.record_id, table.value, strict=True)) == wanted
    found = table[(table.variant == "attngan1-lambda-1") & (table.column == "r-damsm")]
    assert set(found.reported_value) == {34.96} and set(found.reported_status) == {"from memory"}


def test_curves_are_drawn_where_there_are_several_ages(tmp_path):
    page = html.fromstring(render(Components(), tmp_path / "a", variant_records(), ("html",))["html"])
    charts = page.xpath("//figure/svg")
    assert [chart.get("aria-label") for chart in charts] == ["IS against steps", "R-precision (%) against steps"]
    dots = {one.xpath("string(title)"): one.xpath(".//use")[0] for one in charts[0].xpath(".//g[title]")}
    early, late = (
        next(dot for text, dot in dots.items() if text.startswith(f"AttnGAN, {steps} steps"))
        for steps in ("500", "1,000")
    )
    assert float(late.get("x")) > float(early.get("x"))
    assert float(late.get("y")) < float(early.get("y"))  # the higher value lies higher
    assert len(dots) == 2 * len(VALUES)
    assert not page.xpath("//figure//@style | //figure//style")  # the page's policy would refuse it
    ids = page.xpath("//@id")
    assert len(set(ids)) == len(ids)
    once = render(Components(), tmp_path / "b", variant_records(steps=(500,)), ("html",))["html"]
    assert not html.fromstring(once).xpath("//figure")


@pytest.mark.parametrize(
    ("report", "subjects"),
    [
        (Components(), ()),
        (Gallery(), ()),
        (Compare(), ("attngan", "attngan:attngan1-lambda-1")),
        (Model(), ("attngan:attngan1-lambda-1",)),
    ],
)
def test_two_builds_are_equal_and_nothing_is_fetched(report, subjects, tmp_path):
    wanted = report.formats if report.name == "components" else textual(report)
    first = render(report, tmp_path / "one", variant_records(), wanted, subjects)
    second = render(report, tmp_path / "elsewhere", variant_records(), wanted, subjects)
    assert first == second and set(first) == set(wanted)
    page = html.fromstring(first["html"])
    assert not page.xpath("//script[@src] | //link[@rel='stylesheet'] | //iframe")
    (policy,) = page.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert all(image.get("src").startswith("data:image/png") for image in page.xpath("//img"))
    assert str(tmp_path) not in "".join(first.values())


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "../../x", "\\input{/etc/passwd} & 50% _x_"])
def test_names_are_shown_and_never_obeyed(text, tmp_path):
    records = [record(source(name, title=text, variant=name, notes=(text,)), IS, 3.0, 0.1) for name in ("m:a", "m:b")]
    for report, subjects in ((Components(), ()), (Compare(), ("m:a", "m:b")), (Model(), ("m:a",))):
        files = render(report, tmp_path / report.name, records, textual(report), subjects)
        page = html.fromstring(files["html"])
        assert text in "".join(page.itertext()), report.name
        assert len(page.xpath("//script")) == 1  # the page's own, whose digest the policy names
        assert "alert(1)" not in page.xpath("string(//script)")
        assert "<script>alert" not in files["md"]
        assert "\\input{" not in files.get("tex", "")


def test_latex_compiles(tmp_path):
    hostile = record(source("attngan:x_1", title="A_B & C% #1 ~ ^ \\ {λ × ·}", variant="x_1"), IS, 3.0, 0.1)  # noqa: RUF001
    tex = render(Components(), tmp_path, [*variant_records(), hostile], ("tex",))["tex"]
    assert_latex_fits(tex, tmp_path)


def test_the_terminal_gets_tables_that_fit(tmp_path):
    lines = render(Components(), tmp_path, variant_records(dataset="cub"), ("txt",))["txt"].splitlines()
    assert max(map(len, lines)) <= 140
    assert sum("IS reported on cub" in line for line in lines) == 1
    assert len([line for line in lines if "attngan:attngan1-lambda-10" in line]) > 2  # two ages, in more than one part
    compared = ("attngan", "attngan:attngan1-lambda-1")
    lines = render(Compare(), tmp_path / "two", variant_records(), ("txt",), compared)["txt"].splitlines()
    assert max(map(len, lines)) <= 140


@pytest.mark.parametrize(("report", "subjects"), [(Compare(), ("attngan", "attngan:attngan1-lambda-1"))])
def test_latex_of_other_reports_fits_too(report, subjects, tmp_path):
    assert_latex_fits(render(report, tmp_path, variant_records(), ("tex",), subjects)["tex"], tmp_path)


def test_models_without_variants_are_told_what_to_do(tmp_path):
    with pytest.raises(UserError, match="bench attngan-components"):
        render(Components(), tmp_path, [record(source("attngan"), IS, 3.0, 0.1)])


def test_the_gallery_has_a_caption_a_row_and_a_source_a_column(tmp_path):
    page = html.fromstring(render(Gallery(), tmp_path, variant_records(steps=(500,)), ("html",))["html"])
    rows = page.xpath("//table[@class='gallery']/tbody/tr")
    assert [row.xpath("string(th)") for row in rows] == list(CAPTIONS)
    assert {len(row.xpath("td/img")) for row in rows} == {len(VALUES)}
    with pytest.raises(UserError, match="no sample images"):
        render(Gallery(), tmp_path / "none", [record(source("attngan"), IS, 3.0, 0.1)])


def comparison(records, sign=1):
    """Return what `t2ibench compare` would keep of two rows, FID differing by 17.375 with an interval."""
    of = {one.source.name: one for one in records if one.metric.metric == "fid"}
    rows = [of["attngan"], of["attngan:attngan1-lambda-1"]][::sign]
    one = rows[0]
    ends = {"low": -18.0, "high": -17.0} if sign > 0 else {"low": 17.0, "high": 18.0}
    return {
        "dataset": one.plan.dataset,
        "protocol": one.plan.protocol,
        "seed": one.plan.seed,
        "n": one.n,
        "first": {"identity": rows[0].source.identity},
        "second": {"identity": rows[1].source.identity},
        "columns": [
            {
                "metric_digest": one.metric.digest,
                "difference": rows[0].value - rows[1].value,
                "interval": {**ends, "level": 0.95, "method": "jackknife"},
                "verdict": "first" if sign > 0 else "second",
                "reason": "",
            }
        ],
    }


@pytest.mark.parametrize("sign", [1, -1])
def test_compare_shows_the_paired_difference_in_the_order_asked(sign, tmp_path):
    pandas = pytest.importorskip("pandas")
    records = variant_records(steps=(500,))
    names = ("attngan", "attngan:attngan1-lambda-1")
    files = render(Compare(), tmp_path, records, ("csv", "txt"), names, (comparison(records, sign), {"first": 3}))
    table = pandas.read_csv(io.StringIO(files["csv"])).set_index("column")
    fid = table.loc["fid-simnet"]
    assert fid.difference == pytest.approx(41.125 - 58.5) and (fid.interval_low, fid.interval_high) == (-18, -17)
    assert fid.paired and fid.verdict == "first is better"
    other = table.loc["is-simnet"]
    assert not other.paired and other.verdict == "first is better"  # its own intervals are apart
    assert "t2ibench compare attngan attngan:attngan1-lambda-1 --data simbirds" in " ".join(files["txt"].split())


def test_what_is_lacking_is_said_once_and_commands_are_set_as_code(tmp_path):
    names = ("attngan", "attngan:attngan1-lambda-1")
    files = render(Compare(), tmp_path, variant_records(steps=(500,)), ("html", "txt"), names)
    page = html.fromstring(files["html"])
    asked = "t2ibench compare attngan attngan:attngan1-lambda-1 --data simbirds"
    assert "`" not in "".join(page.xpath("//body//*[not(self::script) and not(self::pre)]/text()"))
    assert [one for one in page.xpath("//ul[@class='notes']//code/text()") if "compare" in one] == [asked]
    text = " ".join(files["txt"].split())
    assert text.count("t2ibench compare") == 1
    assert "keeps paired intervals and the captions on which either row is ahead by most" in text


def test_unknown_rows_have_near_names(tmp_path):
    with pytest.raises(UserError, match="Did you mean attngan"):
        render(Compare(), tmp_path / "a", variant_records(), subjects=("atngan", "noise"))
    with pytest.raises(UserError, match="as two rows"):
        render(Compare(), tmp_path / "b", variant_records(steps=(500,)), subjects=("attngan", "attngan"))
    with pytest.raises(UserError, match="Did you mean attngan"):
        render(Model(), tmp_path / "c", variant_records(), subjects=("attngn",))


def test_a_model_has_its_card_and_its_numbers(tmp_path):
    text = render(Model(), tmp_path, variant_records(), subjects=("attngan:attngan1-lambda-10",))["txt"]
    for part in ("Paper: Xu et al., CVPR 2018", "Steps: 1,000", "59.0", "R-precision", "2 times"):
        assert part.replace("59.0", "58.0") in text, part  # FID at the longer training
