"""MNIST with captions: the generator's rules, MNIST's files, what was held out, and that nothing is flipped."""

import gzip
import json
import struct

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import Benchmarks, DatasetEntry
from t2ibench.core.types import DataRequest
from t2ibench.core.workspace import Workspace
from t2ibench.data.batches.batches import TrainingData
from t2ibench.data.images import RealImages
from t2ibench.data.open import open_dataset
from t2ibench_simulations.mnist_captions import MNISTCaptions
from t2ibench_simulations.mnist_captions.digits import open_pool
from t2ibench_simulations.mnist_captions.make import counts_of, read_drawing
from t2ibench_simulations.mnist_captions.scenes import (
    DIGIT,
    SIDE,
    SLOTS,
    TEMPLATES,
    Scene,
    choose_bans,
    draw_scene,
    is_held_out,
    paint,
)

LABELS = [index % 10 for index in range(40)]
# (rows, columns) of the first and the second digit, a template each: the official generator's ranges.
RANGES = {
    **dict.fromkeys((0, 1), (((16, 18), (0, 4)), ((16, 18), (28, 32)))),
    **dict.fromkeys((2, 3), (((0, 2), (16, 18)), ((30, 32), (16, 18)))),
    **{4: (((0, 2), (0, 4)),), 5: (((30, 32), (28, 32)),), 6: (((0, 2), (28, 32)),), 7: (((30, 32), (0, 4)),)},
}


def adapter(**options):
    entry = DatasetEntry(adapter="mnist-captions", protocol="p", captions_per_image=1, options=options)
    return MNISTCaptions("mnist-captions", entry)


def scenes(count, *, held_out=False, seed=0):
    bans = choose_bans(seed)
    found = [
        draw_scene(LABELS, bans, held_out=held_out, seed=seed, split="train", index=index) for index in range(count)
    ]
    return bans, found


def test_captions_have_twelve_tokens_and_digits_lie_where_they_say():
    _, found = scenes(2000)
    assert {scene.template for scene in found} == set(range(len(TEMPLATES)))
    for scene in found:
        assert len(scene.caption.split()) == 12
        for corner, ranges in zip(scene.corners, RANGES[scene.template], strict=True):
            assert all(low <= place <= high for place, (low, high) in zip(corner, ranges, strict=True))
        if scene.template < 2:
            assert scene.corners[0][0] == scene.corners[1][0]
        elif scene.template < 4:
            assert scene.corners[0][1] == scene.corners[1][1]


@pytest.mark.parametrize(
    ("template", "caption"),
    [
        (0, "the digit 3 is on the left of the digit 7 ."),
        (1, "the digit 7 is on the right of the digit 3 ."),
        (2, "the digit 3 is at the top of the digit 7 ."),
        (3, "the digit 7 is at the bottom of the digit 3 ."),
    ],
)
def test_the_first_digit_is_the_left_or_top_one(template, caption):
    assert Scene(template, (3, 7), (3, 7), ((0, 0), (0, 0))).caption == caption


def test_banned_roles_never_occur_in_training_and_always_in_what_is_held_out():
    bans, seen = scenes(5000)
    assert len(bans) == SLOTS and all(0 <= ban <= 9 for ban in bans)
    assert bans != choose_bans(1) and bans == choose_bans(0)
    for scene in seen:
        slots = (2 * scene.template, 2 * scene.template + 1) if scene.template < 4 else (scene.template + 4,)
        assert all(label != bans[slot] for label, slot in zip(scene.labels, slots, strict=True))
    _, unseen = scenes(300, held_out=True)
    assert all(is_held_out(scene, bans) for scene in unseen)
    assert {scene.template for scene in unseen} == set(range(len(TEMPLATES)))


def test_the_second_digit_covers_the_first():
    images = [np.full((DIGIT, DIGIT), level, dtype=np.uint8) for level in (100, 200)]
    canvas = paint(Scene(0, (0, 1), (0, 1), ((16, 4), (16, 28))), images)
    assert canvas.shape == (SIDE, SIDE) and canvas[20, 27] == 100 and canvas[20, 31] == 200 and canvas[0, 0] == 0


def test_drawn_digits_are_all_different_and_told_apart_by_their_means():
    pools = {part: open_pool("drawn", part) for part in ("train", "test")}
    train, test = (np.stack([pool.image(at) for at in range(200)]).astype(float) for pool in pools.values())
    labels = np.array(pools["train"].labels[:200])
    assert len({one.tobytes() for one in (*train, *test)}) == 400
    means = np.stack([train[labels == digit].mean(0) for digit in range(10)])
    nearest = ((test[:, None] - means) ** 2).sum((2, 3)).argmin(1)
    assert (nearest == labels).mean() > 0.8


