from __future__ import annotations

import pytest

from t2ibench_reports.rendering.drawings import scatter


def drawn(first, second, **changes):
    return scatter("R", ("a", "b"), first, second, **({"higher_is_better": True} | changes))


def test_equal_values_have_no_drawing():
    assert drawn([1.0, 1.0], [1.0, 1.0]) is None
    assert drawn([], []) is None


def test_areas_are_as_the_numbers_of_captions():
    found = drawn([0.0] * 16 + [100.0] * 4, [0.0] * 16 + [0.0] * 4)
    full, quarter = found.bubbles
    assert full.radius == pytest.approx(2 * quarter.radius, abs=0.1)
    assert (full.number, quarter.number) == ("16", "4")
    assert (full.second, full.first) == (0, 0) and (quarter.second, quarter.first) == (0, 100)


@pytest.mark.parametrize(("higher", "ahead"), [(True, "first"), (False, "second")])
def test_who_is_ahead_hangs_on_the_direction(higher, ahead):
    found = drawn([3.0, 1.0], [1.0, 1.0], higher_is_better=higher)
    assert {one.ahead for one in found.bubbles} == {ahead, ""}
    assert ("a is ahead on 1, b on 0" in found.said) == higher


def test_many_places_are_drawn_on_a_grid_that_holds_them_all():
    first = [place / 997 for place in range(3000)]
    second = [(place * 7 % 3000) / 997 for place in range(3000)]
    found = drawn(first, second)
    assert len(found.bubbles) <= 32 * 32
    assert sum(int(one.text.partition(" caption")[0].replace(",", "")) for one in found.bubbles) == 3000
    assert all(0 <= one.first <= 3 + 5 / 997 and 0 <= one.second <= 3 + 5 / 997 for one in found.bubbles)
    assert not any(one.number for one in found.bubbles)
