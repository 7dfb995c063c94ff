"""FID and IS profiles: each is what its library or paper computes, and no two are one identity."""

import itertools
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.inception import inception_torchvision
from t2ibench.features.inception.inception_2015 import empty_network, pooled
from t2ibench.features.inception.inception_torchvision import misnormalised
from t2ibench.features.resizing import resized_by_pil, resized_by_torch
from tests.unit.features.calibrated import calibrate, images, relative

BENCHMARKS = load_benchmarks().content
OF_2015 = ["inception-tf", "inception-tf-pil", "inception-pytorch-fid"]
OF_TORCHVISION = ["inception-t2i-legacy", "inception-t2i-legacy-dfgan", "inception-torchvision"]
TOLERANCE = 1e-4


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def context(name, folder, **changes):
    return FeatureContext(name, BENCHMARKS.features[name].model_copy(update=changes), weights_dir=folder)


@pytest.fixture(scope="module")
def network_of_2015(tmp_path_factory):
    """The network with calibrated random weights, and a folder with its file under both libraries' names."""
    network = empty_network()
    calibrate(network, lambda noise: pooled(network, noise))
    folder = tmp_path_factory.mktemp("of-2015")
    first, second = (folder / BENCHMARKS.features[name].file for name in ("inception-tf", "inception-pytorch-fid"))
    torch.save(network.state_dict(), first)
    shutil.copy(first, second)
    return network, folder


@pytest.fixture(scope="module")
def network_of_torchvision(tmp_path_factory):
    """torchvision's own network, auxiliary head and all, and a folder with its file."""
    from torchvision.models import inception_v3

    network = inception_v3(weights=None, init_weights=False, aux_logits=True, transform_input=False)
    calibrate(network.eval(), network)
    folder = tmp_path_factory.mktemp("torchvision")
    torch.save(network.state_dict(), folder / BENCHMARKS.features["inception-torchvision"].file)
    return network, folder


def features_of(network, batch):
    """What torchvision's network pools, and its logits."""
    found = []
    hook = network.avgpool.register_forward_hook(lambda *given: found.append(given[2].flatten(1)))
    with torch.no_grad():
        logits = network(batch)
    hook.remove()
    return found[0], logits


def test_pytorch_fid_is_the_packages_own(network_of_2015, monkeypatch):
    package = pytest.importorskip("pytorch_fid.inception")
    network, folder = network_of_2015
    monkeypatch.setattr(package, "load_state_dict_from_url", lambda *_, **__: network.state_dict())
    theirs = package.InceptionV3([3]).eval()
    seen = images()
    with torch.no_grad():
        expected = theirs(seen.float() / 255)[0].flatten(1)
    found = open_extractor(context("inception-pytorch-fid", folder)).extract(seen)["pool"]
    assert relative(expected[0], expected[1]) > 0.1  # or the comparison would say nothing
    assert relative(found, expected) < TOLERANCE
    tf = open_extractor(context("inception-tf", folder)).extract(seen)["pool"]
    assert relative(tf, expected) > 100 * TOLERANCE  # the same weights, and another metric


def test_pillows_resize_before_the_network_of_2015(network_of_2015):
    network, folder = network_of_2015
    seen = images(1)
    resized = Image.fromarray(seen[0].permute(1, 2, 0).numpy()).resize((299, 299), Image.Resampling.BILINEAR)
    batch = torch.from_numpy(np.array(resized)).permute(2, 0, 1)[None]
    with torch.no_grad():
        _, expected = network(batch)
    found = open_extractor(context("inception-tf-pil", folder)).extract(seen)["logits"]
    assert found.shape == (1, 1008) and relative(found, expected) < TOLERANCE


def test_t2i_legacy_is_what_dm_gans_script_computes(network_of_torchvision):
    from torchvision.transforms import Resize, ToTensor

    network, folder = network_of_torchvision
    seen = images()
    rows = [ToTensor()(Resize((299, 299))(Image.fromarray(one.permute(1, 2, 0).numpy()))) for one in seen]
    batch = torch.stack(rows)
    for channel, (mean, deviation) in enumerate([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]):
        batch[:, channel] = batch[:, channel] * (deviation / 0.5) + (mean - 0.5) / 0.5
    expected, _ = features_of(network, batch)
    extractor = open_extractor(context("inception-t2i-legacy", folder))
    found = extractor.extract(seen)
    assert relative(expected[0], expected[1]) > 0.02
    assert set(found) == set(extractor.layers) == {"pool"}  # on such input the classifier's logits mean nothing
    assert relative(found["pool"], expected) < TOLERANCE


def test_t2i_legacy_dfgan_resizes_the_tensor(network_of_torchvision):
    from torchvision.transforms.functional import resize

    network, folder = network_of_torchvision
    seen = images(1)
    batch = misnormalised(resize(seen.float() / 255, [299, 299], antialias=False))
    expected, _ = features_of(network, batch)
    found = open_extractor(context("inception-t2i-legacy-dfgan", folder)).extract(seen)["pool"]
    assert relative(found, expected) < TOLERANCE


def test_imagenet_softmax_has_torchvisions_logits(network_of_torchvision):
    network, folder = network_of_torchvision
    seen = images(1)
    pool, logits = features_of(network, resized_by_pil(seen, 299).float() / 127.5 - 1)
    found = open_extractor(context("inception-torchvision", folder)).extract(seen)
    assert relative(found["pool"], pool) < TOLERANCE and relative(found["logits"], logits) < TOLERANCE
    assert found["logits"].shape == (1, 1000)


