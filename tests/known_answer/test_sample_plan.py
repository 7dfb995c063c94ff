"""The plan spreads over images, grows at its end only, and every image faces the same stored negatives."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import ProtocolEntry
from t2ibench.evaluation.images.negatives import choose_negatives
from t2ibench.evaluation.images.plan import make_plan, reference_plan
from tests.known_answer.colour_table import tiny_manifest

PROTOCOL = ProtocolEntry(metrics=(), negatives=20)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory):
    return tiny_manifest(tmp_path_factory.mktemp("tiny"))


def test_every_image_comes_once_before_any_comes_twice(manifest):
    images = [item.caption.image_id for item in make_plan(manifest, PROTOCOL, 54).items]
    assert len(set(images[:27])) == len(set(images[27:])) == 27


def test_a_longer_plan_begins_with_the_shorter_one_and_goes_on_with_second_images(manifest):
    short, long = make_plan(manifest, PROTOCOL, 30), make_plan(manifest, PROTOCOL, 27 * 4 + 5)
    assert long.items[:30] == short.items
    assert len({item.id for item in long.items}) == len(long)
    assert [item.sample for item in long.items[-5:]] == [1] * 5


def test_without_a_number_every_caption_comes_once(manifest):
    plan = make_plan(manifest, PROTOCOL, 0)
    assert sorted(item.caption.id for item in plan.items) == sorted(c.id for c in manifest.captions("test"))


def test_another_seed_gives_another_plan_and_the_same_seed_the_same(manifest):
    assert make_plan(manifest, PROTOCOL, 20).digest == make_plan(manifest, PROTOCOL, 20).digest
    other = PROTOCOL.model_copy(update={"seed": 1})
    assert make_plan(manifest, PROTOCOL, 20).digest != make_plan(manifest, other, 20).digest


def test_the_reference_names_every_image_once(manifest):
    images = [item.caption.image_id for item in reference_plan(manifest, "test").items]
    assert images == [image.id for image in manifest.split("test")]


@pytest.mark.parametrize("exclude", ["class", "image"])
def test_negatives_are_distinct_and_of_another_class_or_image(manifest, exclude):
    protocol = PROTOCOL.model_copy(update={"exclude": exclude})
    plan = make_plan(manifest, protocol, 40)
    captions = manifest.captions("test")
    queries, negatives = choose_negatives(plan, manifest, protocol)
    assert negatives.shape == (40, 20)
    for item, query, row in zip(plan.items, queries, negatives, strict=True):
        assert captions[query] == item.caption
        assert len(set(row.tolist())) == 20
        for place in row:
            other = captions[place]
            assert other.image_id != item.caption.image_id
            assert exclude == "image" or other.class_id != item.caption.class_id


def test_a_captions_negatives_do_not_depend_on_the_rest_of_the_plan(manifest):
    short, long = make_plan(manifest, PROTOCOL, 10), make_plan(manifest, PROTOCOL, 80)
    np.testing.assert_array_equal(
        choose_negatives(short, manifest, PROTOCOL)[1], choose_negatives(long, manifest, PROTOCOL)[1][:10]
    )


def test_too_few_other_captions_are_a_sentence(manifest):
    protocol = PROTOCOL.model_copy(update={"negatives": 99})
    with pytest.raises(UserError, match="needs 99 captions of another class"):
        choose_negatives(make_plan(manifest, protocol, 5), manifest, protocol)
