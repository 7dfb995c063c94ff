"""Every registered extractor offers the contract: `peek`, `open`, `extract`; every entry of benchmarks.toml has one."""

import inspect
import os
import pickle
from importlib.util import find_spec

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity

BENCHMARKS = load_benchmarks().content
OF_FILES = {entry.plugin: name for name, entry in reversed(BENCHMARKS.features.items()) if entry.file and entry.url}
"""Plug-ins whose weights are a file that users bring -> the first entry of each."""
EXTRAS = {"dinov2": "timm", "clip": "open_clip"}


class _Command:
    def __init__(self, made):
        self.made = made

    def __reduce__(self):
        return os.mkdir, (str(self.made),)


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


def damaged(kind, path, made):
    torch.save({"weight": torch.zeros(4000)}, path)
    if kind == "truncated":
        path.write_bytes(path.read_bytes()[:5000])
    elif kind in ("another network", "numbered"):
        torch.save({"weight" if kind == "another network" else 0: torch.zeros(3)}, path)
    elif kind == "page":
        path.write_text("<html>This file is too large to be scanned for viruses.</html>")
    else:
        path.write_bytes(pickle.dumps({"weight": _Command(made)}))


@pytest.mark.parametrize("plugin", sorted(OF_FILES))
@pytest.mark.parametrize("kind", ["truncated", "another network", "numbered", "page", "program"])
def test_a_wrong_file_is_a_sentence_with_name_digest_and_source(plugin, kind, tmp_path):
    if (package := EXTRAS.get(plugin, "torch")) and find_spec(package) is None:
        pytest.skip(f"{package}, an extra of {plugin}, is not installed: `make test-extras`")
    entry = BENCHMARKS.features[OF_FILES[plugin]]
    path = tmp_path / entry.file
    # A file of its form: safetensors are read by another reader, which refuses whatever torch writes.
    damaged(kind, path, tmp_path / "made")
    with pytest.raises(UserError) as caught:
        open_extractor(FeatureContext(OF_FILES[plugin], entry, weights_dir=tmp_path))
    said = str(caught.value)
    assert str(path) in said and entry.sha256[:12] in said and f"the source {entry.url}" in said and "\n" not in said
    assert not (tmp_path / "made").exists(), "the program in the file was run"
