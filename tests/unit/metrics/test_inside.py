"""What goes on inside a model: planted attention maps, gates and stages with answers known by hand."""

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.inside.against_chance import AgainstChance, NotOne
from t2ibench.metrics.inside.maps import (
    agreement,
    box_overlap,
    boxes_of,
    mass_inside,
    mean_where,
    mended,
    total_variation,
    word_shares,
)


def test_boxes_around_masks_and_their_overlap():
    masks = torch.zeros(2, 4, 8, dtype=torch.bool)
    masks[0, 1, 2] = masks[0, 2, 5] = True
    found = boxes_of(masks)
    assert found.tolist() == [[0.25, 0.25, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0]]
    others = torch.tensor([[0.5, 0.25, 0.5, 0.5], [0.0, 0.0, 0.0, 0.0]])
    assert box_overlap(found, others).tolist() == pytest.approx([1 / 3, 0])
    assert box_overlap(found, found).tolist() == pytest.approx([1, 0])


def test_attention_on_its_part_is_1_off_it_0_and_everywhere_the_area():
    masks = torch.zeros(1, 4, 16, 16)
    masks[:, :, :8, :4] = 1  # an eighth of the image
    weights = torch.zeros(1, 4, 8, 8)
    weights[0, 0, :4, :2] = 0.7  # on the part
    weights[0, 1, 4:, 4:] = 0.2  # off it
    weights[0, 2] = 0.3  # everywhere; the fourth word has none
    shares, areas = mass_inside(weights, masks)
    assert shares[0].tolist() == pytest.approx([1, 0, 1 / 8, 1 / 8])
    assert areas[0].tolist() == pytest.approx([1 / 8] * 4)


def test_half_of_the_attention_on_half_a_place():
    masks = torch.zeros(1, 1, 4, 4)
    masks[0, 0, 0, :2] = 1  # half of the upper left of 2 x 2 places
    weights = torch.tensor([[[[0.6, 0.2], [0.1, 0.1]]]])
    shares, areas = mass_inside(weights, masks)
    assert (shares.item(), areas.item()) == (pytest.approx(0.3), pytest.approx(1 / 8))


def test_distributions_over_words():
    weights = torch.zeros(1, 2, 2, 2)
    weights[0, 0] = torch.tensor([[1.0, 0.5], [0.0, 0.5]])
    weights[0, 1] = 1 - weights[0, 0]
    assert word_shares(weights)[0].tolist() == [0.5, 0.5]
    one, other = torch.tensor([[0.5, 0.5, 0.0]]), torch.tensor([[0.25, 0.5, 0.25]])
    assert total_variation(one, other).item() == pytest.approx(0.25)
    assert total_variation(one, one).item() == 0
    assert total_variation(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])).item() == 1


def test_gates_and_mended_parts():
    values = torch.tensor([[0.9, 0.2, 0.7], [0.1, 0.2, 0.3]])
    means, counts = mean_where(values, torch.tensor([[True, False, True], [False, False, False]]))
    assert means.tolist() == pytest.approx([0.8, 0.0]) and counts.tolist() == [2, 0]
    stated = torch.tensor([[True, True, True, False]])
    before, after = torch.tensor([[False, False, True, False]]), torch.tensor([[True, False, False, True]])
    became, wrong = mended(stated, before, after)
    assert (became.item(), wrong.item()) == (1, 2)


def test_choices_agree_by_degrees():
    always, never = torch.tensor([1.0, 1.0, 0.0, 0.0]), torch.tensor([0.0, 0.0, 1.0, 1.0])
    even = torch.ones(4)
    assert agreement(always, always, even) == (1.0, 0.5) and agreement(always, never, even) == (0.0, 0.5)
    assert agreement(torch.full((4,), 0.5), always, even) == (0.5, 0.5)
    together, luck = agreement(always, torch.tensor([1.0, 0.0, 0.0, 0.0]), torch.tensor([3.0, 1.0, 1.0, 1.0]))
    assert (together, luck) == (pytest.approx(5 / 6), pytest.approx(2 / 3 * 1 / 2 + 1 / 3 * 1 / 2))


def rows(values, counts, luck, others):
    return MetricInput({"x": np.stack([values, counts, luck, others], axis=1).astype(np.float32)})


def test_a_share_its_luck_and_what_is_above_are_ratios_of_sums():
    given = rows([2, 0, 1] * 5, [4, 0, 2] * 5, [1, 0, 0.5] * 5, [4, 0, 2] * 5)
    found = {
        show: AgainstChance(layer="x", title="X", show=show).estimate(given) for show in ("value", "chance", "above")
    }
    assert {show: one.value for show, one in found.items()} == pytest.approx({"value": 50, "chance": 25, "above": 25})
    with pytest.raises(UserError, match="none of the images tells it"):
        AgainstChance(layer="x", title="X").estimate(rows(*np.zeros((4, 12))))
    with pytest.raises(TypeError, match="other"):
        AgainstChance(layer="x", title="X", show="other")


def test_what_is_above_luck_is_covered_whether_there_is_anything_or_not():
    generator = np.random.default_rng(0)
    for true in (0.0, 20.0):
        covered = 0
        for _ in range(300):
            counts = generator.integers(0, 5, size=80)
            areas = generator.uniform(0.05, 0.3, size=80)
            shares = np.clip(areas + true / 100 + generator.normal(0, 0.1, size=80), -1, 1)
            found = AgainstChance(layer="x", title="X").estimate(rows(shares * counts, counts, areas * counts, counts))
            covered += found.interval.low <= true <= found.interval.high
        assert 0.91 <= covered / 300 <= 0.99, true


def test_birds_without_one_head_are_counted():
    counts = np.array([1] * 15 + [0, 2, 3, 1, 1], dtype=np.float32)[:, None]
    found = NotOne(layer="heads", title="Not one head").estimate(MetricInput({"heads": counts}))
    assert found.value == pytest.approx(15.0) and 0 < found.interval.low < 15 < found.interval.high < 40
