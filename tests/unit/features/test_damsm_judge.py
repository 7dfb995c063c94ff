"""The judge reads images and captions with the encoders of a model folder, by their own rules."""

import subprocess
import sys

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext, CaptionJudge
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.models.folder import ModelDescription, read_model_folder, write_model_folder
from t2ibench.text.damsm import DAMSM, DAMSMParameters
from t2ibench.text.vocabulary import Vocabulary

TEXTS = ("a small red bird with a black head", "this bird is blue", "a bird", "the green bird has long wings")
CAPTIONS = tuple(Caption(f"t/{row}", text) for row, text in enumerate(TEXTS))
WORDS = Vocabulary.from_captions(TEXTS).words
SMALL = DAMSMParameters(trunk="small", resolution=32, width=8, embedding=32, word_embedding=16)


def written(path, encoder, parameters=SMALL, **changes):
    facts = {
        "schema": 2, "kind": "encoder", "plugin": "damsm", "name": "damsm", "dataset": "toy", "steps": 0,
        "parameters": parameters.model_dump(mode="json"), "card": DAMSM.card(), **changes,
    }  # fmt: skip
    tensors = {f"{name}/{key}": v for name, net in encoder.exported().items() for key, v in net.state_dict().items()}
    return write_model_folder(path, ModelDescription(**facts), tensors, WORDS)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    torch.manual_seed(0)
    encoder = DAMSM.build(SMALL, BuildContext("train", WORDS))
    for network in encoder.exported().values():
        network.eval()
    return encoder, written(tmp_path_factory.mktemp("judge") / "damsm", encoder)


def context(folder):
    return FeatureContext("damsm", FeatureEntry(plugin="damsm"), encoder=folder)


def images(count, resolution=32):
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, resolution, resolution), dtype=torch.uint8, generator=generator)


@torch.no_grad()
def test_codes_are_the_encoders_own(trained):
    encoder, folder = trained
    judge = open_extractor(context(folder.path))
    assert isinstance(judge, CaptionJudge)
    assert dict(judge.layers) == {"image": 32}
    seen = images(70, resolution=48)
    _, expected = encoder.encode_images(seen.float() / 127.5 - 1)
    codes = judge.extract(seen)["image"]
    assert codes.shape == (70, 32) and not codes.requires_grad
    assert torch.allclose(codes, expected, atol=1e-5)
    assert torch.allclose(judge.extract(seen[66:67])["image"][0], codes[66], atol=1e-5)
    sentences = judge.read(CAPTIONS)
    assert torch.allclose(sentences, encoder.encode_text(CAPTIONS).sentence, atol=1e-6)
    # A caption's code does not depend on which captions it is read with.
    assert torch.allclose(judge.read(CAPTIONS[1:2])[0], sentences[1], atol=1e-6)
    assert judge.read(()).shape == (0, 32)


def test_identity_is_of_the_folder(trained):
    _, folder = trained
    identity = peek_identity(context(folder.path))
    assert identity.weights == read_model_folder(folder.path).identity
    assert identity.standing == "stand-in"
    assert identity.resize == "bilinear align-corners 32"


def test_an_imagenet_inception_is_standard(trained, tmp_path):
    encoder, _ = trained
    official = DAMSMParameters(trunk_weights="inception_v3.pth")
    assert peek_identity(context(written(tmp_path / "a", encoder, official).path)).standing == "standard"
    random = DAMSMParameters(train_trunk=True)
    assert peek_identity(context(written(tmp_path / "b", encoder, random).path)).standing == "stand-in"


def test_no_encoder_is_one_sentence(trained, tmp_path):
    with pytest.raises(UserError, match="needs the data set's trained DAMSM"):
        peek_identity(context(None))
    with pytest.raises(UserError, match="is not a model folder"):
        peek_identity(context(tmp_path))
    encoder, _ = trained
    model = written(tmp_path / "model", encoder, kind="model", name="attngan")
    with pytest.raises(UserError, match="holds attngan, which is no DAMSM"):
        peek_identity(context(model.path))


def test_peek_imports_no_torch(trained):
    _, folder = trained
    code = (
        "import sys; from pathlib import Path\n"
        "from t2ibench.features.context import FeatureContext, peek_identity\n"
        "from t2ibench.core.spec.benchmarks import FeatureEntry\n"
        "for name in ('damsm', 'simnet'):\n"
        "    peek_identity(FeatureContext(name, FeatureEntry(plugin=name), encoder=Path(sys.argv[1])))\n"
        "assert 'torch' not in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(folder.path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def judge_with(folder, **options):
    entry = FeatureEntry(plugin="damsm", options=options)
    return open_extractor(FeatureContext("damsm", entry, encoder=folder.path))


@torch.no_grad()
def test_the_corners_of_the_resize_are_an_option(trained):
    encoder, folder = trained
    seen = images(3, resolution=48)
    aligned, apart = (judge_with(folder, align_corners=value) for value in (True, False))
    assert aligned.identity == open_extractor(context(folder.path)).identity  # as it was trained
    assert apart.identity.resize == "bilinear 32" and aligned.identity.resize == "bilinear align-corners 32"
    floats = seen.float() / 127.5 - 1
    for judge, corners in ((aligned, True), (apart, False)):
        resized = torch.nn.functional.interpolate(floats, size=(32, 32), mode="bilinear", align_corners=corners)
        _, expected = encoder.encode_images(resized)
        assert torch.allclose(judge.extract(seen)["image"], expected, atol=1e-5)
    assert (aligned.extract(seen)["image"] - apart.extract(seen)["image"]).abs().max() > 1e-3
    small = images(2)  # of the encoder's own size nothing is resized
    assert torch.equal(aligned.extract(small)["image"], apart.extract(small)["image"])


@torch.no_grad()
def test_words_are_thinned_as_for_the_first_image(trained):
    from t2ibench.core.noise import Noise

    encoder, folder = trained
    whole, thinned, other = (
        judge_with(folder),
        judge_with(folder, words_maximum=4),
        judge_with(folder, words_maximum=4, words_seed=6),
    )
    noise = Noise(100).bind([(caption.id, 0) for caption in CAPTIONS])  # what a model draws under a protocol's seed
    expected = encoder.encode_text(CAPTIONS, maximum=4, noise=noise).sentence
    codes = thinned.read(CAPTIONS)
    assert torch.allclose(codes, expected, atol=1e-6)
    assert torch.allclose(thinned.read(CAPTIONS[3:])[0], codes[3], atol=1e-6)
    changed = (codes - whole.read(CAPTIONS)).abs().amax(1) > 1e-5
    assert changed.tolist() == [len(text.split()) > 4 for text in TEXTS]
    assert not torch.allclose(other.read(CAPTIONS), codes)
    assert thinned.identity.captions == "4 words at most, drawn with seed 100" != other.identity.captions
    assert whole.identity.captions == "" and whole.identity != thinned.identity
