"""Resizing to the bit as two libraries do it."""

import pytest
import torch
from cleanfid.resize import build_resizer
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

from t2ibench.features.resizing import resized_by_pil_as_floats, resized_by_tensorflow

SHAPES = [(40, 40), (64, 48), (1, 5), (120, 299), (500, 333)]


def images(shape):
    return torch.randint(0, 256, (2, 3, *shape), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


@pytest.mark.parametrize("shape", SHAPES)
def test_tensorflows_resize_is_torch_fidelitys(shape):
    seen = images(shape)
    expected = interpolate_bilinear_2d_like_tensorflow1x(seen.float(), size=(299, 299), align_corners=False)
    assert torch.equal(resized_by_tensorflow(seen, 299), expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_pillows_resize_of_floats_is_clean_fids(shape):
    seen = images(shape)
    resize = build_resizer("clean")
    expected = torch.stack([torch.from_numpy(resize(one.permute(1, 2, 0).numpy())) for one in seen])
    assert torch.equal(resized_by_pil_as_floats(seen, 299), expected.permute(0, 3, 1, 2))
