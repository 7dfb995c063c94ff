"""Images of another range or number type than the interfaces say are refused, on either side of the evaluator."""

import pytest
import torch

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.evaluation.images.pixels import to_uint8
from t2ibench.features.context import chunks
from t2ibench_simulations.networks.simnet import SimNet

IMAGES = torch.linspace(-1, 1, 2 * 3 * 8 * 8).reshape(2, 3, 8, 8)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        ((IMAGES + 1) * 127.5, "float32 from 0 to 255"),
        (((IMAGES + 1) * 127.5).to(torch.uint8), "uint8 from 0 to 255"),
        (IMAGES * 1.5, "from -1.5 to 1.5"),
        (IMAGES.half() * 100, "float16 from -100 to 100"),
    ],
    ids=["0 to 255", "uint8", "without tanh", "half"],
)
@pytest.mark.parametrize("rule", ["round", "truncate"])
def test_what_a_model_makes_out_of_range_is_refused(made, said, rule):
    with pytest.raises(RunFailedError, match=r"return floats in \[-1, 1\]") as caught:
        to_uint8(made, rule)
    assert said in str(caught.value)


def test_what_rounding_carries_out_of_range_is_let_through():
    assert torch.equal(to_uint8(IMAGES * 1.0005, "round")[0, 0, 0, :1], torch.tensor([0], dtype=torch.uint8))
    assert torch.equal(to_uint8(IMAGES.half(), "round"), to_uint8(IMAGES.half().float(), "round"))
    assert to_uint8(IMAGES[:0], "round").shape == (0, 3, 8, 8)


@pytest.mark.parametrize("given", [(IMAGES + 1) / 2, (IMAGES * 127).to(torch.int16), torch.zeros(2, 8, 8, 3).byte()])
def test_an_extractor_takes_uint8_images_alone(given):
    with pytest.raises(UserError, match="reads uint8 images N x 3 x H x W"):
        next(chunks(given))
    with pytest.raises(UserError, match="reads uint8 images"):
        opened().extract(given)


def opened():
    from t2ibench.core.spec.benchmarks import load_benchmarks
    from t2ibench.features.context import FeatureContext, open_extractor

    entry = load_benchmarks().content.features["simnet"]
    extractor = open_extractor(FeatureContext("simnet", entry))
    assert isinstance(extractor, SimNet)
    return extractor
