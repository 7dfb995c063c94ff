"""The papers' way of counting, switch by switch: caption order, negatives, whole batches; all keyed, none unseeded."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.spec.benchmarks import GenerationOptions, ProtocolEntry, load_benchmarks
from t2ibench.core.storage.store import Store
from t2ibench.core.types import SamplePlan
from t2ibench.data.manifest import ImageEntry, Manifest
from t2ibench.evaluation.images.negatives import choose_negatives
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.images.sources import ModelSource
from t2ibench.evaluation.measuring import collect as collecting
from tests.unit.evaluation.small_models import PLAN, small_model

PROTOCOLS = load_benchmarks().content.protocols


def birds(images=20, captions=3, classes=4):
    """A manifest in which images stand by class, as in CUB."""
    entries = tuple(
        ImageEntry(
            f"i{image}", "", "test", image * classes // images if classes else None, None,
            tuple(f"bird {image} {turn}" for turn in range(captions)), 0, "",
        )
        for image in range(images)
    )  # fmt: skip
    return Manifest("birds", ".", entries, ("<end>",), "built")


def protocol_of(batch=None, **rest):
    return ProtocolEntry(**{"metrics": (), "generation": GenerationOptions(batch_size=batch), **rest})


# --- passes ---------------------------------------------------------------------------------------------------------


def test_a_pass_has_every_image_once_but_what_fills_no_batch():
    plan = make_plan(birds(), protocol_of(batch=6, captions="passes"), samples=36)
    passes = [plan.items[start : start + 18] for start in (0, 18)]  # 20 images are three batches of 6
    for items in passes:
        assert len({item.caption.image_id for item in items}) == 18
    orders = [[item.caption.image_id for item in items] for items in passes]
    assert orders[0] != orders[1] and set(orders[0]) != set(orders[1])
    assert len(make_plan(birds(), protocol_of(batch=6, captions="passes"), samples=0)) == 18
    assert len(make_plan(birds(), protocol_of(captions="passes"), samples=0)) == 20


def test_captions_are_drawn_anew_in_every_pass_and_their_images_too():
    plan = make_plan(birds(), protocol_of(captions="passes"), samples=200)
    assert len({item.id for item in plan.items}) == 200  # a caption that comes again is its next sample: other noise
    counts = Counter(item.caption.id for item in plan.items)
    assert max(counts.values()) > 4 and len(counts) == 60  # 10 passes of 20 images with 3 captions each
    for caption, count in counts.items():
        assert [item.sample for item in plan.items if item.caption.id == caption] == list(range(count))
    spread = make_plan(birds(), protocol_of(), samples=60)
    assert max(Counter(item.caption.id for item in spread.items).values()) == 1


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(0, 3), st.sampled_from([None, 3, 7]))
def test_passes_are_keyed(one, other, seed, batch):
    protocol = protocol_of(batch=batch, captions="passes", seed=seed)
    short, long = (make_plan(birds(), protocol, samples=count) for count in sorted((one, other)))
    assert short.items == long.items[: len(short)]
    moved = protocol.model_copy(update={"seed": seed + 1})
    assert make_plan(birds(), moved, samples=40).items != make_plan(birds(), protocol, samples=40).items


def test_a_pass_without_a_full_batch_is_one_sentence():
    with pytest.raises(UserError, match=r"fill a batch of 21, and the split 'test' of birds has 20 images"):
        make_plan(birds(), protocol_of(batch=21, captions="passes"), samples=5)


# --- negatives ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("exclude", ["class", "image"])
def test_fresh_negatives_are_new_for_every_image_and_may_repeat(exclude):
    manifest = birds()
    protocol = protocol_of(negatives=99, negatives_rule="fresh", exclude=exclude)
    plan = make_plan(manifest, protocol, samples=120)  # every caption twice
    every = manifest.captions("test")
    queries, negatives = choose_negatives(plan, manifest, protocol)
    assert negatives.shape == (120, 99) and [every[query] for query in queries] == [item.caption for item in plan.items]
    for item, row in zip(plan.items, negatives, strict=True):
        mine = item.caption.class_id if exclude == "class" else item.caption.image_id
        theirs = {every[place].class_id if exclude == "class" else every[place].image_id for place in row}
        assert mine not in theirs
    assert max(len(set(row.tolist())) for row in negatives) < 99  # with replacement: 45 or 57 captions, 99 places
    first, second = ({item.caption.id: row.tolist() for item, row in zip(plan.items, negatives, strict=True)
                      if item.sample == sample} for sample in (0, 1))  # fmt: skip
    assert all(first[caption] != second[caption] for caption in first)
    stored = choose_negatives(plan, manifest, protocol.model_copy(update={"negatives_rule": "stored", "negatives": 9}))
    assert np.array_equal(stored[1][:60], stored[1][60:])  # the other rule: one list a caption


def test_fresh_negatives_are_uniform_over_images_then_captions():
    images = birds(images=4, captions=1, classes=0).images
    many = dataclasses.replace(images[1], captions=tuple(f"many {turn}" for turn in range(9)))
    manifest = dataclasses.replace(birds(4, 1, 0), images=(images[0], many, *images[2:]))
    protocol = protocol_of(negatives=3000, negatives_rule="fresh", exclude="image")
    plan = SamplePlan(make_plan(manifest, protocol).items[:4], 1, "birds", "test")
    every = manifest.captions("test")
    _, negatives = choose_negatives(plan, manifest, protocol)
    row = next(row for item, row in zip(plan.items, negatives, strict=True) if item.caption.image_id != "i1")
    counts = Counter(every[place].image_id for place in row)
    assert len(counts) == 3 and all(abs(count - 1000) < 120 for count in counts.values())
    of_many = Counter(int(place) for place in row if every[place].image_id == "i1")
    assert len(of_many) == 9 and max(of_many.values()) < 2 * min(of_many.values())


def test_fresh_negatives_may_say_the_same_and_stored_ones_may_not():
    images = tuple(dataclasses.replace(image, captions=("a bird",)) for image in birds(6, 1, 6).images)
    manifest = dataclasses.replace(birds(6, 1, 6), images=images)
    protocol = protocol_of(negatives=2, negatives_rule="fresh")
    plan = make_plan(manifest, protocol)
    assert choose_negatives(plan, manifest, protocol)[1].shape == (6, 2)
    with pytest.raises(UserError, match="needs 2 captions of another class"):
        choose_negatives(plan, manifest, protocol.model_copy(update={"negatives_rule": "stored"}))


@settings(deadline=None, max_examples=15)
@given(st.integers(0, 2**31), st.randoms(use_true_random=False), st.integers(1, 20))
def test_fresh_negatives_hang_on_seed_caption_and_sample_alone(seed, random, count):
    manifest = birds()
    protocol = protocol_of(seed=seed, negatives=7, negatives_rule="fresh")
    plan = make_plan(manifest, protocol, samples=80)
    _, negatives = choose_negatives(plan, manifest, protocol)
    expected = {item.id: row.tolist() for item, row in zip(plan.items, negatives, strict=True)}
    some = random.sample(list(plan.items), count)
    _, rows = choose_negatives(SamplePlan(tuple(some), seed, plan.dataset, plan.split), manifest, protocol)
    assert [expected[item.id] for item in some] == rows.tolist()
    _, moved = choose_negatives(dataclasses.replace(plan, seed=seed + 1), manifest, protocol)
    assert not np.array_equal(moved, negatives)


def test_one_class_has_no_fresh_negatives():
    protocol = protocol_of(negatives=2, negatives_rule="fresh")
    manifest = birds(classes=1)
    with pytest.raises(UserError, match="captions of others"):
        choose_negatives(make_plan(manifest, protocol), manifest, protocol)


# --- whole batches through the store --------------------------------------------------------------------------------


class Means:
    """An extractor that says how bright an image is; stands for one of benchmarks.toml."""

    name = "means"
    reads_model = False

    def describe(self):
        return {"name": "means"}

    def opened(self):
        return self

    def extract(self, pixels):
        return {"pool": pixels.float().mean((2, 3))}


def test_chunks_of_the_store_never_cut_a_batch(tmp_path, monkeypatch):
    masked = GenerationOptions(parameters={"official_mask": True}, batch_size=3)
    folder = small_model("attngan", tmp_path / "attngan")
    how = {"device": "cpu", "resolution": 32, "quantise": "round", "generation": masked}

    def pixels(chunk, batch_size, place):
        monkeypatch.setattr(collecting, "CHUNK", chunk)
        source = ModelSource(folder, **how)
        making = collecting.Making(Store(tmp_path / place), {}, batch_size)
        found = collecting.collect(source, PLAN, [Means()], making)
        return torch.tensor(np.array(found.features["means"]["pool"]))

    expected = pixels(250, 50, "whole")
    for chunk, batch_size in ((2, 1), (4, 5)):
        assert torch.equal(pixels(chunk, batch_size, f"pieces-{chunk}"), expected)


# --- the protocols --------------------------------------------------------------------------------------------------


def test_a_protocol_that_makes_images_depend_on_batches_must_fix_them():
    for options in ({"parameters": {"official_mask": True}}, {"batch_order": "longest-first"}):
        with pytest.raises(ValueError, match="set batch_size too"):
            GenerationOptions(**options)
        GenerationOptions(**options, batch_size=10)
    for name in ("official", "official-attngan", "official-dfgan"):
        for dataset in ("cub", "coco"):
            assert PROTOCOLS[name].for_dataset(dataset).generation.batch_size
    assert PROTOCOLS["official"].generation.batch_size == 10  # DM-GAN's
    assert PROTOCOLS["official-attngan"].generation.batch_size == 100


def test_a_protocol_differs_between_data_sets_where_it_says_so():
    cub, coco = (PROTOCOLS["official"].for_dataset(name) for name in ("cub", "coco"))
    assert cub.exclude == "class" and coco.exclude == "image"
    assert cub.generation.parameters["words_maximum_generation"] == 25
    assert coco.generation.parameters["words_maximum_generation"] == 20
    assert cub.captions == coco.captions == "passes" and cub.judged != coco.judged
    assert not coco.on and not cub.on
    plain = PROTOCOLS["t2ibench-1"]
    assert plain.for_dataset("coco") is plain
    with pytest.raises(ValueError, match=r"on.coco: key negatives: .*greater than or equal to 1"):
        ProtocolEntry(metrics=(), on={"coco": {"negatives": 0}})


def test_every_option_of_a_protocol_is_in_its_digest_and_young_ones_only_where_they_differ():
    plain = protocol_of()
    old = {"split": "test", "captions": "spread", "seed": 100, "quantise": "round", "resolution": 256,
           "negatives": 99, "exclude": "class"}  # fmt: skip
    assert plain.judged == old  # numbers measured before these options existed are still answers
    changes = [
        {"negatives_rule": "fresh"},
        {"captions": "passes"},
        {"quantise": "truncate"},
        {"generation": GenerationOptions(zero_latents=("ca",))},
        {"generation": GenerationOptions(batch_size=10)},
        {"generation": GenerationOptions(batch_size=10, batch_order="longest-first")},
        {"generation": GenerationOptions(batch_size=10, parameters={"official_mask": True})},
        {"generation": GenerationOptions(parameters={"words_maximum_generation": 25})},
    ]
    digests = [digest_of(protocol.judged) for protocol in (plain, *(protocol_of(**change) for change in changes))]
    assert len(set(digests)) == len(changes) + 1
