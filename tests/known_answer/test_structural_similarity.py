"""SSI against scikit-image, on images whose answer is known, and in a table with its own reference."""

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.alignment.structural_similarity import StructuralSimilarity

SIDE = 32


def pair(count=4, side=SIDE, seed=0):
    """Smooth images and noisy copies of them, uint8 values as floats, N x 3 x side x side."""
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side] / side
    waves = rng.uniform(1, 6, size=(count, 3, 2, 1, 1))
    first = 127 + 120 * np.sin(waves[:, :, 0] * rows * 6 + waves[:, :, 1] * columns * 6)
    second = np.clip(first * rng.uniform(0.5, 1.1, size=(count, 1, 1, 1)) + rng.normal(0, 30, first.shape), 0, 255)
    return first.round(), second.round()


def given(first, second, **rest):
    return MetricInput(
        {"pixels": first.reshape(len(first), -1).astype(np.float32)},
        {"pixels": second.reshape(len(second), -1).astype(np.float32)},
        **rest,
    )


@pytest.mark.parametrize("side", [11, SIDE, 60])
def test_it_is_scikit_images(side):
    metrics = pytest.importorskip("skimage.metrics", reason="scikit-image is a development dependency")
    first, second = pair(side=side)
    found = StructuralSimilarity().image_values(given(first, second))
    expected = [
        metrics.structural_similarity(
            one, other, data_range=255, channel_axis=0, gaussian_weights=True, use_sample_covariance=False
        )
        for one, other in zip(first, second, strict=True)
    ]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6)
    assert min(expected) > 0.05 and max(expected) < 0.97  # nothing trivial was compared


def test_flat_images_have_the_closed_form():
    """Of two flat images no structure is left to compare: SSIM is the luminance term alone."""
    first, second = np.full((3, 3, SIDE, SIDE), 200.0), np.full((3, 3, SIDE, SIDE), 100.0)
    c1 = (0.01 * 255) ** 2
    expected = (2 * 200 * 100 + c1) / (200**2 + 100**2 + c1)
    assert StructuralSimilarity().image_values(given(first, second)) == pytest.approx([expected] * 3, rel=1e-9)
    found = StructuralSimilarity().estimate(given(first, first))
    assert found.value == pytest.approx(1) and found.n == 3


def test_it_is_symmetric_and_blind_to_the_order_of_channels():
    first, second = pair()
    values = StructuralSimilarity().image_values(given(first, second))
    np.testing.assert_allclose(StructuralSimilarity().image_values(given(second, first)), values, rtol=1e-12)
    turned = StructuralSimilarity().image_values(given(first[:, ::-1], second[:, ::-1]))
    np.testing.assert_allclose(turned, values, rtol=1e-12)


def test_the_range_and_the_window_move_it():
    images = given(*pair())
    value = StructuralSimilarity().estimate(images).value
    assert StructuralSimilarity(value_range=1.0).estimate(images).value != pytest.approx(value, abs=1e-3)
    assert StructuralSimilarity(taps=7).estimate(images).value != pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize("options", [{"taps": 4}, {"taps": 1}, {"sigma": 0.0}, {"value_range": -1.0}])
def test_options_that_say_nothing_are_refused(options):
    with pytest.raises(UserError, match="odd number of taps"):
        StructuralSimilarity(**options)


def test_what_cannot_be_compared_is_a_sentence():
    first, second = pair()
    with pytest.raises(UserError, match="found 4 and 3"):
        StructuralSimilarity().image_values(given(first, second[:3]))
    with pytest.raises(UserError, match="11 pixels or more"):
        StructuralSimilarity().image_values(given(*pair(side=10)))
