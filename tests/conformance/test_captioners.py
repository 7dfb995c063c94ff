"""Every registered captioner keeps the contract of `caption_back.Captioner`, whoever wrote it."""

import inspect

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.features.context import FeatureContext


@pytest.fixture(params=sorted(registry("captioners")))
def name(request):
    return request.param


@pytest.fixture
def captioner(name):
    try:
        return registry("captioners")[name].open(FeatureContext(name, FeatureEntry(plugin=name)))
    except UserError as error:  # one that wants a model of the user's
        assert str(error).endswith(".") and "\n" not in str(error)
        pytest.skip(f"{name} cannot be opened here: {error}")


def images(count):
    return torch.randint(0, 256, (count, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_class_offers_the_contract(name):
    plugin = registry("captioners")[name]
    for method in ("peek", "open"):
        assert inspect.ismethod(getattr(plugin, method))
        assert list(inspect.signature(getattr(plugin, method)).parameters) == ["context"]
    assert list(inspect.signature(plugin.caption).parameters) == ["self", "pixels"]


def test_it_says_what_it_is(name, captioner):
    assert isinstance(captioner.identity, FeatureIdentity)
    assert captioner.identity == registry("captioners")[name].peek(FeatureContext(name, FeatureEntry(plugin=name)))
    assert captioner.identity.weights and captioner.identity.captions


def test_a_sentence_an_image_the_same_in_any_company(captioner):
    pixels = images(5)
    said = captioner.caption(pixels)
    assert len(said) == 5 and all(isinstance(one, str) and one == one.strip() for one in said)
    torch.manual_seed(7)
    state = torch.random.get_rng_state()
    assert captioner.caption(pixels) == said
    assert torch.equal(torch.random.get_rng_state(), state)
    assert captioner.caption(pixels[3:4]) == said[3:4]
    assert captioner.caption(pixels[:0]) == []


def test_images_that_are_not_bytes_are_refused_in_a_sentence(captioner):
    with pytest.raises(UserError, match="uint8"):
        captioner.caption(images(2).float())
