"""Rows of a table: the same images whatever the batch size and order."""

import dataclasses

import pytest
import torch

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.spec.benchmarks import ProtocolEntry
from t2ibench.core.types import Origin, SamplePlan
from t2ibench.evaluation.images.negatives import choose_negatives
from t2ibench.evaluation.images.pixels import resized, to_uint8
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.images.sources import (
    ModelSource,
    NoiseSource,
    ground_truth,
    real_of_other_split,
    shuffled_captions,
)
from t2ibench.models.folder import LoadedModel

PROTOCOL = ProtocolEntry(negatives=3, exclude="image", metrics=())


@pytest.fixture(scope="module")
def plan(manifest, protocol):
    return make_plan(manifest, protocol, samples=11)


def images(source, plan, batch_size=4):
    batches = list(source.images(plan, batch_size=batch_size))
    assert [one for batch in batches for one in batch.ids] == [item.id for item in plan.items]
    pixels = torch.cat([batch.pixels for batch in batches])
    assert pixels.dtype == torch.uint8 and pixels.shape == (len(plan), 3, 16, 16)
    return pixels


CONTROLS = {
    "ground-truth": lambda manifest, plan: ground_truth(manifest, plan, 16),
    "real-train": lambda manifest, plan: real_of_other_split(manifest, dataclasses.replace(plan, split="test"), 16),
    "shuffled-captions": lambda manifest, plan: shuffled_captions(manifest, plan, 16, PROTOCOL),
    "noise": lambda manifest, plan: NoiseSource(16),
}


@pytest.mark.parametrize("name", CONTROLS)
def test_controls_are_the_same_in_any_batch_and_order(manifest, plan, name):
    source = CONTROLS[name](manifest, plan)
    assert source.name == name and source.card.origin is Origin.CONTROL and source.card.notes
    expected = images(source, plan)
    again = CONTROLS[name](manifest, plan)
    assert again.identity == source.identity
    for batch_size in (1, 3, 50):
        assert torch.equal(images(again, plan, batch_size), expected)
    backwards = dataclasses.replace(plan, items=plan.items[::-1])
    assert torch.equal(images(source, backwards), expected.flip(0))
    assert torch.equal(images(source, dataclasses.replace(plan, items=plan.items[5:])), expected[5:])
    assert len({tuple(image.flatten().tolist()) for image in expected}) > 3


def test_what_the_controls_show(manifest, plan):
    truth = ground_truth(manifest, plan, 16)
    real = truth._real.load([item.caption.image_id for item in plan.items], 16)
    assert torch.equal(images(truth, plan), real)
    dealt = shuffled_captions(manifest, plan, 16, PROTOCOL)
    assert not torch.equal(images(dealt, plan), real)
    captions = manifest.captions(plan.split)
    for item, query, negatives in zip(plan.items, *choose_negatives(plan, manifest, PROTOCOL), strict=True):
        assert dealt._image_of[item.id] in {captions[place].image_id for place in [query, *negatives]}
    other = real_of_other_split(manifest, plan, 16)  # the plan's split is "train"
    assert other.name == "real-test" and not other.caption_linked
    shown = {other._image_of[item.id] for item in plan.items}
    assert shown <= {image.id for image in manifest.split("test")} and len(shown) == 11
    assert other.shown_caption(plan.items[0]) in manifest.by_id[other._image_of[plan.items[0].id]].captions
    assert truth.shown_caption(plan.items[0]) == plan.items[0].caption.text


def test_a_short_split_repeats_its_images_and_says_so(manifest, protocol):
    long = make_plan(manifest, protocol, samples=40)
    source = real_of_other_split(manifest, long, 16)
    counts = [list(source._image_of.values()).count(image.id) for image in manifest.split("test")]
    assert set(counts) == {2, 3} and "used more than once" in source.card.notes[0]


def test_one_split_only(manifest, plan):
    alone = dataclasses.replace(manifest, images=manifest.split("train"))
    with pytest.raises(UserError, match="second split of squares"):
        real_of_other_split(alone, plan, 16)


