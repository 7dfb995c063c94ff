"""Detectors of torchvision: files of their real structure with random weights, and the sentences for wrong ones."""

import pytest
import torch
from torch.testing import assert_close

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import CaptionJudge
from t2ibench.core.reading.state_dict import checked
from t2ibench.core.spec.benchmarks import FeatureEntry, load_benchmarks
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.objects.objects import ObjectDetector
from t2ibench.features.objects.torchvision_detector import built
from t2ibench.text.object_words import NAMES

SMALL = "ssdlite320_mobilenet_v3_large"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A file of SSDLite's real structure; its class biases are raised for label 18 so that something is found."""
    path = tmp_path_factory.mktemp("detector")
    torch.manual_seed(0)
    network = built(SMALL)
    for head in network.head.classification_head.module_list:
        bias = head[1].bias.data
        bias.view(-1, 91)[:, 18] += 12
    torch.save(network.state_dict(), path / "weights.pth")
    return path


def context(folder, architecture=SMALL, file="weights.pth"):
    entry = FeatureEntry(plugin="torchvision-detector", file=file, options={"architecture": architecture})
    return FeatureContext("detector", entry, weights_dir=folder)


def images(count=2):
    return torch.randint(0, 256, (count, 3, 48, 48), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)


def test_a_file_of_the_real_structure_finds_what_torchvision_finds(folder):
    torch.manual_seed(1)
    state = torch.get_rng_state()
    judge = open_extractor(context(folder))
    assert torch.equal(torch.get_rng_state(), state)
    assert isinstance(judge, CaptionJudge) and isinstance(judge, ObjectDetector)
    assert list(judge.labels) == list(NAMES) and judge.layers == {"objects": 80, "counts": 80}
    network = built(SMALL)
    network.load_state_dict(torch.load(folder / "weights.pth", weights_only=True))
    with torch.no_grad():
        wanted = network.eval()([image.float() / 255 for image in images()])
    found = judge.detect(images())
    assert sum(map(len, found)) > 0
    for mine, theirs in zip(found, wanted, strict=True):
        assert_close([one.score for one in mine], theirs["scores"].tolist(), rtol=0, atol=1e-6)
        assert (
            {one.label for one in mine} == {"dog"} == {judge.categories[label] for label in theirs["labels"].tolist()}
        )
    seen = judge.extract(images())
    dog = list(judge.labels).index("dog")
    assert (seen["objects"][:, dog] > 0).all() and (seen["objects"] > 0).sum() == 2
    assert judge.extract(images(0))["counts"].shape == (0, 80)
    assert judge.read([Caption("0", "three dogs")])[0, dog] == 3


def test_the_two_stage_detectors_have_the_names_that_are_checked():
    own = built(SMALL).state_dict()
    for name, entry in (("fasterrcnn_resnet50_fpn_v2", "detector"), ("maskrcnn_resnet50_fpn_v2", "detector-mask")):
        with torch.device("meta"):
            wanted = built(name).state_dict()
        assert checked(wanted, wanted, "file", name, "") and ("mask" in name) == any("mask" in key for key in wanted)
        assert load_benchmarks().content.features[entry].file.startswith(name)
        with pytest.raises(UserError, match=f"is not of {name}: .* missing"):
            checked(own, wanted, "file", name, "")


def test_wrong_files_are_refused_in_a_sentence(folder):
    with pytest.raises(UserError, match=r"is not of fasterrcnn_resnet50_fpn_v2: .*Name the file's network"):
        open_extractor(context(folder, "fasterrcnn_resnet50_fpn_v2"))
    (folder / "torn.pth").write_bytes((folder / "weights.pth").read_bytes()[:1000])
    with pytest.raises(UserError, match="cannot be read as a file of weights"):
        open_extractor(context(folder, file="torn.pth"))
    with pytest.raises(UserError, match="architecture"):
        peek_identity(context(folder, "yolo"))
    entry = load_benchmarks().content.features["detector"]
    with pytest.raises(UserError, match=r"fasterrcnn_resnet50_fpn_v2_coco-dd69338a.pth.*SHA-256 beginning dd69338a"):
        peek_identity(FeatureContext("detector", entry, weights_dir=folder))
    assert peek_identity(context(folder)).standing == "stand-in"
