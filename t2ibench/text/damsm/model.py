"""DAMSM as a plug-in: what the training loop and the GANs see of the two encoders."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Self

from torch import Tensor
from torch.nn import Module
from torch.optim import Adam, Optimizer

from t2ibench.core.errors import UserError
from t2ibench.core.folding import folded
from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.official import KeepsOfficialNames, OfficialNetwork
from t2ibench.core.plain_trainable import PlainTrainable
from t2ibench.core.types import Caption, DataRequest, ModelCard, Origin, TrainBatch, Update
from t2ibench.text.damsm.image_encoder import ImageEncoder, SmallImageEncoder
from t2ibench.text.damsm.inception_encoder import InceptionImageEncoder
from t2ibench.text.damsm.losses import sentence_loss, words_loss
from t2ibench.text.damsm.parameters import DAMSMParameters
from t2ibench.text.damsm.text_encoder import TextEncoder
from t2ibench.text.tokens import encode_captions
from t2ibench.text.vocabulary import Vocabulary

_RELEASED: Final = {5450: "cub", 27297: "coco"}
"""Words of the released vocabularies to the data set they belong to."""


def recognise(shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
    """Return "text_encoder" or "image_encoder" with the sizes of the common space and the words; None for neither.

    The text encoder is told by its LSTM, the image encoder by its two heads. The number of words tells the data set; an
    image encoder is the same for all.
    """
    if "rnn.weight_hh_l0" in shapes or "rnn.weight_hh_l0_reverse" in shapes:
        return _text_encoder(shapes)
    if "emb_features.weight" in shapes or "emb_cnn_code.weight" in shapes:
        return _image_encoder(shapes)
    return None


def _text_encoder(shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork:
    parameters: dict[str, Any] = {}
    hidden = shapes.get("rnn.weight_hh_l0") or shapes["rnn.weight_hh_l0_reverse"]
    if len(hidden) == 2:
        parameters["embedding"] = 2 * hidden[1]  # 4h x h a direction; a GRU has 3h x h, which `fit` then names
    words = shapes.get("encoder.weight", ())
    if len(words) == 2:
        parameters["word_embedding"] = words[1]
    return OfficialNetwork("text_encoder", parameters, _RELEASED.get(words[0], "") if words else "")


def _image_encoder(shapes: Mapping[str, tuple[int, ...]]) -> OfficialNetwork | None:
    if not any(key.startswith("Mixed_") for key in shapes):
        return None
    head = shapes.get("emb_features.weight") or shapes["emb_cnn_code.weight"]
    # The trunk stays frozen in the official training; its running statistics do not, so the file holds all of it.
    parameters: dict[str, Any] = {"trunk": "inception_v3", "trunk_weights": None, "train_trunk": False}
    return OfficialNetwork("image_encoder", parameters | {"embedding": head[0]})


@dataclass(frozen=True, slots=True)
class TextCodes:
    """Captions in the common space.

    Attributes:
        words: B x D x T word codes, 0 past a caption's end.
        sentence: B x D sentence codes.
        padding: bool, B x T, True past a caption's end.
        text: the words that were read, a caption each.
    """

    words: Tensor
    sentence: Tensor
    padding: Tensor
    text: tuple[tuple[str, ...], ...]


class DAMSM(KeepsOfficialNames, PlainTrainable):
    """The deep attentional multimodal similarity model: a text and an image encoder that share a space.

    AttnGAN, section 3.2. Differs from the official training: Adam's moments live through all epochs (officially the
    optimiser is made anew each epoch), and the batch is not sorted by length (which nothing depends on).

    With purpose "generate" the image encoder is made when it is first asked for: a GAN that only reads captions never
    makes it.
    """

    Parameters: ClassVar[type[DAMSMParameters]] = DAMSMParameters

    recognise = staticmethod(recognise)

    def __init__(
        self,
        parameters: DAMSMParameters,
        vocabulary: Vocabulary,
        text_encoder: TextEncoder,
        image_encoder: ImageEncoder | None = None,
    ) -> None:
        self.parameters = parameters
        self.vocabulary = vocabulary
        self.text_encoder = text_encoder
        self._image_encoder = image_encoder

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper and licence."""
        return ModelCard(
            title="DAMSM",
            paper="Xu et al., AttnGAN: Fine-Grained Text to Image Generation with Attentional Generative Adversarial "
            "Networks, CVPR 2018",
            licence="MIT",
            origin=Origin.RETRAINED,
            notes=("Adam keeps its moments across epochs; the official code makes a new optimiser each epoch.",),
        )

    @classmethod
    def build(cls, parameters: DAMSMParameters, context: BuildContext) -> Self:
        """Return the encoders, freshly initialised for "train", of the right shapes for "generate".

        Raises:
            UserError: no vocabulary, or a frozen Inception trunk without weights in training.
        """
        vocabulary = Vocabulary.from_words(context.vocabulary)
        text_encoder = TextEncoder(
            len(vocabulary),
            embedding=parameters.embedding,
            word_embedding=parameters.word_embedding,
            dropout=parameters.dropout,
        )
        if context.purpose == "generate":
            return cls(parameters, vocabulary, text_encoder)
        text_encoder.initialise()
        image_encoder = _new_image_encoder(parameters)
        image_encoder.initialise()
        if isinstance(image_encoder, InceptionImageEncoder):
            _prepare_trunk(image_encoder, parameters)
        return cls(parameters, vocabulary, text_encoder, image_encoder)

    @property
    def dimension(self) -> int:
        """Size of the common space."""
        return self.parameters.embedding

    @property
    def image_encoder(self) -> ImageEncoder:
        """The image encoder; made now, its weights to be loaded, if it was not needed before."""
        if self._image_encoder is None:
            self._image_encoder = _new_image_encoder(self.parameters).eval()
        return self._image_encoder

    def exported(self) -> Mapping[str, Module]:
        """Return both encoders: both learn (of a frozen Inception trunk only the heads and the running statistics)."""
        return {"text_encoder": self.text_encoder, "image_encoder": self.image_encoder}

    def data_request(self) -> DataRequest:
        """Return images at the image encoder's resolution."""
        return DataRequest(resolutions=(self.parameters.resolution,), batch_size=self.parameters.batch_size)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return one Adam over all that learns in both encoders."""
        learning = itertools.chain(self.text_encoder.parameters(), self.image_encoder.parameters())
        p = self.parameters
        adam = Adam(
            [parameter for parameter in learning if parameter.requires_grad],
            lr=p.learning_rate,
            betas=(p.beta1, p.beta2),
            fused=True,
        )
        return {"encoders": adam}

    def learning_rates(self, step: int, steps_per_epoch: int) -> Mapping[str, float]:
        """Return the rate of this step: multiplied by the decay each epoch while it is above the floor."""
        p = self.parameters
        epoch = step // max(steps_per_epoch, 1)
        if p.learning_rate_decay < 1 and p.learning_rate > p.learning_rate_floor:
            last = math.ceil(math.log(p.learning_rate_floor / p.learning_rate) / math.log(p.learning_rate_decay))
            epoch = min(epoch, last)
        else:
            epoch = 0
        return {"encoders": p.learning_rate * p.learning_rate_decay**epoch}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the one joint step; only the text encoder's gradient is clipped, as in the official code."""
        p = self.parameters
        codes = self.encode_text(batch.captions, maximum=p.words_maximum, noise=noise)
        regions, images = self.encode_images(batch.images[p.resolution])
        words = words_loss(regions, codes.words, codes.padding, batch.class_ids, p.gammas)
        sentences = sentence_loss(images, codes.sentence, batch.class_ids, p.gammas)
        parts = {f"words/{name}": value for name, value in words._asdict().items()}
        parts |= {f"sentence/{name}": value for name, value in sentences._asdict().items()}
        yield Update(
            optimizer="encoders",
            loss=words.total + sentences.total,
            parts={name: value.detach() for name, value in parts.items()},
            clip_norm=p.clip_norm,
            clip_parameters=tuple(self.text_encoder.parameters()),
        )

    def encode_text(
        self, captions: Sequence[Caption], *, maximum: int | None = None, noise: BoundNoise | None = None
    ) -> TextCodes:
        """Return the captions' codes, with gradients unless the caller switches them off.

        Args:
            captions: B captions.
            maximum: longer captions are thinned to this many words; None keeps all words.
            noise: which words stay is drawn from it (latent "words"); None keeps the first ones.

        Raises:
            UserError: a caption without a known word.
        """
        tokens = encode_captions(self.vocabulary, captions, maximum=maximum, noise=noise)
        ids = tokens.ids.to(self.text_encoder.encoder.weight.device)  # B x T
        words, sentence = self.text_encoder(ids, tokens.lengths)
        return TextCodes(words, sentence, ids == 0, tokens.words)

    def teacher(self) -> ImageEncoder:
        """Return a frozen copy of the image encoder for a generator to learn from: batch norms folded, channels last.

        Its codes are the image encoder's but for rounding; weights that the latter is given later do not reach it.
        """
        return folded(copy.deepcopy(self.image_encoder))

    def encode_images(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return region codes, N x D x h x w, and image codes, N x D, of images N x 3 x H x W in [-1, 1]."""
        regions, codes = self.image_encoder(images)
        return regions, codes


def _new_image_encoder(parameters: DAMSMParameters) -> ImageEncoder:
    p = parameters
    if p.trunk == "small":
        return SmallImageEncoder(
            resolution=p.resolution, embedding=p.embedding, align_corners=p.align_corners, width=p.width
        )
    return InceptionImageEncoder(embedding=p.embedding, align_corners=p.align_corners, resolution=p.resolution)


def _prepare_trunk(encoder: InceptionImageEncoder, parameters: DAMSMParameters) -> None:
    """Load the ImageNet weights and freeze the trunk's parameters unless they are to learn."""
    if parameters.trunk_weights is not None:
        encoder.load_trunk(Path(parameters.trunk_weights))
    elif not parameters.train_trunk:
        raise UserError(
            'DAMSM with trunk "inception_v3" keeps the trunk frozen and so needs ImageNet weights: set trunk_weights '
            'to torchvision\'s inception_v3 file, or train_trunk = true, or take trunk "small".'
        )
    if not parameters.train_trunk:
        for parameter in encoder.trunk_parameters():
            parameter.requires_grad_(False)
