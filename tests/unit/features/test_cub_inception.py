"""StackGAN's bird classifier: converted from arrays under TensorFlow's names, and driven as its script drives it."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.cub_inception.convert import AVERAGE, convert, converted, convolutions, main, read_arrays
from t2ibench.features.cub_inception.network import empty_network
from tests.unit.features.calibrated import calibrate, images, relative

ENTRY = load_benchmarks().content.features["inception-cub"]

# Written out by hand from slim's graph of 2016: height, width, in, out.
KNOWN = {
    "conv0/weights": (3, 3, 3, 32),
    "conv3/BatchNorm/moving_variance": (80,),
    "conv4/weights": (3, 3, 80, 192),
    "mixed_35x35x256a/branch5x5/Conv/weights": (1, 1, 192, 48),
    "mixed_35x35x256a/branch5x5/Conv_1/weights": (5, 5, 48, 64),
    "mixed_35x35x288b/branch_pool/Conv/BatchNorm/beta": (64,),
    "mixed_17x17x768a/branch3x3dbl/Conv_2/weights": (3, 3, 96, 96),
    "mixed_17x17x768b/branch7x7/Conv_1/weights": (1, 7, 128, 128),
    "mixed_17x17x768c/branch7x7dbl/Conv_1/weights": (7, 1, 160, 160),
    "mixed_17x17x768e/branch7x7dbl/Conv_4/weights": (1, 7, 192, 192),
    "mixed_17x17x1280a/branch7x7x3/Conv_3/weights": (3, 3, 192, 192),
    "mixed_8x8x2048a/branch3x3/Conv_1/weights": (1, 3, 384, 384),
    "mixed_8x8x2048a/branch3x3dbl/Conv_3/weights": (3, 1, 384, 384),
    "mixed_8x8x2048b/branch1x1/Conv/weights": (1, 1, 2048, 320),
    "logits/logits/weights": (2048, 51),
    "logits/logits/biases": (51,),
}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def network():
    """Calibrated random weights, its batch normalisation without a scale."""
    made = empty_network()
    return calibrate(made, made)


@pytest.fixture(scope="module")
def variables(network):
    """The checkpoint that this network would have, with an optimiser's state and an auxiliary head beside it."""
    state, found = network.state_dict(), {}
    for scope, module in convolutions():
        found[f"{scope}/weights"] = state[f"{module}.conv.weight"].permute(2, 3, 1, 0)
        found[f"{scope}/BatchNorm/beta"] = state[f"{module}.bn.bias"]
        found[f"{scope}/BatchNorm/moving_mean"] = state[f"{module}.bn.running_mean"]
        found[f"{scope}/BatchNorm/moving_variance"] = state[f"{module}.bn.running_var"]
    found["logits/logits/weights"] = state["fc.weight"].T
    found["logits/logits/biases"] = state["fc.bias"]
    arrays = {name: value.numpy() for name, value in found.items()}
    return arrays | {
        "global_step": np.array(7),
        "aux_logits/FC/biases": np.zeros(51),
        "conv0/weights/RMSProp": np.ones(3),
    }


