"""A cache gives the very pixels that the files give, and only as long as it is of them."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.types import DataRequest
from t2ibench.data.batches.batches import TrainingData
from t2ibench.data.batches.cache import cache_fault, cache_folder, caches_of, open_cache
from t2ibench.data.check import check_dataset
from t2ibench.data.cub import CUB
from t2ibench.data.images import BaseImages, RealImages, make_cache

SIDE = 32


@pytest.fixture
def kept(birds, entry, tmp_path):
    """The tiny set with noise for images, kept in a workspace."""
    for number, path in enumerate(sorted(birds.rglob("*.jpg"))):
        pixels = np.random.default_rng(number).integers(0, 256, (60 + number, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(path, quality=95)
    home = tmp_path / "ws" / "data" / "cub"
    home.mkdir(parents=True)
    return dataclasses.replace(CUB("cub", entry).read(birds), home=home)


def data(manifest):
    return TrainingData(manifest, DataRequest((8, 16, SIDE), 3, True), 5, cache_bytes=0)


def test_batches_and_real_images_are_equal_to_the_bit(kept):
    ids = [image.id for image in kept.images]
    raw = [data(kept).batch(step, "") for step in range(4)]
    real = RealImages(kept).load(ids, SIDE)
    facts = make_cache(kept, SIDE)
    assert facts.images == 8 and facts.base == 38 and facts.seconds > 0
    assert BaseImages(kept, SIDE).cached and not BaseImages(kept, 2 * SIDE).cached
    for path in kept.root.rglob("*.jpg"):
        path.unlink()  # nothing is decoded any more
    cached = list(data(kept).iterate(0, 4, lambda step: "", workers=2))
    for one, other in zip(raw, cached, strict=True):
        for level in (8, 16, SIDE):
            assert torch.equal(one.images[level], other.images[level])
            assert torch.equal(one.wrong_images[level], other.wrong_images[level])
    assert torch.equal(RealImages(kept).load(ids, SIDE), real)


def test_it_is_made_once_and_pixels_are_read_only(kept):
    make_cache(kept, SIDE)
    assert make_cache(kept, SIDE).seconds == 0 and caches_of(kept) == [SIDE]
    with pytest.raises(ValueError, match="read-only"):
        open_cache(kept, SIDE).pixels(kept.images[0].id)[0] = 0


@pytest.mark.parametrize("change", [{"sha256": "0" * 64}, {"box": (12, 6, 20, 15)}, {"id": "004.Tiny_Tit/another"}])
def test_a_cache_of_other_images_is_not_used_and_says_so(kept, change, capsys):
    make_cache(kept, SIDE)
    changed = dataclasses.replace(kept, images=(*kept.images[:-1], dataclasses.replace(kept.images[-1], **change)))
    assert open_cache(changed, SIDE) is None
    said = capsys.readouterr().err
    assert "is not used: the data set's images have changed" in said and f"--cache {SIDE}" in said
    assert open_cache(kept, SIDE) is not None


def test_another_pillow_or_version_or_turning_makes_another_cache(kept, monkeypatch):
    make_cache(kept, SIDE)
    assert cache_fault(dataclasses.replace(kept, upright=True), SIDE, deep=False) == "it was made with another upright"
    monkeypatch.setattr("PIL.__version__", "0.1")
    assert cache_fault(kept, SIDE, deep=False) == "it was made with another pillow"
    make_cache(kept, SIDE)
    assert not cache_fault(kept, SIDE, deep=True)
    monkeypatch.setattr("t2ibench.data.batches.cache.VERSION", 99)
    assert cache_fault(kept, SIDE, deep=False) == "it was made with another version"


def test_captions_do_not_matter_to_it(kept):
    make_cache(kept, SIDE)
    other = dataclasses.replace(kept.images[0], captions=("another",))
    assert open_cache(dataclasses.replace(kept, images=(other, *kept.images[1:])), SIDE) is not None


def test_damage_is_found_by_size_at_once_and_by_content_in_a_check(kept, entry):
    folder = make_cache(kept, SIDE).folder
    pixels = folder / "pixels.u8"
    content = pixels.read_bytes()
    pixels.write_bytes(content[:100] + bytes([content[100] ^ 1]) + content[101:])
    for deep in (False, True):  # its times moved, so that digests are compared either way
        assert "changed or damaged" in cache_fault(kept, SIDE, deep=deep)
    notices = check_dataset(kept, entry).notices
    assert any("The cache for 32 pixels is not used" in notice for notice in notices)
    pixels.write_bytes(content[:-1])
    assert "bytes instead of" in cache_fault(kept, SIDE, deep=False)
    assert open_cache(kept, SIDE) is None


def test_an_unfinished_one_is_none(kept, monkeypatch):
    (kept.root / kept.images[-1].file).write_bytes(b"no image")
    with pytest.raises(UserError, match="has changed since"):
        make_cache(kept, SIDE)
    assert caches_of(kept) == [] and list(kept.home.iterdir()) == []


def test_a_disk_too_small_is_told_before_the_work(kept, monkeypatch):
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(RunFailedError, match=r"left, but a cache of .* will take about"):
        make_cache(kept, SIDE)


def test_a_data_set_without_a_workspace_has_none(kept):
    nowhere = dataclasses.replace(kept, home=None)
    assert caches_of(nowhere) == [] and not BaseImages(nowhere, SIDE).cached
    with pytest.raises(UserError, match="not kept in a workspace"):
        cache_folder(nowhere, SIDE)
