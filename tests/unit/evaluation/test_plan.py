"""Which images are asked for, and against which captions they are ranked: for any data set."""

import dataclasses
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import ProtocolEntry
from t2ibench.core.types import SamplePlan
from t2ibench.data.manifest import ImageEntry, Manifest
from t2ibench.evaluation.images.negatives import choose_negatives
from t2ibench.evaluation.images.plan import make_plan, reference_plan


def made_up(captions, classes=4):
    """A manifest whose image i has captions[i] captions."""
    images = tuple(
        ImageEntry(f"i{index}", "", "test", index % classes if classes else None, None, texts, 0, "")
        for index, texts in enumerate([f"bird {index} {turn}" for turn in range(n)] for index, n in enumerate(captions))
    )
    return Manifest("made-up", ".", images, ("<end>",), "built")


def protocol_of(**rest):
    return ProtocolEntry(metrics=(), **rest)


counts = st.lists(st.integers(1, 4), min_size=1, max_size=12)


@given(counts, st.integers(0, 5))
def test_every_image_comes_before_any_comes_twice(captions, seed):
    plan = make_plan(made_up(captions), protocol_of(seed=seed))
    assert len(plan) == sum(captions) == len({item.id for item in plan.items})
    seen = Counter()
    for item in plan.items:
        image = item.caption.image_id
        left = [f"i{index}" for index, count in enumerate(captions) if count > seen[image]]
        assert all(seen[other] >= seen[image] for other in left)
        seen[image] += 1


@given(counts, st.integers(1, 90), st.integers(1, 90))
def test_a_shorter_plan_is_the_beginning_of_a_longer_one(captions, one, other):
    short, long = sorted((one, other))
    manifest = made_up(captions)
    plans = [make_plan(manifest, protocol_of(samples=7), samples=count) for count in (short, long)]
    assert plans[0].items == plans[1].items[:short] and len(plans[1]) == long


def test_a_file_of_caption_ids_chooses_the_captions_and_their_order(tmp_path):
    manifest, path = made_up([2, 1, 3]), tmp_path / "counting.txt"
    wanted = ["made-up/test/i2#1", "made-up/test/i0#0"]
    path.write_text("\n".join(wanted) + "\n\n")
    plan = make_plan(manifest, protocol_of(samples=5, captions_each=2), chosen=path)
    assert [(item.caption.id, item.sample) for item in plan.items] == [(one, k) for one in wanted for k in (0, 1)]
    longer = make_plan(manifest, protocol_of(), 3, chosen=path)
    assert [item.caption.id for item in longer.items] == [*wanted, wanted[0]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", r"counting\.txt lists no captions: write one id a line, as 'made-up/test/i0#0'"),
        (
            "made-up/test/i0#0\nmade-up/test/i0#7",
            r"counting\.txt, line 2: 'made-up/test/i0#7' is no caption of the split",
        ),
        ("made-up/test/i0#0\n\nmade-up/test/i0#0", r"line 3: 'made-up/test/i0#0' is there twice"),
        (None, r"counting\.txt"),
    ],
)
def test_a_wrong_file_of_caption_ids_is_a_sentence(content, said, tmp_path):
    path = tmp_path / "counting.txt"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=said):
        make_plan(made_up([2, 1]), protocol_of(), chosen=path)


@given(counts)
def test_second_images_come_after_all_captions(captions):
    total = sum(captions)
    items = make_plan(made_up(captions), protocol_of(), samples=2 * total + 1).items
    assert [item.sample for item in items] == [0] * total + [1] * total + [2]
    assert [item.caption for item in items[:total]] == [item.caption for item in items[total : 2 * total]]


def test_how_many_images(manifest):
    every = len(manifest.captions("train"))
    protocol = protocol_of(split="train", samples=5)
    assert len(make_plan(manifest, protocol)) == 5
    assert len(make_plan(manifest, protocol, samples=0)) == every
    assert len(make_plan(manifest, protocol_of(split="train"))) == every
    with pytest.raises(UserError, match=r"no split of squares called 'tset'. Did you mean test"):
        make_plan(manifest, protocol_of(split="tset"))