def test_identities_tell_controls_apart(manifest, plan):
    sources = [make(manifest, plan) for make in CONTROLS.values()]
    sources.append(shuffled_captions(manifest, dataclasses.replace(plan, seed=1), 16, PROTOCOL))
    assert len({source.identity for source in sources}) == len(sources)


def test_noise_covers_all_values_and_hangs_on_the_seed(plan):
    one, two = (images(NoiseSource(16), dataclasses.replace(plan, seed=seed)) for seed in (1, 2))
    assert not torch.equal(one, two)
    assert set(one.flatten().tolist()) == set(range(256)) and abs(float(one.float().mean()) - 127.5) < 3


def test_float_to_uint8():
    values = torch.tensor([-1.0005, -1.0, -0.999, 0.0, 0.5, 0.999, 1.0, 1.0005])
    # (v + 1) * 127.5: 0, 0, 0.1275, 127.5, 191.25, 254.8725, 255, 255; halves go to the even neighbour
    assert to_uint8(values, "round").tolist() == [0, 0, 0, 128, 191, 255, 255, 255]
    assert to_uint8(values, "truncate").tolist() == [0, 0, 0, 127, 191, 254, 255, 255]


def test_resizing():
    flat = torch.full((2, 3, 8, 8), 77, dtype=torch.uint8)
    assert resized(flat, 8) is flat
    assert resized(flat, 16).unique().tolist() == [77] and resized(flat, 5).shape == (2, 3, 5, 5)
    stripes = torch.zeros(1, 1, 8, 8, dtype=torch.uint8)
    stripes[..., ::4] = 200
    # Triangle weights of width 8 about 2 and 6: (0.625 + 0.375) / 3.5 and 0.625 / 3.5. Without antialiasing both are 0.
    assert resized(stripes, 2)[0, 0].tolist() == [[57, 36], [57, 36]]


def test_a_model_makes_the_same_images_in_any_batch(trained, plan):
    def made(batch_size, plan=plan, **rest):
        options = {"device": "cpu", "resolution": 16, "quantise": "round", **rest}
        return images(ModelSource(trained, **options), plan, batch_size).int()

    expected = made(8)
    for batch_size in (1, 3):
        # Sums in another order may carry a value over a rounding edge: one level, nowhere more.
        assert (made(batch_size) - expected).abs().max() <= 1
    backwards = dataclasses.replace(plan, items=plan.items[::-1])
    assert (made(8, backwards).flip(0) - expected).abs().max() <= 1
    assert (made(8, dataclasses.replace(plan, seed=5)) - expected).abs().max() > 20
    second = SamplePlan(tuple(dataclasses.replace(i, sample=1) for i in plan.items), plan.seed, "squares", "train")
    assert (made(8, second) - expected).abs().max() > 20
    low = made(8, quantise="truncate")
    assert set((expected - low).unique().tolist()) == {0, 1}


def test_building_a_model_source_loads_nothing(trained, plan, monkeypatch):
    import t2ibench.models.folder as folders

    def never(*_, **__):
        raise AssertionError("the model was loaded")

    monkeypatch.setattr(folders, "load_model", never)
    source = ModelSource(trained, device="cpu", resolution=16, quantise="round")
    assert (source.name, source.steps, source.trained_on, source.variant) == ("stub", 4, "squares", "")
    assert source.card == trained.card
    with pytest.raises(AssertionError, match="was loaded"):
        images(source, plan)


def test_images_that_are_not_finite(trained, plan, monkeypatch):
    import t2ibench.models.folder as folders

    class Broken:
        def generate(self, captions, noise):
            made = torch.zeros(len(captions), 3, 16, 16)
            for row, caption in enumerate(captions):
                if caption == plan.items[2].caption:
                    made[row, 1, 3, 3] = float("nan")
            return made

    monkeypatch.setattr(folders, "load_model", lambda folder, device, **_: LoadedModel(Broken(), folder))
    source = ModelSource(trained, device="cpu", resolution=16, quantise="round")
    with pytest.raises(RunFailedError) as caught:
        images(source, plan)
    assert plan.items[2].caption.id in str(caught.value) and "diverged" in str(caught.value)
