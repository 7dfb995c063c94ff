"""A batch depends on (seed, step) alone, an epoch visits every image once, a wrong image is of another class."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.types import DataRequest
from t2ibench.data.batches.batches import TrainingData
from t2ibench.data.manifest import ImageEntry, Manifest

SIDE = 16
CLASSES = [1, 1, 1, 2, 2, 3, 4, 4, 4, 4, 4]


def _write(root, classes=CLASSES, noisy=False):
    """A set of images whose grey level is 20 * (row + 1), or noise where crops must be seen."""
    images = []
    for row, class_id in enumerate(classes):
        name = f"{row}.png"
        pixels = np.full((24 + row, 30, 3), 20 * (row + 1), dtype=np.uint8)
        if noisy:
            pixels = np.random.default_rng(row).integers(0, 256, pixels.shape, dtype=np.uint8)
        Image.fromarray(pixels).save(root / name)
        captions = tuple(f"image {row} caption {index}" for index in range(3 + row % 2))
        images.append(ImageEntry(str(row), name, "train", class_id, None, captions, 0, ""))
    return Manifest("tiny", root, tuple(images), ("<end>",), "built")


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return _write(tmp_path_factory.mktemp("plain"))


@pytest.fixture(scope="module")
def noisy(tmp_path_factory):
    return _write(tmp_path_factory.mktemp("noisy"), noisy=True)


def _data(manifest, seed=0, batch_size=4, resolutions=(8, SIDE), wrong=True, **options):
    return TrainingData(manifest, DataRequest(resolutions, batch_size, wrong), seed, **options)


def _same(one, other):
    images = [(one.images, other.images)]
    if one.wrong_images is not None and other.wrong_images is not None:
        images.append((one.wrong_images, other.wrong_images))
    return (
        one.captions == other.captions
        and torch.equal(one.class_ids, other.class_ids)
        and all(torch.equal(a[resolution], b[resolution]) for a, b in images for resolution in a)
    )


def _rows(images):
    """The rows of one-level images."""
    return ((images[SIDE][:, 0, 0, 0] + 1) * 127.5 / 20 - 1).round().int().tolist()


@given(seed=st.integers(0, 2**40), steps=st.lists(st.integers(0, 40), min_size=1, max_size=5))
@settings(max_examples=15, deadline=None)
def test_a_batch_is_a_function_of_seed_and_step(noisy, seed, steps):
    straight = {step: _data(noisy, seed).batch(step, "train") for step in sorted(set(steps))}
    used = _data(noisy, seed)
    for step in steps:  # in any order, with other steps in between, twice
        assert _same(used.batch(step, "train"), straight[step])


def test_shapes_range_and_alignment(plain):
    batch = _data(plain).batch(0, "train")
    assert (batch.step, batch.phase) == (0, "train")
    assert list(batch.images) == [8, SIDE] and batch.class_ids.dtype == torch.int64
    for images in (batch.images, batch.wrong_images):
        assert all(
            level.shape == (4, 3, resolution, resolution) and level.dtype == torch.float32
            for resolution, level in images.items()
        )
        assert all(level.abs().max() <= 1 for level in images.values())
    rows = _rows(batch.images)
    assert [int(caption.image_id) for caption in batch.captions] == rows
    assert batch.class_ids.tolist() == [CLASSES[row] for row in rows]
    assert all(c.id == f"tiny/train/{c.image_id}#{c.index}" and c.text.endswith(str(c.index)) for c in batch.captions)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 11])
def test_an_epoch_visits_a_image_at_most_once_and_drops_the_rest(plain, batch_size):
    data = _data(plain, batch_size=batch_size)
    assert data.steps_per_epoch == len(CLASSES) // batch_size
    orders = []
    for epoch in range(2):
        steps = range(epoch * data.steps_per_epoch, (epoch + 1) * data.steps_per_epoch)
        seen = [caption.image_id for step in steps for caption in data.batch(step, "train").captions]
        assert len(set(seen)) == len(seen) == data.steps_per_epoch * batch_size
        orders.append(seen)
    assert orders[0] != orders[1]


def test_every_caption_comes_up(plain):
    data = _data(plain, batch_size=11, wrong=False)
    chosen = {caption.id for step in range(60) for caption in data.batch(step, "train").captions}
    assert len(chosen) == sum(len(image.captions) for image in plain.images)


def test_crops_are_cut_from_the_resized_image(noisy):
    data = _data(noisy, batch_size=11, wrong=False)
    image = Image.open(noisy.root / "5.png").convert("RGB")  # 30 x 29, resized to shorter side 19
    base = np.asarray(image.resize((int(19 * 30 / 29), 19), Image.Resampling.BILINEAR))
    height, width = base.shape[:2]
    windows = {}
    for top, left in itertools.product(range(height - SIDE + 1), range(width - SIDE + 1)):
        window = base[top : top + SIDE, left : left + SIDE]
        windows[window.tobytes()] = (top, left, False)
        windows[window[:, ::-1].tobytes()] = (top, left, True)
    found = set()
    for step in range(150):
        batch = data.batch(step, "train")
        place = [caption.image_id for caption in batch.captions].index("5")
        crop = ((batch.images[SIDE][place].permute(1, 2, 0).numpy() + 1) * 127.5).round().astype(np.uint8)
        found.add(windows[np.ascontiguousarray(crop).tobytes()])
    assert {top for top, _, _ in found} == set(range(height - SIDE + 1))
    assert {left for _, left, _ in found} == set(range(width - SIDE + 1))
    assert {flipped for _, _, flipped in found} == {False, True}


@given(seed=st.integers(0, 2**40), step=st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_a_wrong_image_is_never_of_the_captions_class(plain, seed, step):
    batch = _data(plain, seed).batch(step, "train")
    wrong = [CLASSES[row] for row in _rows(batch.wrong_images)]
    assert all(a != b for a, b in zip(wrong, batch.class_ids.tolist(), strict=True))


def test_every_other_image_can_be_the_wrong_one(plain):
    data = _data(plain, batch_size=11)
    pairs = set()
    for step in range(150):
        batch = data.batch(step, "train")
        pairs |= set(zip(_rows(batch.images), _rows(batch.wrong_images), strict=True))
    assert pairs == {(a, b) for a in range(11) for b in range(11) if CLASSES[a] != CLASSES[b]}


def test_a_single_class_takes_another_image(tmp_path):
    data = _data(_write(tmp_path, [7] * 5), batch_size=5)
    for step in range(20):
        batch = data.batch(step, "train")
        assert all(a != b for a, b in zip(_rows(batch.images), _rows(batch.wrong_images), strict=True))


def test_images_without_classes_each_get_their_own(tmp_path):
    data = _data(_write(tmp_path, [None] * 5), batch_size=5)
    batch = data.batch(0, "train")
    assert batch.class_ids.tolist() == _rows(batch.images)


@pytest.mark.parametrize("options", [{"cache_bytes": 0}, {"cache_bytes": 5000}, {}])
@pytest.mark.parametrize("workers", [0, 1, 3])
def test_threads_and_memory_change_nothing(noisy, options, workers):
    reference = _data(noisy, 3)
    got = list(_data(noisy, 3, **options).iterate(2, 8, lambda step: f"phase {step // 5}", workers))
    assert [batch.step for batch in got] == list(range(2, 8))
    assert [batch.phase for batch in got] == ["phase 0"] * 3 + ["phase 1"] * 3
    assert all(_same(batch, reference.batch(batch.step, "")) for batch in got)


def test_images_are_read_once_as_far_as_memory_is_allowed(tmp_path):
    manifest = _write(tmp_path)
    kept, forgotten = _data(manifest, batch_size=11), _data(manifest, batch_size=11, cache_bytes=2000)
    for data in (kept, forgotten):
        list(data.iterate(0, 2, lambda step: "train"))
    for path in tmp_path.glob("*.png"):
        path.unlink()
    kept.batch(2, "train")
    with pytest.raises(UserError, match="is missing"):
        forgotten.batch(2, "train")


def test_iterating_can_be_left_and_taken_up_again(noisy):
    data = _data(noisy)
    stream = data.iterate(0, 100, lambda step: "train")
    first = next(stream)
    stream.close()
    assert _same(next(iter(data.iterate(0, 1, lambda step: "train"))), first)
    assert list(data.iterate(5, 5, lambda step: "train")) == []


def test_another_seed_gives_other_batches(noisy):
    assert not _same(_data(noisy, 0).batch(0, "train"), _data(noisy, 1).batch(0, "train"))


def test_too_few_images_are_a_sentence(plain, tmp_path):
    with pytest.raises(UserError, match="11 images, fewer than a batch of 12"):
        _data(plain, batch_size=12)
    with pytest.raises(UserError, match="one image only"):
        _data(_write(tmp_path, [1]), batch_size=1)
    with pytest.raises(UserError, match="no split of tiny called 'tran'"):
        _data(plain, split="tran")


def test_a_image_that_vanished_is_named_from_a_thread_too(tmp_path):
    manifest = _write(tmp_path)
    (tmp_path / "5.png").unlink()
    with pytest.raises(UserError, match=r"5\.png is missing"):
        list(_data(manifest, batch_size=11).iterate(0, 1, lambda step: "train", workers=2))