def test_the_seed_decides_the_order(manifest):
    def plan(seed):
        return make_plan(manifest, protocol_of(split="train", seed=seed))

    assert plan(1) == plan(1) and plan(1).digest != plan(2).digest
    orders = {tuple(item.caption.image_id for item in plan(seed).items) for seed in range(4)}
    assert len(orders) == 4
    count = len(manifest.split("train"))
    firsts = {frozenset(item.caption.id for item in plan(seed).items[:count]) for seed in (1, 2)}
    assert len(firsts) == 2  # the seed also decides which caption of an image comes first


def test_the_reference_is_every_image_once(manifest):
    plan = reference_plan(manifest, "test")
    assert [item.caption.image_id for item in plan.items] == [image.id for image in manifest.split("test")]


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 4), min_size=6, max_size=14), st.integers(0, 3), st.sampled_from(["class", "image"]))
def test_negatives_are_of_others_and_differ(captions, seed, exclude):
    manifest = made_up(captions)
    protocol = protocol_of(seed=seed, exclude=exclude, negatives=2)
    plan = make_plan(manifest, protocol, samples=sum(captions) + 3)
    every = manifest.captions("test")
    queries, negatives = choose_negatives(plan, manifest, protocol)
    assert negatives.shape == (len(plan), 2) and queries.dtype == negatives.dtype == np.int64
    for item, query, row in zip(plan.items, queries, negatives, strict=True):
        assert every[query] == item.caption
        assert len(set(row.tolist())) == 2
        assert all(every[place].image_id != item.caption.image_id for place in row)
        assert exclude == "image" or all(every[place].class_id != item.caption.class_id for place in row)


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 2**31), st.randoms(use_true_random=False), st.integers(1, 20))
def test_negatives_hang_on_seed_and_caption_alone(seed, random, count):
    manifest = made_up([2] * 12)
    protocol = protocol_of(seed=seed, negatives=5)
    plan = make_plan(manifest, protocol, samples=48)
    _, negatives = choose_negatives(plan, manifest, protocol)
    expected = {item.caption.id: row.tolist() for item, row in zip(plan.items, negatives, strict=True)}
    some = random.sample(list(plan.items), count)
    other = SamplePlan(tuple(some), seed, plan.dataset, plan.split)
    _, rows = choose_negatives(other, manifest, protocol)
    assert [expected[item.caption.id] for item in some] == rows.tolist()  # a second image faces the same, too
    _, moved = choose_negatives(dataclasses.replace(plan, seed=seed + 1), manifest, protocol)
    assert not np.array_equal(moved, negatives)


def test_images_serve_where_there_are_no_classes():
    manifest = made_up([2] * 4, classes=0)
    protocol = protocol_of(negatives=6)
    plan = make_plan(manifest, protocol)
    _, negatives = choose_negatives(plan, manifest, protocol)
    every = manifest.captions("test")
    for item, row in zip(plan.items, negatives, strict=True):
        assert {every[place].image_id for place in row} == {"i0", "i1", "i2", "i3"} - {item.caption.image_id}


def test_the_same_sentence_of_another_image_is_no_negative():
    manifest = made_up([1] * 6)
    images = tuple(dataclasses.replace(image, captions=("a  bird" if i < 3 else f"bird {i}",))
                   for i, image in enumerate(manifest.images))  # fmt: skip
    manifest = dataclasses.replace(manifest, images=images)
    protocol = protocol_of(exclude="image", negatives=3)
    plan = make_plan(manifest, protocol)
    _, negatives = choose_negatives(plan, manifest, protocol)
    rows = [set(row.tolist()) for item, row in zip(plan.items, negatives, strict=True) if "a " in item.caption.text]
    assert rows == [{3, 4, 5}] * 3


@pytest.mark.parametrize(("exclude", "there"), [("class", 4), ("image", 6)])
def test_too_few_captions_for_negatives(exclude, there):
    manifest = made_up([2] * 4, classes=2)
    protocol = protocol_of(negatives=7, exclude=exclude)
    with pytest.raises(UserError, match=rf"needs 7 captions of another {exclude} .*'test' of made-up has {there} for"):
        choose_negatives(make_plan(manifest, protocol), manifest, protocol)