def test_it_is_drawn_read_and_shown_whole(tmp_path):
    made = adapter(images=48, seed=3)
    made.draw(tmp_path / "d", {}, replace=False)
    manifest = made.read(tmp_path / "d")
    assert {name: len(images) for name, images in manifest.splits.items()} == counts_of(48)
    assert "drawn by code" in manifest.caveats[0] and manifest.whole
    assert read_drawing(tmp_path / "d").bans == choose_bans(3)
    batch = TrainingData(manifest, DataRequest((SIDE,), 8), seed=0).batch(0, "train")
    for caption, image in zip(batch.captions, batch.images[SIDE], strict=True):
        file = np.asarray(Image.open(manifest.path(manifest.by_id[caption.image_id])).convert("RGB"))
        np.testing.assert_allclose(image.permute(1, 2, 0).numpy(), file / 127.5 - 1, atol=1e-6)
        real = RealImages(manifest).load([caption.image_id], SIDE)[0].permute(1, 2, 0).numpy()
        np.testing.assert_array_equal(real, file)
    made.draw(tmp_path / "again", {}, replace=False)
    assert made.read(tmp_path / "again").digest == manifest.digest
    with pytest.raises(UserError, match="already holds other mnist-captions"):
        made.draw(tmp_path / "d", {"seed": 4}, replace=False)


def opened(folder, *, named=True):
    datasets = {"mnist-captions": adapter(images=48).entry}
    benchmarks = Benchmarks(schema=1, datasets=datasets, models={}, metrics={}, protocols={"p": {"metrics": ()}})
    root = {True: folder / "m", False: None}.get(named, named)
    return open_dataset("mnist-captions", benchmarks, Workspace(folder / "workspace"), root=root)


def write_mnist(folder, *, packed, seed=0):
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    for prefix, count in (("train", 60), ("t10k", 30)):
        images = generator.integers(1, 255, (count, 28, 28), dtype=np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 10
        for name, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
            head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
            content = head + array.tobytes()
            path = folder / f"{prefix}-{name}{'.gz' if packed else ''}"
            path.write_bytes(gzip.compress(content) if packed else content)
    return images


@pytest.mark.parametrize(("below", "packed"), [("", True), ("MNIST/raw", False)])
def test_mnist_files_make_the_same_scenes_of_its_digits(tmp_path, below, packed):
    tests = write_mnist(tmp_path / "m" / below, packed=packed)
    before = sorted(tmp_path.rglob("*"))
    manifest = opened(tmp_path)
    assert sorted(path for path in (tmp_path / "m").rglob("*")) == [path for path in before if path != tmp_path / "m"]
    scenes = manifest.root
    assert scenes.is_relative_to(tmp_path / "workspace/data/mnist-captions")
    assert manifest.caveats == () and "digits: mnist" in manifest.found
    lines = [json.loads(line) for line in (scenes / "captions.jsonl").read_text().splitlines()]
    shown = next(line for line in lines if line["split"] == "test" and len(line["digits"]) == 1)
    row, column = shown["corners"][0]
    scene = np.asarray(Image.open(scenes / shown["file"]))
    digit = scene[row : row + DIGIT, column : column + DIGIT]
    matching = [label % 10 for label in range(30) if np.array_equal(tests[label], digit)]
    assert matching == shown["digits"]
    stamp = (scenes / "captions.jsonl").stat().st_mtime_ns
    for again in (opened(tmp_path), opened(tmp_path, named=False), opened(tmp_path, named=scenes)):
        assert (again.digest, again.root) == (manifest.digest, scenes)
    assert (scenes / "captions.jsonl").stat().st_mtime_ns == stamp
    write_mnist(tmp_path / "other", packed=False, seed=1)
    other = opened(tmp_path, named=tmp_path / "other")
    assert other.root != scenes and other.digest != manifest.digest


def test_a_damaged_or_missing_file_is_a_sentence(tmp_path):
    write_mnist(tmp_path / "m", packed=False)
    images = tmp_path / "m" / "train-images-idx3-ubyte"
    images.write_bytes(images.read_bytes()[:-5])
    with pytest.raises(UserError, match="not a whole file"):
        opened(tmp_path)
    assert len(list((tmp_path / "m").iterdir())) == 4
    (tmp_path / "m" / "t10k-labels-idx1-ubyte").unlink()
    images.write_bytes(images.read_bytes() + bytes(5))
    with pytest.raises(UserError, match="t10k-labels-idx1-ubyte is missing"):
        opened(tmp_path)


def test_scikit_learn_is_optional():
    try:
        import sklearn  # noqa: F401
    except ModuleNotFoundError:
        with pytest.raises(UserError, match=r"t2ibench\[mnist\]"):
            open_pool("scikit-learn", "train")
    else:
        pool = open_pool("scikit-learn", "test")
        assert pool.image(0).shape == (28, 28) and set(pool.labels) == set(range(10))
