"""Keyed noise depends on its key and on nothing else."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.noise import Noise, seed_of

IDS = [(f"cub/test/bird_{index}#0", index % 3) for index in range(12)]


@given(st.permutations(range(len(IDS))), st.integers(1, 5))
@settings(max_examples=20, deadline=None)
def test_a_row_does_not_depend_on_order_or_batch_size(order, size):
    noise = Noise(7)
    whole = noise.bind(IDS).draw("z", (10,))
    shuffled = [IDS[index] for index in order]
    batches = [noise.bind(shuffled[start : start + size]).draw("z", (10,)) for start in range(0, len(IDS), size)]
    assert torch.equal(torch.cat(batches), whole[list(order)])


def test_every_part_of_the_key_matters():
    draws = [
        Noise(1).draw("a", 0, "z", (64,)),
        Noise(2).draw("a", 0, "z", (64,)),
        Noise(1).draw("b", 0, "z", (64,)),
        Noise(1).draw("a", 1, "z", (64,)),
        Noise(1).draw("a", 0, "ca", (64,)),
        Noise(1).bind_step(0, 1).draw("z", (64,))[0],
        Noise(1).bind_step(1, 1).draw("z", (64,))[0],
    ]
    for i, one in enumerate(draws):
        for other in draws[:i]:
            assert abs(torch.corrcoef(torch.stack([one, other]))[0, 1]) < 0.5


def test_numbers_are_standard_normal():
    numbers = torch.cat([Noise(3).draw(str(index), 0, "z", (100,)) for index in range(200)])
    assert abs(numbers.mean()) < 0.03
    assert abs(numbers.std() - 1) < 0.03


def test_the_global_generator_is_left_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    Noise(0).bind(IDS).draw("z", (5,))
    Noise(0).bind_step(3, 4).draw("z", (5,))
    assert torch.equal(torch.rand(3), expected)


def test_seeds_are_the_same_on_every_machine():
    # Written down once: a change here means that every image of every benchmark changes.
    assert seed_of(100, "cub/test/x#0", 0, "z") == 1885716084068138632
    assert 0 <= seed_of("any") < 2**63
