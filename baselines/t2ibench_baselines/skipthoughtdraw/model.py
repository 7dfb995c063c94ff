"""skipthoughtDRAW as a plug-in: alignDRAW's drawer, told the same sentence vector at every step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Self, cast

import torch
from torch import nn

from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.types import Caption
from t2ibench.text.tokenizer import tokenize
from t2ibench.text.tokens import TokenBatch
from t2ibench.text.vocabulary import Vocabulary
from t2ibench_baselines._sentence_vectors import VECTOR_ENCODERS, VectorEncoder
from t2ibench_baselines.aligndraw import AlignDRAW
from t2ibench_baselines.aligndraw.alignment import WordStates
from t2ibench_baselines.aligndraw.drawer import Drawer
from t2ibench_baselines.skipthoughtdraw.parameters import SkipThoughtDRAWParameters


class SkipThoughtDRAW(AlignDRAW):
    """The talk's skipthoughtDRAW: a linear map of a sentence vector enters the decoder at every step, nothing else.

    Mansimov et al., ICLR 2016, section 4; how the vector is wired was not published. With `text = "hashed"` it is a
    sentenceDRAW on hashed words.
    """

    Parameters: ClassVar[type[SkipThoughtDRAWParameters]] = SkipThoughtDRAWParameters
    sentence_encoder: VectorEncoder

    @classmethod
    def requirements(cls, parameters: SkipThoughtDRAWParameters) -> tuple[str, ...]:
        """Return the encoder of sentences."""
        return (VECTOR_ENCODERS[parameters.text],)

    @classmethod
    def build(cls, parameters: SkipThoughtDRAWParameters, context: BuildContext) -> Self:  # type: ignore[override]
        """Return the model; for "generate" its weights are to be loaded."""
        encoder: VectorEncoder = context.encoders[VECTOR_ENCODERS[parameters.text]]
        drawer = Drawer(parameters, captions=nn.Linear(encoder.dimension, 2 * parameters.language_features))
        drawer.initialise()
        vocabulary = Vocabulary.from_words(context.vocabulary)
        model = cls(parameters, vocabulary, drawer)
        any_text = parameters.text == "hashed"
        model.capabilities = replace(model.capabilities, uses=frozenset({"sentence"}), any_text=any_text)
        model.sentence_encoder = encoder
        return model

    def read(self, captions: Sequence[Caption], noise: BoundNoise) -> tuple[WordStates, TokenBatch]:
        """Return the sentence as the only state; the words are there for films alone."""
        layer = cast(nn.Linear, self.drawer.captions)
        vectors = self.sentence_encoder.sentences(captions).to(layer.weight)
        mask = torch.ones(len(captions), 1, dtype=torch.bool, device=vectors.device)
        words = tuple(tokenize(caption.text) for caption in captions)
        lengths = torch.tensor([len(one) for one in words])
        tokens = TokenBatch(torch.zeros(len(captions), 0, dtype=torch.int64), lengths, words)
        return WordStates(layer(vectors)[:, None], mask), tokens
