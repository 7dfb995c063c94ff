"""Image files of every mode become RGB; damaged ones are named; the evaluation crop has no chance in it."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.data.images import RealImages, read_file


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("L", ".jpg"), ("CMYK", ".jpg"), ("P", ".png"), ("1", ".png"), ("LA", ".png"), ("RGBA", ".png"), ("RGB", ".jpg")],
)
def test_all_modes_become_rgb(tmp_path, mode, suffix):
    path = tmp_path / f"image{suffix}"
    Image.new("RGB", (20, 10), (255, 255, 255)).convert(mode).save(path)
    image = read_file(path)
    assert image.mode == "RGB" and image.size == (20, 10)
    assert min(band[0] for band in image.getextrema()) > 250


def test_photos_of_official_data_sets_are_not_turned(tmp_path):
    """The official loaders do not look at the orientation, and boxes are in the file's own pixels."""
    path = tmp_path / "sideways.jpg"
    image = Image.new("RGB", (20, 10))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(path, exif=exif)
    assert read_file(path).size == (20, 10) and read_file(path, upright=True).size == (10, 20)


def test_turning_is_part_of_what_images_are(manifest):
    ids = [image.id for image in manifest.images]
    upright = dataclasses.replace(manifest, upright=True)
    assert upright.digest != manifest.digest
    assert RealImages(upright).digest(ids, 64) != RealImages(manifest).digest(ids, 64)


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "photo.jpg"
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(UserError, match=r"photo\.jpg cannot be read.*truncated.*fetch it again"):
        read_file(path)
    path.write_text("no image")
    with pytest.raises(UserError, match=r"photo\.jpg cannot be read"):
        read_file(path)
    path.unlink()
    with pytest.raises(UserError, match=r"photo\.jpg is missing"):
        read_file(path)


def test_load_gives_the_order_asked_for(manifest):
    ids = [image.id for image in manifest.images]
    images = RealImages(manifest)
    pixels = images.load([ids[5], ids[0], ids[5]], 16)
    assert pixels.shape == (3, 3, 16, 16) and pixels.dtype == torch.uint8 and pixels.is_contiguous()
    assert pixels[:, 0, 8, 8].tolist() == [120, 20, 120]
    assert torch.equal(images.load(ids[:3], 16), torch.cat([images.load([key], 16) for key in ids[:3]]))


def test_the_digest_follows_contents_order_and_side(manifest):
    ids = [image.id for image in manifest.images]
    digest = RealImages(manifest).digest(ids, 64)
    assert digest == RealImages(manifest).digest(ids, 64)
    assert digest != RealImages(manifest).digest(ids[::-1], 64)
    assert digest != RealImages(manifest).digest(ids, 128)
    changed = dataclasses.replace(manifest.images[0], sha256="0" * 64)
    other = dataclasses.replace(manifest, images=(changed, *manifest.images[1:]))
    assert digest != RealImages(other).digest(ids, 64)


def test_unknown_images_and_boxes_outside_are_sentences(manifest):
    with pytest.raises(UserError, match="no image called '9'"):
        RealImages(manifest).load(["9"], 16)
    moved = dataclasses.replace(manifest.images[0], box=(500, 500, 10, 10))
    broken = dataclasses.replace(manifest, images=(moved,))
    with pytest.raises(UserError, match=r"Red_Wren_0000\.jpg cannot be cropped"):
        RealImages(broken).load([moved.id], 16)


def test_real_photos(cub_mini, entry):
    from t2ibench.data.cub import CUB

    manifest = CUB("cub", entry).read(cub_mini)
    pixels = RealImages(manifest).load([image.id for image in manifest.images[:12]], 64)
    assert pixels.shape == (12, 3, 64, 64) and pixels.float().std() > 20