@pytest.fixture(scope="module")
def weights(variables, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cub")
    np.savez(folder / "model.npz", **variables)
    convert(folder / "model.npz", folder / ENTRY.file)
    return folder


def context(folder, **changes):
    return FeatureContext("inception-cub", ENTRY.model_copy(update=changes), weights_dir=folder)


def test_the_names_are_those_of_the_checkpoint(variables):
    assert {name: variables[name].shape for name in KNOWN} == KNOWN
    assert len(list(convolutions())) == 94 and len(variables) == 4 * 94 + 2 + 3


def test_conversion_gives_the_network_back(network, variables):
    state = converted(variables)
    theirs = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    assert state.keys() == theirs.keys()
    for key, value in state.items():
        assert torch.equal(value, theirs[key]), key


def test_moving_averages_are_taken_where_there_are_any(variables):
    averaged = {f"logits/logits/biases{AVERAGE}": np.full(51, 3.0), f"conv1/BatchNorm/beta{AVERAGE}": np.full(32, 2.0)}
    state = converted(variables | averaged)
    assert state["fc.bias"].unique().tolist() == [3.0]
    assert state["Conv2d_2a_3x3.bn.bias"].unique().tolist() == [2.0]
    assert torch.equal(state["fc.weight"], converted(variables)["fc.weight"])


def test_a_checkpoint_of_another_network_is_named(variables):
    less = {name: value for name, value in variables.items() if name != "conv2/BatchNorm/beta"}
    with pytest.raises(UserError, match=r"no variable 'conv2/BatchNorm/beta'.*not that of StackGAN's"):
        converted(less)
    with pytest.raises(UserError, match=r"'logits/logits/weights' has shape \[2048, 21\].*another number of classes"):
        converted(variables | {"logits/logits/weights": np.zeros((2048, 21))})


def test_logits_are_of_the_50_test_classes(network, weights):
    extractor = open_extractor(context(weights))
    assert dict(extractor.layers) == {"logits": 50}
    seen = images()
    found = extractor.extract(seen)["logits"]
    from PIL import Image

    rows = [Image.fromarray(one.permute(1, 2, 0).numpy()).resize((299, 299), Image.Resampling.BILINEAR) for one in seen]
    batch = torch.stack([torch.from_numpy(np.array(row)).permute(2, 0, 1) for row in rows]).float() / 127.5 - 1
    with torch.no_grad():
        expected = network(batch)
    assert expected.shape == (2, 51) and found.shape == (2, 50)
    assert relative(found, expected[:, 1:]) < 1e-4  # the first output, the background's, is dropped
    assert relative(found[0], found[1]) > 0.1
    assert extractor.extract(seen[:0])["logits"].shape == (0, 50)


def test_average_pooling_leaves_the_padding_out():
    """TensorFlow's mean at a border is over what is there; torchvision's blocks count the zeros too."""
    network = empty_network()
    for block in (network.Mixed_5b, network.Mixed_6b, network.Mixed_7b, network.Mixed_7c):
        channels = block.branch_pool.conv.in_channels
        seen = []
        block.branch_pool.register_forward_pre_hook(lambda _, given, seen=seen: seen.append(given[0]))
        with torch.no_grad():
            block(torch.ones(1, channels, 5, 5))
        assert torch.allclose(seen[0], torch.ones(1, channels, 5, 5))


def test_missing_weights_say_where_they_come_from(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    for ask in (peek_identity, open_extractor):
        with pytest.raises(UserError) as caught:
            ask(context(tmp_path))
        said = str(caught.value)
        assert ENTRY.file in said and ENTRY.url in said and "--weights-dir" in said and "cub_inception.convert" in said
        assert "\n" not in said


def test_weights_of_an_unknown_digest_stand_in(weights):
    digest = digest_of_file(weights / ENTRY.file)
    assert peek_identity(context(weights)).standing == "stand-in"
    assert peek_identity(context(weights, sha256=digest)).standing == "standard"


def test_the_command_line(weights, tmp_path, capsys):
    assert main([str(weights / "model.npz"), str(tmp_path / "made.safetensors")]) == 0
    assert digest_of_file(tmp_path / "made.safetensors") == digest_of_file(weights / ENTRY.file)
    assert main([str(tmp_path / "none.npz"), str(tmp_path / "b.safetensors")]) == 1
    assert "none.npz does not exist" in capsys.readouterr().err and not (tmp_path / "b.safetensors").exists()
    (tmp_path / "bad.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(UserError, match="cannot be read as an"):
        read_arrays(tmp_path / "bad.npz")
    np.savez(tmp_path / "code.npz", conv0=np.array([print], dtype=object))
    with pytest.raises(UserError, match="cannot be read as an"):
        read_arrays(tmp_path / "code.npz")


def test_the_module_runs():
    command = [sys.executable, "-m", "t2ibench.features.cub_inception.convert", "--help"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "load_checkpoint" in done.stdout and not done.stderr
