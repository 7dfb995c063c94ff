from __future__ import annotations

import pytest

from t2ibench.core.types import Origin
from t2ibench_reports.table.controls import check_controls
from tests.reports.sample_results import FID, IS, R, record, sample_records, source


def control(name, metric, value, half=0.5, **changes):
    return record(source(name, Origin.CONTROL, title=name), metric, value, half, **changes)


def verdicts(*records):
    return [check.verdict for check in check_controls(records)]


def test_the_sample_is_sound():
    records = [one for one in sample_records() if one.n == 600 or one.status == "failed"]
    checks = check_controls(records)
    assert len(checks) == 7
    assert {check.verdict for check in checks} == {"passed"}


@pytest.mark.parametrize(("metric", "truth", "noise"), [(FID, 500.0, 3.0), (IS, 1.0, 7.0), (R, 0.8, 70.0)])
def test_real_images_below_noise_break_the_evaluation(metric, truth, noise):
    checks = check_controls([control("ground-truth", metric, truth), control("noise", metric, noise)])
    assert checks[0].verdict == "failed"
    assert "should be better than noise" in checks[0].sentence


def test_copies_not_noise_are_the_anchor_of_a_measure_of_memorisation():
    authenticity = IS.model_copy(
        update={"metric": "authenticity", "title": "AuthPct", "higher_is_better": True, "options": {"training": "d1"}}
    )
    truth, noise = control("ground-truth", authenticity, 99.3), control("noise", authenticity, 100.0)
    copies = control("real-train", authenticity, 0.0)
    assert verdicts(truth, noise, copies) == ["passed"]
    (check,) = check_controls([control("ground-truth", authenticity, 0.0), noise, copies])
    assert check.verdict == "failed"
    assert "which are copies" in check.sentence


def test_a_model_clearly_beyond_the_ground_truth_is_marked():
    truth, model = control("ground-truth", R, 22.6, 1), record(source("counter"), R, 84.6, 1)
    (check,) = check_controls([truth, model])
    assert check.verdict == "doubtful"
    assert "real images score below generated ones, counter 84.6" in check.sentence
    near = record(source("near"), R, 23.5, 1)
    assert verdicts(truth, near) == ["passed"]


@pytest.mark.parametrize(
    ("value", "half", "verdict"),
    [(1.3, 0.7, "passed"), (1.6, 0.4, "doubtful"), (9.0, 1.0, "failed"), (0.2, 0.1, "doubtful")],
)
def test_shuffled_captions_belong_at_chance(value, half, verdict):
    assert verdicts(control("shuffled-captions", R, value, half)) == [verdict]


def test_chance_follows_the_number_of_negatives():
    nine = R.model_copy(update={"options": {"negatives": 9}})
    (check,) = check_controls([control("shuffled-captions", nine, 10.5, 1)])
    assert check.verdict == "passed"
    assert "1 in 10 = 10%" in check.sentence
    unknown = R.model_copy(update={"options": {}})
    assert verdicts(control("shuffled-captions", unknown, 10.5, 1)) == ["unchecked"]


def test_a_failed_control_is_unchecked_and_named_once():
    (check,) = check_controls([control("ground-truth", IS, None, error="no disk"), control("noise", IS, 1.0)])
    assert check.verdict == "unchecked"
    assert check.sentence.endswith("failed and has no value to compare with.")


def test_no_controls_at_all_is_said():
    (check,) = check_controls([record(source("a"), FID, 10.0)])
    assert check.verdict == "unchecked"
    assert not check_controls([record(source("paper", Origin.REPORTED), FID, 10.0)])


def test_a_judge_that_was_the_teacher_is_pleased_more_than_by_real_images():
    truth, model = control("ground-truth", R, 22.6, 1), record(source("pupil"), R, 84.6, 1)
    (check,) = check_controls([truth, model.model_copy(update={"judge_seen_in_training": True})])
    assert check.verdict == "doubtful"
    assert "real images score below generated ones, pupil 84.6" in check.sentence
    assert "taught by this judge" in check.sentence
    stranger = record(source("stranger"), R, 80.0, 1)
    assert "taught" not in check_controls([truth, model, stranger])[0].sentence


def test_a_model_closer_to_real_images_than_they_are_breaks_the_evaluation():
    truth, model = control("ground-truth", FID, 9.0, 0.1), record(source("counter"), FID, 2.0, 0.1)
    assert check_controls([truth, model])[0].verdict == "failed"
