"""Work of torch that does not hang on the number of threads."""

import threading

import numpy as np
import pytest
import torch

from t2ibench.core.interfaces import MetricInput
from t2ibench.core.machine.threads import FEEDING, in_turn, one_thread, side_by_side
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.pairs.kid import KernelDistance


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_pieces_come_in_order_each_on_one_thread(threads):
    threads(3)
    seen, meeting = set(), threading.Barrier(3, timeout=60)

    def work(piece):
        meeting.wait()  # three at once
        seen.add(threading.get_ident())
        assert torch.get_num_threads() == 1 and not torch.is_grad_enabled()
        return piece * piece

    assert side_by_side(work, range(6)) == [0, 1, 4, 9, 16, 25]
    assert len(seen) == 3 and threading.get_ident() not in seen
    assert torch.get_num_threads() == 3


def test_another_device_takes_them_one_by_one(threads):
    threads(3)
    here = side_by_side(lambda _: (threading.get_ident(), torch.get_num_threads()), range(2), device="mps")
    assert here == [(threading.get_ident(), 3)] * 2


def test_a_gpu_is_fed_by_a_few_threads_and_what_they_make_comes_in_order():
    meeting, under_way, most = threading.Barrier(FEEDING, timeout=60), [], []

    def work(piece):
        under_way.append(piece)
        most.append(len(under_way))
        meeting.wait()
        assert not torch.is_grad_enabled()
        under_way.remove(piece)
        return piece * piece

    assert side_by_side(work, range(2 * FEEDING), device="cuda:0") == [one * one for one in range(2 * FEEDING)]
    assert max(most) <= FEEDING  # bounded: no more images than these are held


def test_what_fails_on_the_way_to_a_gpu_is_raised_in_its_turn_and_ends_the_rest():
    begun = []

    def work(piece):
        begun.append(piece)
        if piece == 1:
            raise ValueError("the second one")
        return piece

    found = in_turn(work, range(1000), device="cuda:0")
    assert next(found) == 0
    with pytest.raises(ValueError, match="the second one"):
        next(found)
    assert len(begun) < 1000


def test_threads_are_as_before_after_a_failure(threads):
    threads(2)
    with pytest.raises(ZeroDivisionError), one_thread():
        raise ZeroDivisionError
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda piece: 1 / piece, [1, 0])
    assert torch.get_num_threads() == 2


@pytest.mark.parametrize("count", [90, 400])
def test_no_bit_of_a_figure_hangs_on_the_number_of_threads(threads, count):
    """Fewer images than features, and more: both routes of FID."""
    draw = np.random.default_rng(0)
    ours, theirs = (draw.standard_normal((n, 192)).astype(np.float32) for n in (count, 420))
    found = []
    for number in (1, 2, 3):
        threads(number)
        given = MetricInput({"pool": ours}, reference={"pool": theirs}, seed=0)
        found.append([metric.estimate(given) for metric in (FrechetDistance(), KernelDistance())])
    assert found[0] == found[1] == found[2]
