"""CLIP as a judge: with open_clip where it is installed (a small random network), else with a stub of it."""

import json
import logging
import sys
import types

import pytest
import torch
from safetensors.torch import save_file

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import CaptionJudge, MetricInput
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.metrics.alignment.clip_score import CLIPScore

CAPTIONS = [Caption("0", "a red bird"), Caption("1", "a blue bird with white wings"), Caption("2", "a boat")]
SMALL = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 24, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
}


class StubNetwork(torch.nn.Module):
    """As much of open_clip's CLIP as the judge uses."""

    def __init__(self):
        super().__init__()
        self.visual = torch.nn.Linear(3, 24)
        self.visual.image_size = (32, 32)
        self.visual.image_mean, self.visual.image_std = (0.5, 0.4, 0.3), (0.2, 0.2, 0.2)
        self.words = torch.nn.Embedding(300, 24)

    def encode_image(self, images):
        return self.visual(images.mean((2, 3)))

    def encode_text(self, tokens):
        return self.words(tokens).mean(1)


def stub():
    module = types.ModuleType("open_clip")
    module.list_models = lambda: ["small-test"]
    module.create_model = lambda name, pretrained=None: StubNetwork()
    module.get_tokenizer = lambda name: lambda texts: torch.tensor([[len(t) % 300, ord(t[-1]) % 300] for t in texts])
    return module


@pytest.fixture(params=["stub", "open_clip"])
def weights(request, tmp_path, monkeypatch):
    """A folder with a small random network's weights; open_clip is real, or stands in."""
    torch.manual_seed(0)
    if request.param == "stub":
        monkeypatch.setitem(sys.modules, "open_clip", stub())
        network = StubNetwork()
    else:
        open_clip = pytest.importorskip("open_clip", reason="the extra `clip` is not installed")
        (tmp_path / "small-test.json").write_text(json.dumps(SMALL))
        open_clip.add_model_config(tmp_path / "small-test.json")
        network = open_clip.create_model("small-test", pretrained=None)
    save_file({key: value.contiguous() for key, value in network.state_dict().items()}, tmp_path / "clip.safetensors")
    return tmp_path


def context(folder, **changes):
    entry = {"plugin": "clip", "file": "clip.safetensors", "options": {"architecture": "small-test"}} | changes
    return FeatureContext("clip", FeatureEntry(**entry), weights_dir=folder)


def images(count=3, resolution=20):
    generator = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, resolution, resolution), generator=generator, dtype=torch.uint8)


def test_it_places_images_and_captions_in_one_space(weights):
    judge = open_extractor(context(weights))
    assert isinstance(judge, CaptionJudge)
    codes, read = judge.extract(images())["image"], judge.read(CAPTIONS)
    assert codes.shape == read.shape == (3, 24) and codes.dtype == read.dtype == torch.float32
    assert torch.isfinite(codes).all() and torch.isfinite(read).all()
    assert judge.extract(images()[:0])["image"].shape == (0, 24)


def test_a_code_depends_on_its_own_image_and_caption_alone(weights):
    judge = open_extractor(context(weights))
    seen = images(70)
    whole = judge.extract(seen)["image"]
    torch.testing.assert_close(judge.extract(seen[66:])["image"], whole[66:], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(judge.read(CAPTIONS[1:]), judge.read(CAPTIONS)[1:], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(whole[0], whole[1])


def test_its_codes_make_a_clip_score(weights):
    judge = open_extractor(context(weights))
    given = MetricInput(
        {"image": judge.extract(images(12))["image"].numpy()},
        caption_codes=judge.read(CAPTIONS).numpy(),
        queries=torch.arange(12).numpy() % 3,
    )
    assert 0 <= CLIPScore().estimate(given).value <= 100


def test_the_identity_names_architecture_and_weights_and_needs_no_network(weights):
    identity = peek_identity(context(weights))
    assert identity.name == "clip small-test" and len(identity.weights) == 64
    assert identity == open_extractor(context(weights)).identity
    assert identity.standing == "stand-in", "nobody recorded the digest of these weights"
    recorded = peek_identity(context(weights, sha256=identity.weights))
    assert recorded.standing == "standard"


def test_opening_leaves_the_random_numbers_alone(weights):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    open_extractor(context(weights))
    assert torch.equal(torch.rand(3), expected)


def test_an_unknown_architecture_and_foreign_weights_are_sentences(weights):
    with pytest.raises(UserError, match=r"knows no architecture 'no-such'.*features\.clip\.options"):
        open_extractor(context(weights, options={"architecture": "no-such"}))
    save_file({"other": torch.zeros(2)}, weights / "clip.safetensors")
    with pytest.raises(UserError, match=r"clip\.safetensors is not of small-test"):
        open_extractor(context(weights))
    with pytest.raises(UserError, match="architektur: this key is not known"):
        peek_identity(context(weights, options={"architektur": "small-test"}))


def test_without_open_clip_there_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(UserError, match=r"pip install 't2ibench\[clip\]'"):
        peek_identity(context(tmp_path))


def test_without_weights_the_sentence_names_the_file(weights):
    (weights / "clip.safetensors").unlink()
    with pytest.raises(UserError, match=r"clip\.safetensors.*--weights-dir"):
        peek_identity(context(weights))


def test_captions_longer_than_the_context_are_counted_and_nothing_misleading_is_said(tmp_path, monkeypatch, capsys):
    module = stub()

    class Tokenizer:
        context_length = 7

        def encode(self, text):
            return text.split()

        def __call__(self, texts):
            return torch.tensor([[len(text) % 300, 1] for text in texts])

    def create_model(name, pretrained=None):
        logging.warning("No pretrained weights loaded for model. Model initialized randomly.")
        return StubNetwork()

    module.get_tokenizer, module.create_model = lambda name: Tokenizer(), create_model
    monkeypatch.setitem(sys.modules, "open_clip", module)
    save_file(StubNetwork().state_dict(), tmp_path / "clip.safetensors")
    entry = FeatureEntry(plugin="clip", file="clip.safetensors", options={"architecture": "small-test"})
    records = []
    handler = logging.Handler()
    handler.emit = records.append
    logging.getLogger().addHandler(handler)
    try:
        judge = open_extractor(FeatureContext("clip", entry, weights_dir=tmp_path))
        logging.warning("heard again")
    finally:
        logging.getLogger().removeHandler(handler)
    assert [record.getMessage() for record in records] == ["heard again"]
    assert judge.cut(CAPTIONS) == [False, True, False]  # six words and two marks against seven
