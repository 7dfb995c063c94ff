"""Corruptions: each does what it says by the amount it says, and keeps what it must keep."""

import itertools
from collections import Counter

import pytest
import torch

from t2ibench.core.types import Caption, PlanItem, SamplePlan
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.studies.validity.corruptions import (
    CORRUPTIONS,
    CorruptedSource,
    blurred,
    dealt,
    fault_of,
    hue_turned,
    noised,
    quantised,
)

PIXELS = torch.randint(0, 256, (4, 3, 16, 16), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
PLAN = SamplePlan(tuple(PlanItem(Caption(str(i), "a", f"image {i}", 0, i % 10)) for i in range(100)), 7, "d", "test")
OF_PIXELS = [one for one in CORRUPTIONS.values() if one.change is not None]


@pytest.mark.parametrize("corruption", OF_PIXELS, ids=lambda one: one.name)
def test_a_image_does_not_depend_on_its_batch_and_more_strength_is_further_away(corruption):
    smooth = blurred(PIXELS, 1.5, [0] * 4)
    seeds = [1, 2, 3, 4]
    whole = [corruption.change(smooth, strength, seeds) for strength in corruption.strengths]
    assert all(one.dtype == torch.uint8 and one.shape == smooth.shape for one in whole)
    alone = torch.cat(
        [corruption.change(smooth[i : i + 1], corruption.strengths[2], seeds[i : i + 1]) for i in range(4)]
    )
    assert (alone.int() - whole[2].int()).abs().max() <= 1
    far = [(one.float() - smooth.float()).pow(2).mean().item() for one in whole]
    assert far[0] > 0 and far == sorted(far)


def test_known_answers():
    flat = torch.full((1, 3, 16, 16), 100, dtype=torch.uint8)
    assert torch.equal(blurred(flat, 2, [0]), flat)
    assert torch.equal(hue_turned(flat, 77, [0]), flat)  # greys stay
    red = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    red[:, 0] = 200
    turned = hue_turned(red, 120, [0])
    assert sorted(turned[0, :, 0, 0].tolist()) == [0, 0, 200] and turned[0, 0, 0, 0] == 0
    assert (quantised(PIXELS, 0.01, [0] * 4).int() - PIXELS.int()).abs().max() == 0
    assert quantised(PIXELS, 1e6, [0] * 4).unique().tolist() == [128]  # no coefficient is left
    drawn = noised(flat, 10, [3]).float() - 100
    assert abs(drawn.std().item() - 10) < 0.8 and torch.equal(noised(flat, 10, [3]), noised(flat, 10, [3]))


def test_shuffled_captions_keep_the_images_and_move_the_share_that_they_say():
    for strength in CORRUPTIONS["captions"].strengths:
        given = dealt(PLAN, CORRUPTIONS["captions"], strength)
        own = [given[item.id] == item.caption.image_id for item in PLAN.items]
        assert own.count(False) == round(100 * strength)
        assert Counter(given.values()) == Counter(item.caption.image_id for item in PLAN.items)


def test_dropped_classes_and_copies_leave_fewer_and_nested_images():
    class_of = {item.caption.image_id: item.caption.class_id for item in PLAN.items}
    modes, copies = [], []
    for strength in CORRUPTIONS["modes"].strengths:
        modes.append({class_of[image] for image in dealt(PLAN, CORRUPTIONS["modes"], strength).values()})
    assert [len(left) for left in modes] == [8, 6, 4, 2, 1]
    for strength in CORRUPTIONS["copies"].strengths:
        copies.append(set(dealt(PLAN, CORRUPTIONS["copies"], strength).values()))
    assert [len(left) for left in copies] == [50, 25, 10, 5, 2]
    for sets in (modes, copies):
        assert all(after <= before for before, after in itertools.pairwise(sets))


def test_planted_images_are_training_images_and_the_others_a_mediocre_models(manifest, protocol):
    plan = make_plan(manifest, protocol.model_copy(update={"split": "test"}), 20)
    training = {image.id for image in manifest.split("train")}
    own = dealt(plan, None, 0)
    for strength, wanted in ((0, 0), (0.05, 1), (0.2, 4)):
        source = CorruptedSource(manifest, plan, 16, CORRUPTIONS["planted"], strength)
        found = [item for item in plan.items if source.image_of[item.id] in training]
        assert len(found) == wanted
        seen = next(iter(source.images(plan, batch_size=20))).pixels
        real = source._real.load([source.image_of[item.id] for item in plan.items], 16)
        crisp = [torch.equal(one, other) for one, other in zip(seen, real, strict=True)]
        assert crisp == [item in found for item in plan.items]
        assert torch.equal(seen, torch.where(torch.tensor(crisp)[:, None, None, None], real, blurred(real, 1.5, ())))
    assert all(source.image_of[item.id] == own[item.id] for item in plan.items if item not in found)
    assert "no training images" in fault_of(
        CORRUPTIONS["planted"], manifest, make_plan(manifest, protocol), redrawn=False
    )


def test_ignored_noise_leaves_one_image_a_caption_and_clean_rows_have_several():
    captions = [Caption(str(i), "a", f"image {i}", 0, i % 2) for i in range(20)]
    plan = SamplePlan(tuple(PlanItem(one, k) for one in captions for k in range(4)), 7, "d", "test")

    def kinds(strength):
        given = dealt(plan, CORRUPTIONS["ignored-noise"], strength)
        assert all(int(given[item.id].split()[1]) % 2 == item.caption.class_id for item in plan.items)
        return [len({given[(one.id, k)] for k in range(4)}) for one in captions]

    assert kinds(0) == [4] * 20 and kinds(1) == [1] * 20
    assert sorted(kinds(0.4)) == [1] * 8 + [4] * 12
    assert dealt(plan, None, 0)["3", 0] == "image 3"
    assert "one image" in fault_of(CORRUPTIONS["ignored-noise"], None, PLAN, redrawn=False)


def test_a_few_classes_are_dropped_by_number():
    class_of = {item.caption.image_id: item.caption.class_id for item in PLAN.items}
    left = [{class_of[one] for one in dealt(PLAN, CORRUPTIONS["few-modes"], many).values()} for many in (0, 1, 2, 4)]
    assert [len(one) for one in left] == [10, 9, 8, 6] and left[3] < left[2] < left[1]


def test_images_are_drawn_again_for_the_share_that_is_wrong(manifest, protocol):
    plan = make_plan(manifest, protocol, 20)
    asked = []

    def redraw(ids, what):
        asked.extend(ids)
        return torch.zeros(len(ids), 3, 16, 16, dtype=torch.uint8)

    source = CorruptedSource(manifest, plan, 16, CORRUPTIONS["counts"], 0.4, redraw)
    seen = next(iter(source.images(plan, batch_size=20))).pixels
    assert len(asked) == 8 and (seen.flatten(1) == 0).all(dim=1).sum() == 8


def test_sources_have_identities_of_their_own(manifest, protocol):
    plan = make_plan(manifest, protocol, 20)
    made = [CorruptedSource(manifest, plan, 16)]
    made += [CorruptedSource(manifest, plan, 16, one, step) for one in CORRUPTIONS.values() for step in one.strengths]
    assert len({source.identity for source in made}) == len(made) == 1 + 10 * 5 + 2 * 3
    first = next(iter(made[0].images(plan, batch_size=20))).pixels
    noise = next(iter(made[6].images(plan, batch_size=20))).pixels
    assert first.shape == noise.shape and not torch.equal(first, noise)
