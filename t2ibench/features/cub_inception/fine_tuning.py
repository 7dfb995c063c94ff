"""Fine-tuning a classifier of birds for the Inception Score, for those who cannot have the released one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import torch
from pydantic import Field, model_validator
from torch import Tensor, nn
from torch.nn import Module, functional
from torch.optim import Adam, Optimizer

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BoundNoise, BuildContext
from t2ibench.core.plain_trainable import PlainTrainable
from t2ibench.core.reading.state_dict import fill_but
from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.types import DataRequest, ModelCard, Origin, TrainBatch, Update
from t2ibench.features.cub_inception.network import OUTPUTS, SIDE, empty_network, known_logits

_URL = "https://download.pytorch.org/models/inception_v3_google-0cc3c7bd.pth"
_NOT_TAKEN = ("fc.", "AuxLogits.")
"""Of ImageNet's weights: the last layer is of other classes, and the auxiliary head is not there."""


class CUBInceptionParameters(Frozen):
    """Everything that can change the classifier.

    Attributes:
        batch_size: images a batch.
        network: "inception_v3", or "small" of ours for images drawn by code and for trials.
        resolution: of the images it sees, 299 for Inception.
        width: channels of the small network's first layer.
        classes: of the split, each an output; the first output, the background's, never learns.
        split: whose images it learns: the test split's, whose birds the score asks about, as StackGAN's did.
        weights: file of torchvision's ImageNet weights that it starts from.
        from_scratch: it starts from nothing instead.
        learning_rate: of Adam.
        label_smoothing: of the cross-entropy, as slim has it for Inception.
        ema_decay: decay of the EMA of the weights, which then classifies; 0 for none.
    """

    batch_size: int = Field(default=32, ge=2)
    network: Literal["inception_v3", "small"] = "inception_v3"
    resolution: int = Field(default=SIDE, ge=16)
    width: int = Field(default=32, ge=2)
    classes: int = Field(default=OUTPUTS - 1, ge=2)
    split: Literal["test", "train"] = "test"
    weights: str | None = None
    from_scratch: bool = False
    learning_rate: float = Field(default=1e-4, gt=0)
    label_smoothing: float = Field(default=0.1, ge=0, lt=1)
    ema_decay: float = Field(default=0.999, ge=0, lt=1)

    @model_validator(mode="after")
    def _fits(self) -> CUBInceptionParameters:
        if self.network == "inception_v3" and self.resolution != SIDE:
            raise ValueError(f"Inception-v3 sees images of {SIDE} pixels; leave resolution out")
        if self.weights is not None and (self.from_scratch or self.network == "small"):
            raise ValueError("weights are for a network of inception_v3 that does not start from scratch")
        return self


class Classifier(nn.Module):
    """A network and the class that each of its outputs stands for, in the order in which training met them."""

    classes: Tensor

    def __init__(self, network: Module, count: int) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("classes", torch.full((count,), -1, dtype=torch.int64))

    def forward(self, images: Tensor) -> Tensor:
        """Return N x classes logits, the background's left out, of images N x 3 x H x W in [-1, 1]."""
        return known_logits(self.network, images)

    def labels(self, class_ids: Tensor) -> Tensor:
        """Return the outputs, int64 N, that stand for classes; one that is new takes the next free output.

        Raises:
            UserError: there are more classes than outputs.
        """
        for one in class_ids.tolist():
            if bool((self.classes == one).any()):
                continue
            free = (self.classes == -1).nonzero()
            if not len(free):
                raise UserError(
                    f"The split has more than the {len(self.classes)} classes that the classifier has outputs for: "
                    "give their number with --set classes=..."
                )
            self.classes[int(free[0])] = one
        return (class_ids[:, None] == self.classes[None]).int().argmax(dim=1)


