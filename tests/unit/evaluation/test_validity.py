"""The study's verdicts on planted series, the true alignment, and the study itself on stub judges."""

import dataclasses
import json

import pytest
from scipy.stats import spearmanr

from t2ibench.cli.reports.report import load_report
from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import ReportInput
from t2ibench.core.place import Place
from t2ibench.core.records import Results
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.studies.validity.corruptions import CORRUPTIONS, dealt
from t2ibench.studies.validity.study import NAME, ValidityRequest, keep_study, run_study
from t2ibench.studies.validity.verdicts import MEASURES, Series, expected_of, judge, spearman, true_alignment
from t2ibench_simulations.simbirds.statements import statements_in

BLUR, CAPTIONS, COPIES = (CORRUPTIONS[name] for name in ("blur", "captions", "copies"))


def series(metric, values, *, higher=False, low=-1.0, high=1.0):
    return Series(metric, metric, metric, higher, tuple(values), low, high)


@pytest.mark.parametrize(
    ("metric", "corruption", "values", "higher", "verdict"),
    [
        ("fid", BLUR, [0, 2, 3, 4, 5, 6], False, "right"),
        ("fid", BLUR, [0, 2, 3, 2.5, 5, 6], False, "mostly"),
        ("fid", BLUR, [0, 0.1, 0.2, 0.3, 0.4, 0.5], False, "blind"),
        ("fid", BLUR, [0, 6, 5, 4, 3, 2], False, "unclear"),
        ("inception_score", BLUR, [0, 2, 3, 4, 5, 6], True, "wrong way"),
        ("fid", CAPTIONS, [0] * 6, False, "still"),
        ("fid", CAPTIONS, [0, 1, 2, 3, 4, 5], False, "moves too"),
        ("precision", COPIES, [0, 1, 2, 3, 4, 5], True, "flattered"),
        ("r_precision", CAPTIONS, [0, -2, -3, -4, -5, -6], True, "right"),
        ("r_precision", BLUR, [0, -2, -3, -4, -5, -6], True, "open"),
        ("fid", BLUR, [0, 2, None, 4, 5, 6], False, "none"),
    ],
)
def test_verdicts_on_planted_series(metric, corruption, values, higher, verdict):
    assert judge(series(metric, values, higher=higher), corruption).verdict == verdict


def test_alignment_is_judged_against_the_truth_where_it_is_known():
    values = [0, -2, -1, -4, -5, -6]
    truth = [1, 0.8, 0.6, 0.4, 0.2, 0]
    found = judge(series("r_precision", values, higher=True), CAPTIONS, truth)
    assert found.alignment == pytest.approx(spearmanr(truth, values).statistic)
    assert found.spearman == pytest.approx(found.alignment)
    assert judge(series("fid", values), CAPTIONS, truth).alignment is None
    assert spearman([1, 2, 3], [5, 5, 5]) is None
    assert expected_of("recall", BLUR) == "still" and expected_of("recall", COPIES) == "worse"
    worse = {name for name, one in CORRUPTIONS.items() if expected_of("counting_alignment", one) == "worse"}
    assert worse == {"captions", "modes", "few-modes", "copies", "planted", "counts"}
    assert expected_of("counting_alignment", CORRUPTIONS["positions"]) == "still"
    assert expected_of("authenticity", CORRUPTIONS["planted"]) == "worse"


def test_nothing_is_expected_of_a_metric_that_nobody_has_described(monkeypatch):
    monkeypatch.delitem(MEASURES, "mifid")
    assert {expected_of("mifid", one) for one in CORRUPTIONS.values()} == {"open"}
    assert "worse" in {expected_of("r_precision", one) for one in CORRUPTIONS.values()}


def test_the_true_alignment_is_the_share_of_statements_that_hold(manifest, protocol):
    plan = make_plan(manifest, protocol, 10)
    own = dealt(plan, None, 0)
    assert true_alignment(plan, own, None, None) == 1
    assert true_alignment(plan, dealt(plan, CAPTIONS, 0.4), None, None) == pytest.approx(0.6)
    said = dataclasses.replace(plan.items[0].caption, text="this bird has black wings and a red belly")
    one = dataclasses.replace(plan, items=(dataclasses.replace(plan.items[0], caption=said),))
    true = {said.image_id: frozenset({("wing", "black"), ("belly", "white")})}
    assert true_alignment(one, {one.items[0].id: said.image_id}, statements_in, true) == 0.5


def reported(study, workspace):
    """Return the files of the report on a study."""
    results = Results(workspace.results).folder
    name = keep_study(study, workspace, "t2ibench validity")
    report = load_report(NAME)
    return report.render(ReportInput([], [], results / "images", report.formats, (name,)))


def test_the_study_goes_on_where_it_was_and_stays_out_of_the_results(place, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    request = ValidityRequest("squares", None, 48, ("fid", "r"), ("captions", "copies"))
    study = run_study(request, Place(place[1], workspace, device="cpu"))
    verdicts = {(row.corruption.name, row.series.column): row.finding.verdict for row in study.rows}
    assert verdicts["captions", "fid"] == "still" and verdicts["captions", "r"] == "right"
    assert study.facts["truth"] == "own image" and not Results(workspace.results).read()[0]
    again = run_study(request, Place(place[1], workspace, device="cpu"))
    assert again == study
    files = reported(study, workspace)
    assert reported(again, workspace) == files
    kept = json.loads(files["metric-validity.json"])
    assert len(kept["values"]) == 4 * 6 and kept["studies"][0]["command"] == "t2ibench validity"
    assert [one["value"] for one in kept["values"][:6]] == list(study.rows[0].series.values)
    text = files["metric-validity.md"].decode()
    assert "| FID |" in text and "(metric-validity.svg)" in text and b"<svg" in files["metric-validity.svg"]
    assert b'role="img"' in files["metric-validity.html"] and b"FID" in files["metric-validity.txt"]
    with pytest.raises(UserError, match="counts cannot be made: nothing draws images of squares again"):
        run_study(dataclasses.replace(request, corruptions=("counts",)), Place(place[1], workspace, device="cpu"))
    with pytest.raises(UserError, match="blur"):
        run_study(dataclasses.replace(request, corruptions=("blurr",)), Place(place[1], workspace, device="cpu"))
