"""A captioner of Hugging Face's from a folder: a tiny BLIP with random weights, and folders that are wrong."""

import json

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.language.caption_back import sentences_of

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "a", "red", "blue", "bird", "with", "wings", "bill")


def context(folder, weights_dir=None, **options):
    chosen = {"captioner": "transformers", "folder": str(folder), **options}
    return FeatureContext("mine", FeatureEntry(plugin="caption-back", options=chosen), weights_dir=weights_dir)


def write(folder, kind="blip", weights=True):
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))
    if weights:
        (folder / "model.safetensors").write_bytes(b"none")
    return folder


def test_a_missing_folder_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match=r"no folder nowhere.*--weights-dir"):
        peek_identity(context("nowhere", tmp_path))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "bert"}, r"kind 'bert'.*blip"),
        ({"weights": False}, r"no weights as .safetensors"),
    ],
)
def test_a_folder_of_something_else_is_a_sentence(tmp_path, change, said):
    with pytest.raises(UserError, match=said):
        peek_identity(context(write(tmp_path / "some", **change)))


def test_an_empty_folder_is_a_sentence(tmp_path):
    with pytest.raises(UserError, match=r"config.json"):
        peek_identity(context(tmp_path))


@pytest.fixture(scope="module")
def blip(tmp_path_factory):
    transformers = pytest.importorskip("transformers", reason="the extra `captioner` is not installed")
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace

    folder = tmp_path_factory.mktemp("models") / "tiny-blip"
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    numbers = {"bos_token_id": 5, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
    text = {**small, **numbers, "vocab_size": len(WORDS), "encoder_hidden_size": 16, "max_position_embeddings": 32}
    torch.manual_seed(3)
    config = transformers.BlipConfig(
        text_config=text, vision_config={**small, "image_size": 32, "patch_size": 8}, projection_dim=16
    )
    model = transformers.BlipForConditionalGeneration(config)
    with torch.no_grad():  # it shall say words, not end at once
        for name, bias in model.named_parameters():
            if name.endswith("predictions.bias"):
                bias[: WORDS.index("a")] = -100
    model.save_pretrained(folder)
    size = {"height": 32, "width": 32}
    transformers.BlipImageProcessor(size=size).save_pretrained(folder)
    vocabulary = Tokenizer(WordLevel({word: place for place, word in enumerate(WORDS)}, unk_token="[UNK]"))
    vocabulary.pre_tokenizer = Whitespace()
    marks = {"pad_token": "[PAD]", "unk_token": "[UNK]", "sep_token": "[SEP]", "bos_token": "[DEC]"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=vocabulary, **marks).save_pretrained(folder)
    return folder


def images(count=3):
    return torch.randint(0, 256, (count, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def test_a_tiny_blip_says_something_the_same_each_time(blip):
    judge = open_extractor(context("tiny-blip", blip.parent, tokens=8))
    said = sentences_of(judge.extract(images())["sentence"].numpy())
    assert len(said) == 3 and all(said)
    assert {word for one in said for word in one.split()} <= set(WORDS)
    assert sentences_of(judge.extract(images()[1:2])["sentence"].numpy()) == said[1:2]
    again = open_extractor(context(blip, tokens=8))
    assert sentences_of(again.extract(images())["sentence"].numpy()) == said
    assert judge.identity == again.identity and "tiny-blip, beam 3, 8 tokens" in judge.identity.captions


def test_other_weights_and_another_search_are_another_judge(blip, tmp_path):
    first = peek_identity(context(blip))
    assert peek_identity(context(blip, beam=1)) != first
    other = tmp_path / "tiny-blip"
    other.mkdir()
    for path in blip.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    assert peek_identity(context(other)) == first
    (other / "config.json").write_text((blip / "config.json").read_text() + "\n")
    assert peek_identity(context(other)).weights != first.weights


def test_damaged_weights_are_a_sentence(blip, tmp_path):
    other = tmp_path / "damaged"
    other.mkdir()
    for path in blip.iterdir():
        (other / path.name).write_bytes(path.read_bytes()[:100] if path.suffix == ".safetensors" else path.read_bytes())
    with pytest.raises(UserError, match=r"damaged cannot be opened.*save_pretrained"):
        open_extractor(context(other))


@pytest.mark.parametrize(
    ("file", "classes"),
    [
        ("config.json", {"AutoConfig": "own.Own", "AutoModel": "own.Own"}),
        ("preprocessor_config.json", {"AutoImageProcessor": "own.Own"}),
        ("tokenizer_config.json", {"AutoTokenizer": ["own.Own", "own.Own"]}),
    ],
)
def test_a_program_in_the_folder_is_never_run(blip, tmp_path, file, classes):
    other, ran = tmp_path / "hostile", tmp_path / "ran"
    other.mkdir()
    for path in blip.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    (other / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: pass\n")
    described = other / file
    described.write_text(json.dumps({**json.loads(described.read_text()), "auto_map": classes}))
    try:
        open_extractor(context(other))
    except UserError as error:
        assert "hostile cannot be opened" in str(error)
    assert not ran.exists()
