"""Losses are averaged for the log, and NaN is found and named."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from t2ibench.training.engine.losses import LossLog, NotFiniteError, check_finite


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
def test_flush_gives_means_and_begins_anew(values):
    log = LossLog()
    for step, value in enumerate(values):
        log.add(step, "generator", torch.tensor(value), {"part": torch.tensor(2 * value)})
    found = log.flush()
    assert found["generator/loss"] == pytest.approx(math.fsum(values) / len(values), abs=1e-6, rel=1e-6)
    assert set(found) == {"generator/loss", "generator/part"}
    assert log.flush() == {}


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_the_part_is_named_before_the_loss(bad):
    log = LossLog()
    log.add(3, "generator", torch.tensor(1.0), {})
    with pytest.raises(NotFiniteError, match=r"step 5 part 'words' of the loss of optimiser 'generator'"):
        log.add(4, "generator", torch.tensor(bad), {"words": torch.tensor(bad), "kl": torch.tensor(1.0)})


@given(st.integers(0, 5), st.sampled_from([math.nan, math.inf]))
def test_weights_that_are_not_finite_are_named(place, bad):
    tensors = {"a": torch.zeros(6), "b": torch.zeros(6), "count": torch.tensor(3)}
    check_finite(tensors, 1)
    tensors["b"][place] = bad
    with pytest.raises(NotFiniteError, match="'b'"):
        check_finite(tensors, 1)
