"""The classifier of birds fine-tuned here: it learns, judges where the released one is missing, has its own name."""

from pathlib import Path

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import BuildContext
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.data.images import RealImages
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.request.open_table import open_table
from t2ibench.evaluation.request.request import Resolved, protocol_for
from t2ibench.features.cub_inception.fine_tuning import Classifier, CUBInceptionClassifier, CUBInceptionParameters
from t2ibench.features.cub_inception.network import empty_network
from t2ibench.models.folder import load_encoder
from t2ibench.training.compute import Compute
from t2ibench.training.request import TrainRequest
from t2ibench.training.train import ensure_trained
from tests.unit.evaluation.stubs import register_all, write_config

FILE = "inception-cub-50.safetensors"
TABLES = f"""
[encoders.cub-inception]
plugin = "cub_inception"
steps = 40
[encoders.cub-inception.parameters]
network = "small"
resolution = 16
width = 8
classes = 3
batch_size = 6
split = "train"
learning_rate = 1e-2
ema_decay = 0.5
[features.inception-cub]
plugin = "inception-cub"
file = "{FILE}"
encoder = "cub-inception"
[features.inception-cub-released]
plugin = "inception-cub"
file = "{FILE}"
[metrics.is-cub]
metric = "inception_score"
features = "inception-cub"
profile = "cub-finetuned-50"
[metrics.is-star-cub]
metric = "inception_score"
features = "inception-cub-released"
options = {{ temperature = 0.6 }}
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    register_all()
    folder = tmp_path_factory.mktemp("birds")
    return Workspace(folder / "workspace"), load_benchmarks(write_config(folder, lambda text: text + TABLES)).content


@pytest.fixture(scope="module")
def trained(place):
    workspace, benchmarks = place
    compute = Compute(image_steps=100)
    return ensure_trained(
        TrainRequest.of("cub-inception", dataset="squares"),
        Place(benchmarks, workspace, device="cpu", threads=1),
        compute=compute,
    )


def opened(place, metric, weights_dir=None):
    workspace, benchmarks = place
    asked = Resolved("squares", *protocol_for("squares", benchmarks), samples=20, metrics=(metric,))
    return open_table(asked, Place(benchmarks, workspace, device="cpu", batch_size=20, weights_dir=weights_dir))[0]


@pytest.fixture(autouse=True)
def no_released_weights(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


def test_without_either_the_sentence_names_both_ways(tmp_path, place):
    empty = Workspace(tmp_path / "none"), place[1]
    fault = opened(empty, "is-cub").columns[0].extractor.fault
    assert FILE in fault and "cub_inception.convert" in fault and "t2ibench train cub-inception --data cub" in fault
    assert "train cub-inception" not in opened(empty, "is-star-cub").columns[0].extractor.fault


def test_it_learns_the_classes_and_judges_under_its_own_name(place, trained):
    workspace, benchmarks = place
    column = opened(place, "is-cub").columns[0]
    assert not column.extractor.fault and column.record.features["made"] == "fine-tuned here on squares/train, 40 steps"
    assert "fine-tuned here" in column.record.subtitle and column.record.features["standing"] == "stand-in"
    judge = column.extractor.opened()
    assert judge.layers == {"logits": 3}
    manifest = open_dataset("squares", benchmarks, workspace)
    images = manifest.split("train")
    logits = judge.extract(RealImages(manifest).load([image.id for image in images], 16))["logits"]
    meaning = load_encoder(trained).encoder.classifier.classes
    assert sorted(meaning.tolist()) == sorted({image.class_id for image in images})
    right = meaning[logits.argmax(dim=1)] == torch.tensor([image.class_id for image in images])
    assert logits.shape == (len(images), 3) and right.float().mean() > 0.9
    assert judge.extract(torch.zeros(0, 3, 16, 16, dtype=torch.uint8))["logits"].shape == (0, 3)


def test_the_released_network_goes_first_and_is_another_column(place, trained, tmp_path):
    (tmp_path / FILE).write_bytes(b"some weights")
    ours, theirs = opened(place, "is-cub").columns[0].record, opened(place, "is-cub", tmp_path).columns[0].record
    assert theirs.features["weights"] == digest_of_file(tmp_path / FILE) != ours.features["weights"]
    assert "made" not in theirs.features and ours.digest != theirs.digest


def test_the_temperature_of_the_released_network_is_of_no_other(place, trained):
    assert FILE in opened(place, "is-star-cub").columns[0].extractor.fault


def test_new_classes_take_free_outputs_in_the_order_they_come():
    found = Classifier(torch.nn.Identity(), 3)
    assert found.labels(torch.tensor([7, 2, 7])).tolist() == [0, 1, 0]
    assert found.labels(torch.tensor([9, 2])).tolist() == [2, 1]
    assert found.classes.tolist() == [7, 2, 9]
    with pytest.raises(UserError, match=r"more than the 3 classes.*--set classes"):
        found.labels(torch.tensor([1]))


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory):
    """A file with the names and shapes of torchvision's, without its auxiliary head."""
    from torchvision.models import inception_v3

    path = tmp_path_factory.mktemp("imagenet") / "inception_v3.pth"
    with torch.random.fork_rng(devices=[]):
        torch.save(inception_v3(weights=None, init_weights=False, aux_logits=False).state_dict(), path)
    return path


