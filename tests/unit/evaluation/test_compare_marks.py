"""Nobody is called better by a judge that a table would not rank by."""

from types import SimpleNamespace

import pytest

from t2ibench.evaluation.compare import _barred


@pytest.mark.parametrize(
    ("standing", "drawn", "said"),
    [
        ("random", True, "random weights"),
        ("random", None, "random weights"),
        ("stand-in", False, "not drawn for it"),
        ("stand-in", True, ""),
        ("stand-in", None, ""),
        ("standard", False, ""),
    ],
)
def test_a_judge_that_may_not_rank_gives_no_verdict(standing, drawn, said):
    column = SimpleNamespace(record=SimpleNamespace(features={"standing": standing}))
    reason = _barred(column, drawn=drawn)
    assert (said in reason) and bool(reason) == bool(said)
