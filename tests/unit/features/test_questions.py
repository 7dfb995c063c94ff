"""VQAScore: by a tiny BLIP with random weights from a folder, by readers of simulated images, and wrong folders."""

import json

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.language.questions import Asked, Questions
from t2ibench.metrics.alignment.vqa_score import VQAScore

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", "is", "a", "red", "blue", "bird", "yes", "no", "?")


def context(folder, **options):
    chosen = {"folder": str(folder), "question": "is {caption} ?", **options}
    return FeatureContext("mine", FeatureEntry(plugin="questions", options=chosen))


@pytest.fixture(scope="module")
def blip(tmp_path_factory):
    transformers = pytest.importorskip("transformers", reason="the extra `captioner` is not installed")
    folder = tmp_path_factory.mktemp("models") / "tiny-vqa"
    words = folder.parent / "vocab.txt"
    words.write_text("\n".join(WORDS))
    small = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    numbers = {"bos_token_id": 5, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0}
    text = {**small, **numbers, "vocab_size": len(WORDS), "encoder_hidden_size": 16, "max_position_embeddings": 32}
    torch.manual_seed(3)
    config = transformers.BlipConfig(
        text_config=text, vision_config={**small, "image_size": 32, "patch_size": 8}, projection_dim=16
    )
    network = transformers.BlipForQuestionAnswering(config)
    for parameter in network.parameters():
        parameter.data += 0.2 * torch.randn(parameter.shape)  # so that image and question matter
    network.save_pretrained(folder)
    vocabulary = {word: place for place, word in enumerate(WORDS)}
    newer = int(transformers.__version__.partition(".")[0]) >= 5
    tokenizer = transformers.BertTokenizerFast(**({"vocab": vocabulary} if newer else {"vocab_file": str(words)}))
    assert tokenizer("a yes", add_special_tokens=False)["input_ids"] == [WORDS.index("a"), WORDS.index("yes")]
    size = {"height": 32, "width": 32}
    transformers.BlipProcessor(transformers.BlipImageProcessor(size=size), tokenizer).save_pretrained(folder)
    return folder


def images(count=3):
    return torch.randint(0, 256, (count, 3, 40, 40), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


CAPTIONS = [Caption(str(row), text) for row, text in enumerate(("a red bird", "a blue bird", "a red bird"))]


def test_a_tiny_blip_says_how_sure_it_is(blip):
    transformers = pytest.importorskip("transformers", reason="the extra `captioner` is not installed")
    judge = open_extractor(context(blip))
    assert isinstance(judge, Asked)
    found = judge.ask(images(), CAPTIONS)["answer"]
    assert found.shape == (3, 1) and ((found > 0) & (found < 1)).all()
    torch.testing.assert_close(judge.ask(images()[1:2], CAPTIONS[1:2])["answer"], found[1:2])
    assert judge.ask(images()[:1], CAPTIONS[1:2])["answer"] != found[0]  # another caption
    # The model's own loss on the answer "yes" is -log of that probability.
    network = transformers.BlipForQuestionAnswering.from_pretrained(blip).eval()
    processor = transformers.BlipProcessor.from_pretrained(blip)
    given = processor(images=images()[0].permute(1, 2, 0).numpy(), text="is a red bird ?", return_tensors="pt")
    with torch.no_grad():
        seen = network.vision_model(pixel_values=given["pixel_values"])[0]
        asked = network.text_encoder(input_ids=given["input_ids"], encoder_hidden_states=seen)[0]
        logits = network.text_decoder(input_ids=torch.tensor([[5]]), encoder_hidden_states=asked).logits[0, 0]
    assert float(found[0]) == pytest.approx(float(logits.softmax(0)[WORDS.index("yes")]), rel=1e-4)


def test_questions_and_weights_are_identities_of_their_own(blip):
    assert peek_identity(context(blip)) != peek_identity(context(blip, question="{caption} ?"))
    with pytest.raises(UserError, match=r"needs \{caption\} in it"):
        peek_identity(context(blip, question="is it so?"))


def test_a_vocabulary_without_yes_is_a_sentence(blip):
    judge = open_extractor(context(blip))
    judge._processor.tokenizer = lambda text, **rest: {"input_ids": [1]}
    judge._processor.tokenizer.unk_token_id = 1
    with pytest.raises(UserError, match=r'knows no word "yes"'):
        Questions(judge._model, judge._processor, context(blip))


def test_wrong_folders_are_sentences(tmp_path):
    with pytest.raises(UserError, match=r"no folder .*blip-vqa-base.*--weights-dir"):
        peek_identity(context(tmp_path / "nowhere"))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    with pytest.raises(UserError, match="kind 'bert', which is no model for questions"):
        peek_identity(context(tmp_path))


@pytest.mark.parametrize("name", ["bird-answers", "scene-answers"])
def test_readers_of_the_truth_answer_as_whole_captions_count(name):
    judge = open_extractor(FeatureContext(name, FeatureEntry(plugin=name)))
    birds = ["this bird has black wings", "this bird has a red belly"]
    captions = [Caption(str(n), (birds if "bird" in name else ["a red ball", "two cats"])[n % 2]) for n in range(20)]
    pixels = torch.randint(0, 256, (20, 3, 64, 64), dtype=torch.uint8, generator=torch.Generator().manual_seed(2))
    pixels[::4] = 30
    asked = VQAScore().estimate(MetricInput({"answer": judge.ask(pixels, captions)["answer"].numpy()}))
    given = MetricInput(
        {"statements": judge.extract(pixels)["statements"].numpy()},
        caption_codes=judge.read(captions).numpy(),
        queries=np.arange(20),
    )
    whole = registry("metrics")["attribute_accuracy"](whole_captions=True)
    assert asked.value == pytest.approx(whole.estimate(given).value) and asked.n == 20