def test_inception_starts_from_imagenet_s_weights_but_for_the_last_layer(imagenet):
    made = CUBInceptionClassifier.build(CUBInceptionParameters(weights=str(imagenet)), BuildContext("train"))
    state = torch.load(imagenet, weights_only=True)
    ours = made.classifier.network.state_dict()
    assert state["fc.weight"].shape == (1000, 2048) and ours["fc.weight"].shape == (51, 2048)
    assert all(torch.equal(value, ours[key]) for key, value in state.items() if not key.startswith("fc."))
    # The released network's own form: what is trained here could be saved as its file.
    assert {key: value.shape for key, value in empty_network().state_dict().items()} == {
        key: value.shape for key, value in ours.items()
    }
    with torch.no_grad():
        assert made.classifier.eval()(torch.zeros(1, 3, 299, 299)).shape == (1, 50)


def test_missing_or_wrong_imagenet_weights_are_sentences(tmp_path):
    def built(**parameters):
        return CUBInceptionClassifier.build(CUBInceptionParameters(**parameters), BuildContext("train"))

    with pytest.raises(UserError, match=r"download .*inception_v3_google.*--set weights=FILE.*from_scratch=true"):
        built()
    with pytest.raises(UserError, match=r"none\.pth is not there: download"):
        built(weights=str(tmp_path / "none.pth"))
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(UserError, match=r"other\.pth is not of torchvision's Inception-v3"):
        built(weights=str(tmp_path / "other.pth"))
    with pytest.raises(ValueError, match="leave resolution out"):
        CUBInceptionParameters(resolution=64)
    with pytest.raises(ValueError, match="weights are for"):
        CUBInceptionParameters(network="small", weights="x.pth")


def test_it_trains_on_real_birds(tmp_path):
    root = Path(__file__).resolve().parents[4] / "shared" / "data" / "cub-mini"
    if not root.is_dir():
        pytest.skip("the real photos of ../shared/data/cub-mini are not on this machine")
    workspace, benchmarks = Workspace(tmp_path), load_benchmarks().content
    request = TrainRequest.of(
        "cub-inception",
        dataset="cub",
        steps=2,
        parameters={"network": "small", "resolution": 32, "width": 4, "batch_size": 8},
    )
    compute = Compute()
    path = ensure_trained(
        request, Place(benchmarks, workspace, data_root=root, device="cpu", threads=1), compute=compute
    )
    meaning = load_encoder(path).encoder.classifier.classes
    manifest = open_dataset("cub", benchmarks, workspace)
    test = {image.class_id for image in manifest.split("test")}
    met = {one for one in meaning.tolist() if one >= 0}
    assert met and met <= test and not met & {image.class_id for image in manifest.split("train")}