class CUBInceptionClassifier(PlainTrainable):
    """A classifier of the birds of one split, fine-tuned from ImageNet's Inception-v3.

    StackGAN released such a network and no code for its training; what is like it here: the network of TensorFlow's
    slim, the 50 test classes and an unused background, a moving average, images in [-1, 1]. Differs: torchvision's
    ImageNet weights to start from, Adam, the crops of the text-to-image loaders. Its scores have an identity of their
    own and are never in one column with those of the released network.
    """

    Parameters: ClassVar[type[CUBInceptionParameters]] = CUBInceptionParameters

    def __init__(self, parameters: CUBInceptionParameters, classifier: Classifier) -> None:
        self.parameters = parameters
        self.classifier = classifier

    @classmethod
    def card(cls) -> ModelCard:
        """Return title, paper and licence."""
        return ModelCard(
            title="Classifier of birds, fine-tuned here",
            paper="After Zhang et al., StackGAN: Text to Photo-realistic Image Synthesis with Stacked Generative "
            "Adversarial Networks, ICCV 2017",
            licence="MIT",
            origin=Origin.RETRAINED,
            notes=("Not StackGAN's released network: Inception Scores by the two cannot be compared.",),
        )

    @classmethod
    def build(cls, parameters: CUBInceptionParameters, context: BuildContext) -> Self:
        """Return the classifier, for "train" with ImageNet's weights where they are asked for.

        Raises:
            UserError: ImageNet's weights are not named, missing or of another network.
        """
        p = parameters
        if p.network == "small":
            return cls(p, Classifier(_small(p.width, p.classes + 1), p.classes))
        network = empty_network()
        network.fc = nn.Linear(network.fc.in_features, p.classes + 1)
        if context.purpose == "train" and not p.from_scratch:
            _load_imagenet(network, p.weights)
        return cls(p, Classifier(network, p.classes))

    def exported(self) -> Mapping[str, Module]:
        """Return the classifier."""
        return {"classifier": self.classifier}

    def data_request(self) -> DataRequest:
        """Return images of one side, of its split."""
        p = self.parameters
        return DataRequest((p.resolution,), p.batch_size, split=p.split)

    def optimizers(self) -> Mapping[str, Optimizer]:
        """Return one Adam."""
        return {"classifier": Adam(self.classifier.parameters(), lr=self.parameters.learning_rate)}

    def ema(self) -> Mapping[str, float]:
        """Return the classifier's decay."""
        return {"classifier": self.parameters.ema_decay} if self.parameters.ema_decay else {}

    def updates(self, batch: TrainBatch, noise: BoundNoise) -> Iterator[Update]:
        """Yield the one step on the cross-entropy of the batch's classes."""
        logits = self.classifier(batch.images[self.parameters.resolution])
        labels = self.classifier.labels(batch.class_ids.to(logits.device))
        loss = functional.cross_entropy(logits, labels, label_smoothing=self.parameters.label_smoothing)
        accuracy = (logits.argmax(dim=1) == labels).float().mean()
        yield Update("classifier", loss, {"accuracy": accuracy.detach()})


def _load_imagenet(network: Any, weights: str | None) -> None:
    """Fill all but the last layer from torchvision's file.

    Raises:
        UserError: no file is named, it is missing or of another network.
    """
    if weights is None:
        raise UserError(
            f"cub-inception starts from torchvision's ImageNet weights: download {_URL} and name the file with "
            "--set weights=FILE, or start from nothing with --set from_scratch=true."
        )
    path = Path(weights)
    if not path.is_file():
        raise UserError(f"{path} is not there: download {_URL} and name the file with --set weights=FILE.")
    fill_but(network, path, _NOT_TAKEN, "torchvision's Inception-v3", f"Download {_URL}.")


def _small(width: int, outputs: int) -> nn.Sequential:
    """Return a light network for images of 32 pixels or more; see `CUBInceptionParameters.network`."""
    layers: list[Module] = []
    before = 3
    for after in (width, 2 * width, 4 * width, 4 * width):
        layers += [nn.Conv2d(before, after, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
        before = after
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(before, outputs))
