"""Inception extractors: weights are found, checked before use and labelled; the network is the libraries' own."""

import pickle

import pytest
import torch
from torch import nn

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import FeatureExtractor
from t2ibench.core.spec.benchmarks import FeatureEntry, load_benchmarks
from t2ibench.features.context import FeatureContext, find_weights, open_extractor, peek_identity
from t2ibench.features.inception.inception_2015 import empty_network

ENTRIES = load_benchmarks().content.features
NAMES = ["inception-tf", "inception-clean", "inception-tf-pil", "inception-pytorch-fid", "inception-t2i-legacy"]


@pytest.fixture(autouse=True)
def bare_machine(tmp_path, monkeypatch):
    """One thread, and no weights in torch hub's folder."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def context(name, folder=None, **changes):
    entry = ENTRIES[name].model_copy(update=changes)
    return FeatureContext(name, entry, weights_dir=folder)


def images(count=3, resolution=64):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, resolution, resolution), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def random_inception(tmp_path_factory):
    """A folder with a file of the right form and random weights, and the network it came from."""
    network = empty_network()
    folder = tmp_path_factory.mktemp("weights")
    torch.save(network.state_dict(), folder / ENTRIES["inception-tf"].file)
    return folder, network


@pytest.fixture(scope="module")
def scripted(tmp_path_factory):
    """A folder with a small TorchScript program that has `.layers`, as clean-fid's file has."""

    class Program(nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2048))

        def forward(self, x):
            return self.layers(x)

    folder = tmp_path_factory.mktemp("scripts")
    program = Program()
    torch.jit.script(program).save(str(folder / ENTRIES["inception-clean"].file))
    return folder, program


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ask", [peek_identity, open_extractor])
def test_missing_weights_are_named_with_their_source(name, ask, tmp_path):
    with pytest.raises(UserError) as caught:
        ask(context(name, tmp_path))
    said = str(caught.value)
    assert ENTRIES[name].file in said and ENTRIES[name].url in said and "--weights-dir" in said
    assert ENTRIES[name].sha256 in said
    assert "\n" not in said


def test_an_entry_without_a_file_is_a_fault_of_benchmarks_toml():
    with pytest.raises(UserError, match="names no weights file"):
        find_weights(FeatureContext("mine", FeatureEntry(plugin="inception-tf")))


def test_a_failing_download_says_what_to_bring(tmp_path):
    entry = FeatureEntry(plugin="inception-tf", file="w.pth", url="http://127.0.0.1:9/w.pth", sha256="abcdef01")
    with pytest.raises(UserError, match=r"could not be fetched.*--weights-dir"):
        find_weights(FeatureContext("mine", entry, download=True))
    assert not list(tmp_path.rglob("*.pth"))


def test_the_users_folder_comes_before_torch_hub(tmp_path):
    hub = tmp_path / "torch" / "hub" / "checkpoints"
    own = tmp_path / "own"
    for folder, content in ((hub, b"hub"), (own, b"own")):
        folder.mkdir(parents=True)
        (folder / "w.pth").write_bytes(content)
    entry = FeatureEntry(plugin="inception-tf", file="w.pth", sha256=digest_of_file(hub / "w.pth")[:8])
    found = find_weights(FeatureContext("mine", entry))
    assert found.path == hub / "w.pth" and found.recorded and not found.brought
    found = find_weights(FeatureContext("mine", entry, weights_dir=own))
    assert found.path == own / "w.pth" and found.brought and not found.recorded


def test_code_in_a_pickle_is_not_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "trapped"), "w"))

    (tmp_path / ENTRIES["inception-tf"].file).write_bytes(pickle.dumps(Trap()))
    with pytest.raises(UserError, match="cannot be read"):
        open_extractor(context("inception-tf", tmp_path))
    assert not (tmp_path / "trapped").exists()


def test_weights_of_another_network_are_named(tmp_path, random_inception):
    _, network = random_inception
    state = dict(network.state_dict())
    del state["fc.bias"]
    state |= {"AuxLogits.fc.weight": torch.zeros(2), "fc.weight": torch.zeros(1000, 2048)}
    few = {key: value for key, value in state.items() if key.startswith(("fc", "Aux"))}
    torch.save(few, tmp_path / ENTRIES["inception-tf"].file)
    with pytest.raises(
        UserError, match=r"tensors are missing.*1 tensor is not known \(AuxLogits.*1000x2048 instead of"
    ):
        open_extractor(context("inception-tf", tmp_path))


def test_a_file_without_tensors_is_refused(tmp_path):
    torch.save({"epoch": 3}, tmp_path / ENTRIES["inception-tf"].file)
    with pytest.raises(UserError, match="holds no state dict"):
        open_extractor(context("inception-tf", tmp_path))


def test_inception_tf_is_torch_fidelitys_network(random_inception):
    folder, network = random_inception
    extractor = open_extractor(context("inception-tf", folder))
    assert isinstance(extractor, FeatureExtractor)
    assert dict(extractor.layers) == {"pool": 2048, "logits": 1008}
    seen = images(2)
    features = extractor.extract(seen)
    pool, logits = network(seen)
    for ours, theirs in ((features["pool"], pool), (features["logits"], logits)):
        assert float((ours - theirs).abs().max()) < 2e-5 * float(theirs.abs().max())  # batch norms are folded
    assert torch.allclose(extractor.extract(seen[1:])["pool"][0], pool[1], atol=1e-5)
    assert extractor.extract(seen[:0])["logits"].shape == (0, 1008)


def test_only_recorded_weights_are_standard(random_inception):
    folder, _ = random_inception
    digest = digest_of_file(folder / ENTRIES["inception-tf"].file)
    identity = peek_identity(context("inception-tf", folder))
    assert (identity.standing, identity.weights) == ("random", digest)
    identity = peek_identity(context("inception-tf", folder, sha256=digest[:8]))
    assert identity.standing == "standard"
    assert identity.resize == "bilinear-tf1 299"


def test_inception_clean_resizes_as_clean_fid(scripted):
    from cleanfid.resize import build_resizer

    folder, program = scripted
    extractor = open_extractor(context("inception-clean", folder))
    assert isinstance(extractor, FeatureExtractor)
    assert extractor.identity == peek_identity(context("inception-clean", folder))
    seen = images(3, 80)
    resized = build_resizer("clean")(seen[2].permute(1, 2, 0).numpy())
    expected = program.layers((torch.from_numpy(resized).permute(2, 0, 1)[None] - 128) / 128)
    features = extractor.extract(seen)
    assert features["pool"].shape == (3, 2048)
    assert torch.allclose(features["pool"][2], expected[0], atol=1e-5)
    assert extractor.extract(seen[:0])["pool"].shape == (0, 2048)


def test_a_script_is_run_only_if_recorded_or_brought(scripted, tmp_path):
    folder, _ = scripted
    file = ENTRIES["inception-clean"].file
    digest = digest_of_file(folder / file)
    assert peek_identity(context("inception-clean", folder, sha256="0" * 64)).standing == "random"
    assert peek_identity(context("inception-clean", folder, sha256=digest)).standing == "standard"
    hub = tmp_path / "torch" / "hub" / "checkpoints"
    hub.mkdir(parents=True)
    (hub / file).symlink_to(folder / file)
    for recorded in ("", "0" * 64):
        with pytest.raises(UserError, match=r"is a program.*--weights-dir"):
            open_extractor(context("inception-clean", sha256=recorded))
    assert open_extractor(context("inception-clean", sha256=digest)).identity.standing == "standard"
