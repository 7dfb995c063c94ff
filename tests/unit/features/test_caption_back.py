"""Sentences travel as numbers and come back; any registered captioner can be read back with."""

import math

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import CaptionJudge, FeatureIdentity, MetricInput
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import FeatureEntry, Frozen
from t2ibench.core.types import Caption
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.features.language.caption_back import numbers_of, sentences_of
from t2ibench.metrics.captions.read_back import CaptionBackCIDEr, cider_d


class Told:
    """Says how bright each image is."""

    class Options(Frozen):
        unit: str = "of 255"

    def __init__(self, context):
        self.identity = self.peek(context)
        self.unit = self.Options(**context.entry.options).unit

    @classmethod
    def peek(cls, context):
        return FeatureIdentity(context.entry.plugin, 1, "none", "none", "none", captions="greedy")

    @classmethod
    def open(cls, context):
        return cls(context)

    def caption(self, pixels):
        return [f"{int(value)} {self.unit}" for value in pixels.float().mean(dim=(1, 2, 3))]


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setitem(registry("captioners")._added, "told", Told)


def context(**options):
    return FeatureContext("mine", FeatureEntry(plugin="caption-back", options=options))


@pytest.mark.parametrize("texts", [["a red bird"], ["", "x"], ["ein grüner Vogel mit Häubchen", "鳥 🐦"], []])
def test_sentences_come_back_as_they_were(texts):
    assert sentences_of(numbers_of(texts).numpy()) == texts
    assert sentences_of(numbers_of(texts).numpy().astype(np.float64)) == texts


def test_what_has_no_room_is_cut_off_and_said_to_be(told):
    judge = open_extractor(context(captioner="told"))
    captions = [Caption("a", "bird " * 100), Caption("b", "bird")]
    assert judge.cut(captions) == [True, False]
    assert sentences_of(judge.read(captions).numpy())[0] == ("bird " * 100)[:384]


def test_any_captioner_is_read_back_with_its_own_options(told):
    judge = open_extractor(context(captioner="told", unit="grey"))
    assert isinstance(judge, CaptionJudge)
    pixels = torch.stack([torch.full((3, 4, 4), level, dtype=torch.uint8) for level in (7, 200)])
    assert sentences_of(judge.extract(pixels)["sentence"].numpy()) == ["7 grey", "200 grey"]
    assert peek_identity(context(captioner="told")) == judge.identity
    assert judge.identity.name == "caption-back" and judge.identity.captions == "by told, greedy"


def test_unknown_captioners_and_options_are_sentences(told):
    with pytest.raises(UserError, match=r"captioner .*tol.*Did you mean told"):
        peek_identity(context(captioner="tolt"))
    with pytest.raises(UserError, match=r"\[features.mine.options\].*beams"):
        peek_identity(context(captioner="told", beams=3))


def given(said, asked, queries=None):
    return MetricInput(
        {"sentence": numbers_of(said).numpy()},
        caption_codes=numbers_of(asked).numpy(),
        queries=np.arange(len(said)) if queries is None else np.array(queries),
    )


ASKED = [f"one{n} two{n} three{n} four{n} five{n}" for n in range(12)]


def test_a_caption_read_back_word_for_word_scores_10_and_another_0():
    metric = CaptionBackCIDEr()
    said = ["ONE0, two0 three0 four0 five0.", *ASKED[2:], ASKED[1]]
    values = metric.image_values(given(said, ASKED))
    assert values[0] == pytest.approx(10)
    assert values[1:] == pytest.approx(0)


def test_it_is_cider_d_with_all_captions_as_documents():
    asked = ["a red bird with a long bill", "a blue bird", "a red bird", *ASKED]
    said = ["a red bird with a bill", "a blue bird with a bill", "the red bird", *ASKED[::-1]]
    expected = cider_d({str(n): one for n, one in enumerate(said)}, {str(n): [one] for n, one in enumerate(asked)})
    assert CaptionBackCIDEr().image_values(given(said, asked)) == pytest.approx(list(expected.values()))
    assert 0 < expected["0"] < 10


def test_several_images_of_a_caption_are_judged_one_by_one():
    said, queries = [ASKED[0], ASKED[1], *ASKED], [0, 0, *range(12)]
    values = CaptionBackCIDEr().image_values(given(said, ASKED, queries))
    assert values == pytest.approx([10, 0, *[10] * 12])
    found = CaptionBackCIDEr().estimate(given(said, ASKED, queries))
    assert found.value == pytest.approx(130 / 14) and math.isfinite(found.interval.low)