def test_the_range_of_t2i_legacy():
    ends = misnormalised(torch.stack([torch.zeros(3, 1, 1), torch.ones(3, 1, 1)]))[:, :, 0, 0]
    assert ends[0].tolist() == pytest.approx([-0.030, -0.088, -0.188], abs=1e-6)
    assert ends[1].tolist() == pytest.approx([0.428, 0.360, 0.262], abs=1e-6)
    described = inception_torchvision._RANGE["t2i-legacy"]
    for low, high in zip(*ends.tolist(), strict=True):
        assert f"[{low:.3f}, {high:.3f}]" in described


def test_pillow_smooths_when_it_shrinks_and_torch_does_not():
    stripes = torch.zeros(1, 3, 8, 8, dtype=torch.uint8)
    stripes[..., ::4] = 200
    # Triangle weights of width 8 about 2 and 6: (0.625 + 0.375) / 3.5 and 0.625 / 3.5 of 200.
    assert resized_by_pil(stripes, 2)[0, 0].tolist() == [[57, 36], [57, 36]]
    assert resized_by_torch(stripes.float(), 2)[0, 0].tolist() == [[0, 0], [0, 0]]
    assert resized_by_pil(stripes[:0], 2).shape == (0, 3, 2, 2)


def test_clean_keeps_what_8_bits_would_lose_and_clips():
    from cleanfid.resize import build_resizer

    ramp = np.zeros((20, 20, 3), dtype=np.uint8)
    ramp[:, 10:] = 255
    resized = build_resizer("clean")(ramp)
    assert resized.dtype == np.float32 and (resized % 1 != 0).any()
    assert resized.min() == 0 and resized.max() == 255  # bicubic overshoots, and is cut off


def test_no_two_profiles_are_one_identity(network_of_2015, network_of_torchvision):
    identities = [peek_identity(context(name, network_of_2015[1])) for name in OF_2015]
    identities += [peek_identity(context(name, network_of_torchvision[1])) for name in OF_TORCHVISION]
    assert identities[0].weights == identities[2].weights  # one file, two profiles
    for one, other in itertools.combinations(identities, 2):
        assert one != other and (one.name, one.resize, one.range) != (other.name, other.resize, other.range)


@pytest.mark.parametrize("name", [*OF_2015, *OF_TORCHVISION])
def test_only_recorded_weights_are_standard(name, network_of_2015, network_of_torchvision):
    folder = (network_of_2015 if name in OF_2015 else network_of_torchvision)[1]
    digest = digest_of_file(folder / BENCHMARKS.features[name].file)
    assert peek_identity(context(name, folder)).standing == "random"
    assert peek_identity(context(name, folder, sha256=digest)).standing == "standard"


def test_profiles_of_benchmarks_toml_say_what_they_are():
    named = {entry.profile for entry in BENCHMARKS.metrics.values() if entry.metric == "fid" and entry.profile}
    assert {"tf", "clean", "pytorch-fid", "t2i-legacy", "t2i-legacy-dfgan"} <= named


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("inception-t2i-legacy", {"resize": "nearest"}, r"features.inception-t2i-legacy.options.*'pil' or 'tensor'"),
        ("inception-tf", {"resizing": "pil"}, "key resizing: this key is not known here"),
        ("inception-pytorch-fid", {"resize": "pil"}, "key resize: this key is not known here"),
        ("inception-clean", {"resize": "pil"}, "key resize: this key is not known here"),
    ],
)
@pytest.mark.parametrize("ask", [peek_identity, open_extractor])
def test_options_that_nobody_reads_are_refused(ask, name, options, sentence, tmp_path):
    (tmp_path / BENCHMARKS.features[name].file).write_bytes(b"weights")
    with pytest.raises(UserError, match=sentence):
        ask(context(name, tmp_path, options=options))


def test_files_without_batch_counters_or_auxiliary_head_are_read(network_of_torchvision, tmp_path):
    network, folder = network_of_torchvision
    old = {key: value for key, value in network.state_dict().items() if not key.endswith("num_batches_tracked")}
    bare = {key: value for key, value in old.items() if not key.startswith("AuxLogits.")}
    torch.save(bare, tmp_path / BENCHMARKS.features["inception-torchvision"].file)
    seen = images(1, 32)
    one, other = (open_extractor(context("inception-torchvision", place)).extract(seen) for place in (tmp_path, folder))
    assert torch.equal(one["pool"], other["pool"])


def test_each_network_refuses_the_others_file(network_of_2015, network_of_torchvision, tmp_path):
    for name, state in (
        ("inception-t2i-legacy", network_of_2015[0].state_dict()),
        ("inception-pytorch-fid", network_of_torchvision[0].state_dict()),
    ):
        path = tmp_path / BENCHMARKS.features[name].file
        torch.save(state, path)
        with pytest.raises(UserError, match=r"is not of .*Inception-v3.*fc.weight is \d+x2048 instead of") as caught:
            open_extractor(context(name, tmp_path))
        assert str(path) in str(caught.value) and BENCHMARKS.features[name].url in str(caught.value)
