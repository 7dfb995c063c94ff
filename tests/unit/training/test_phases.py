"""Every step has one phase; phases come in order and have their shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.types import Phase
from t2ibench.training.engine.phases import Phases


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 300))
def test_shares(weights, steps):
    curriculum = [Phase(str(index), weight / sum(weights)) for index, weight in enumerate(weights)]
    phases = Phases(curriculum, steps)
    names = [int(phases(step)) for step in range(steps)]
    assert names == sorted(names)
    for index, weight in enumerate(weights):
        assert abs(names.count(index) - weight / sum(weights) * steps) <= 1


@given(st.lists(st.integers(1, 9), min_size=1, max_size=4), st.integers(1, 60))
def test_starts_are_where_phases_change(weights, steps):
    curriculum = [Phase(str(index), weight / sum(weights)) for index, weight in enumerate(weights)]
    phases = Phases(curriculum, steps)
    for step in range(steps):
        start = phases.start(step)
        assert start <= step and phases(start) == phases(step)
        assert start == 0 or phases(start - 1) != phases(start)


def test_one_phase_may_grow_and_bad_shares_are_told():
    assert Phases([Phase()], 10).ends == Phases([Phase()], 20).ends
    for curriculum in ([], [Phase("a", 0.5)]):
        with pytest.raises(UserError, match="sum to 1"):
            Phases(curriculum, 3)
