"""Every registered extractor offers the contract: `peek`, `open`, `extract`; every entry of benchmarks.toml has one."""

import inspect

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.features.context import FeatureContext, peek_identity

BENCHMARKS = load_benchmarks().content


@pytest.mark.parametrize("name", sorted(registry("features")))
def test_class_offers_the_contract(name):
    plugin = registry("features")[name]
    for method in ("peek", "open"):
        assert inspect.ismethod(getattr(plugin, method))
        assert list(inspect.signature(getattr(plugin, method)).parameters) == ["context"]
    assert list(inspect.signature(plugin.extract).parameters) == ["self", "pixels"]


@pytest.mark.parametrize("name", sorted(BENCHMARKS.features))
def test_peek_gives_an_identity_or_a_sentence(name, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    context = FeatureContext(name, BENCHMARKS.features[name])
    try:
        identity = peek_identity(context)
    except UserError as error:
        assert str(error).endswith(".") and "\n" not in str(error)
    else:
        assert isinstance(identity, FeatureIdentity)
        assert identity.name == BENCHMARKS.features[name].plugin
