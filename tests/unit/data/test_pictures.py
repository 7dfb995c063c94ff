"""Picture files of every mode become RGB; damaged ones are named; the evaluation crop has no chance in it."""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image

from t2ibench.data.pictures import RealPictures, read_picture
from t2ibench.errors import UserError


@pytest.mark.parametrize(
    ("mode", "suffix"),
    [("L", ".jpg"), ("CMYK", ".jpg"), ("P", ".png"), ("1", ".png"), ("LA", ".png"), ("RGBA", ".png"), ("RGB", ".jpg")],
)
def test_all_modes_become_rgb(tmp_path, mode, suffix):
    path = tmp_path / f"picture{suffix}"
    Image.new("RGB", (20, 10), (255, 255, 255)).convert(mode).save(path)
    picture = read_picture(path)
    assert picture.mode == "RGB" and picture.size == (20, 10)
    assert min(band[0] for band in picture.getextrema()) > 250


def test_photos_of_official_data_sets_are_not_turned(tmp_path):
    """The official loaders do not look at the orientation, and boxes are in the file's own pixels."""
    path = tmp_path / "sideways.jpg"
    picture = Image.new("RGB", (20, 10))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(path, exif=exif)
    assert read_picture(path).size == (20, 10) and read_picture(path, upright=True).size == (10, 20)


def test_turning_is_part_of_what_pictures_are(manifest):
    ids = [image.id for image in manifest.images]
    upright = dataclasses.replace(manifest, upright=True)
    assert upright.digest != manifest.digest
    assert RealPictures(upright).digest(ids, 64) != RealPictures(manifest).digest(ids, 64)


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "photo.jpg"
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    path.write_bytes(path.read_bytes()[:700])
    with pytest.raises(UserError, match=r"photo\.jpg cannot be read.*truncated.*fetch it again"):
        read_picture(path)
    path.write_text("no picture")
    with pytest.raises(UserError, match=r"photo\.jpg cannot be read"):
        read_picture(path)
    path.unlink()
    with pytest.raises(UserError, match=r"photo\.jpg is missing"):
        read_picture(path)


def test_load_gives_the_order_asked_for(manifest):
    ids = [image.id for image in manifest.images]
    pictures = RealPictures(manifest)
    pixels = pictures.load([ids[5], ids[0], ids[5]], 16)
    assert pixels.shape == (3, 3, 16, 16) and pixels.dtype == torch.uint8 and pixels.is_contiguous()
    assert pixels[:, 0, 8, 8].tolist() == [120, 20, 120]
    assert torch.equal(pictures.load(ids[:3], 16), torch.cat([pictures.load([key], 16) for key in ids[:3]]))


def test_the_digest_follows_contents_order_and_side(manifest):
    ids = [image.id for image in manifest.images]
    digest = RealPictures(manifest).digest(ids, 64)
    assert digest == RealPictures(manifest).digest(ids, 64)
    assert digest != RealPictures(manifest).digest(ids[::-1], 64)
    assert digest != RealPictures(manifest).digest(ids, 128)
    changed = dataclasses.replace(manifest.images[0], sha256="0" * 64)
    other = dataclasses.replace(manifest, images=(changed, *manifest.images[1:]))
    assert digest != RealPictures(other).digest(ids, 64)


def test_unknown_pictures_and_boxes_outside_are_sentences(manifest):
    with pytest.raises(UserError, match="no picture called '9'"):
        RealPictures(manifest).load(["9"], 16)
    moved = dataclasses.replace(manifest.images[0], box=(500, 500, 10, 10))
    broken = dataclasses.replace(manifest, images=(moved,))
    with pytest.raises(UserError, match=r"Red_Wren_0000\.jpg cannot be cropped"):
        RealPictures(broken).load([moved.id], 16)


def test_real_photos(cub_mini, entry):
    from t2ibench.data.cub import CUB

    manifest = CUB("cub", entry).read(cub_mini, progress=False)
    pixels = RealPictures(manifest).load([image.id for image in manifest.images[:12]], 64)
    assert pixels.shape == (12, 3, 64, 64) and pixels.float().std() > 20
