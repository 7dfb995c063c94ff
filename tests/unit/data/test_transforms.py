"""The crop, the sizes and the pyramid of the official loaders."""

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image

from t2ibench.data.batches.transforms import (
    base_image,
    base_resolution,
    bird_crop,
    central_square,
    pyramid,
    resize_shorter,
)


@pytest.mark.parametrize(
    ("box", "size", "crop"),
    [
        ((200, 200, 100, 60), (600, 600), (175, 155, 325, 305)),  # inside: a square of 2 * 75
        ((60, 27, 325, 304), (500, 335), (0, 0, 465, 335)),  # CUB's first row: cut on three sides
        ((139, 30, 153, 264), (500, 500), (17, 0, 413, 360)),  # centre (215, 162), radius 198: cut above
        ((1, 1, 5, 3), (50, 50), (0, 0, 6, 5)),  # odd sums are truncated
        ((40, 40, 20, 20), (60, 60), (35, 35, 60, 60)),  # cut right and below
        ((-20, 0, 5, 200), (300, 300), (0, 0, 133, 250)),  # a centre left of the image is truncated towards zero
        ((0, 0, 100, 100), (100, 100), (0, 0, 100, 100)),  # the whole image
    ],
)
def test_golden_crops(box, size, crop):
    assert bird_crop(box, *size) == crop


@pytest.mark.parametrize("box", [(-50, 0, 3, 3), (200, 10, 20, 20), (10, 10, 1, 1), (10, 10, 0, 0)])
def test_a_crop_without_pixels_is_refused(box):
    with pytest.raises(ValueError, match="leaves nothing"):
        bird_crop(box, 100, 100)


BOXES = st.tuples(*[st.integers(-20, 520)] * 2, *[st.integers(1, 500)] * 2)


@given(BOXES, st.integers(1, 500), st.integers(1, 500))
def test_crops_agree_with_the_official_formula_and_stay_inside(box, width, height):
    radius = int(np.maximum(box[2], box[3]) * 0.75)
    centre_x, centre_y = int((2 * box[0] + box[2]) / 2), int((2 * box[1] + box[3]) / 2)
    y1, y2 = np.maximum(0, centre_y - radius), np.minimum(height, centre_y + radius)
    x1, x2 = np.maximum(0, centre_x - radius), np.minimum(width, centre_x + radius)
    assume(x1 < x2 and y1 < y2)
    left, top, right, bottom = bird_crop(box, width, height)
    assert (left, top, right, bottom) == (x1, y1, x2, y2)
    assert 0 <= left < right <= width and 0 <= top < bottom <= height
    assert right - left <= 2 * radius and bottom - top <= 2 * radius


@pytest.mark.parametrize(("resolution", "base"), [(64, 76), (128, 152), (256, 304), (299, 355)])
def test_working_size(resolution, base):
    assert base_resolution(resolution) == base


@given(st.integers(1, 300), st.integers(1, 300), st.integers(8, 64))
def test_the_shorter_side_gets_the_size(width, height, resolution):
    image = resize_shorter(Image.new("RGB", (width, height)), resolution)
    assert min(image.size) == resolution
    longer = max(width, height) * resolution / min(width, height)
    assert longer - 1 < max(image.size) <= longer


def test_base_image_without_a_box_is_only_resized():
    assert base_image(Image.new("RGB", (200, 100)), None, 64).size == (152, 76)
    assert base_image(Image.new("RGB", (200, 100)), (80, 40, 20, 20), 64).size == (76, 76)


def test_the_central_square_is_that_of_torchvision():
    from torchvision.transforms.functional import center_crop

    image = Image.fromarray(np.random.default_rng(0).integers(0, 256, (77, 90, 3), dtype=np.uint8))
    assert central_square(image, 64).tobytes() == center_crop(image, [64, 64]).tobytes()


@given(st.integers(0, 2**32 - 1), st.sampled_from([(64, 16), (64, 32), (256, 64), (256, 128), (76, 64)]))
@settings(max_examples=40, deadline=None)
def test_levels_are_those_of_pil(seed, resolutions):
    large, small = resolutions
    pixels = np.random.default_rng(seed).integers(0, 256, (2, large, large, 3), dtype=np.uint8)
    wanted = np.stack(
        [np.asarray(Image.fromarray(p).resize((small, small), Image.Resampling.BILINEAR), dtype=int) for p in pixels]
    )
    levels = pyramid(torch.from_numpy(pixels).permute(0, 3, 1, 2), (small, large))
    found = ((levels[small].permute(0, 2, 3, 1).numpy() + 1) * 127.5).round().astype(int)
    if large % small == 0:
        assert np.array_equal(found, wanted)
    else:
        assert np.abs(found - wanted).max() <= 2 and np.mean(found != wanted) < 0.03


def test_range_of_the_levels():
    pixels = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1).expand(2, 3, 8, 8)
    levels = pyramid(pixels, (4, 8))
    assert list(levels) == [4, 8]
    for level in levels.values():
        assert level.dtype == torch.float32 and level[0].unique().tolist() == [-1] and level[1].unique().tolist() == [1]
