"""The convolutional trunk of the discriminators. Attribute names are those of the official state dicts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Protocol

from torch import Tensor, nn

from t2ibench_baselines._stackgan.convolutions import Convolution

SLOPE = 0.2
_WIDEST_HEAD = 8


class Layer(Protocol):
    """Makes the modules of one layer: a convolution with padding 1, what normalises it, a leaky ReLU."""

    def __call__(self, before: int, after: int, *, kernel: int, stride: int, first: bool = False) -> list[nn.Module]:
        """Return the modules in order; `first` is the layer that sees the images."""
        ...


def batch_normalised(before: int, after: int, *, kernel: int, stride: int, first: bool = False) -> list[nn.Module]:
    """Return a convolution without bias, batch normalisation (not in the first layer) and a leaky ReLU."""
    convolved = Convolution(before, after, kernel_size=kernel, stride=stride, padding=1, bias=False)
    return [convolved, *([] if first else [nn.BatchNorm2d(after)]), nn.LeakyReLU(SLOPE)]


def score_head(channels: int) -> nn.Sequential:
    """Return the head that makes one logit of features N x channels x 4 x 4: N x 1 x 1 x 1.

    The official heads end in a sigmoid; here the losses work on logits.
    """
    return nn.Sequential(nn.Conv2d(channels, 1, kernel_size=4, stride=4))


class ScoringDiscriminator(nn.Module, ABC):
    """Base of discriminators that tell whether images match a code and, perhaps, whether they are real."""

    @abstractmethod
    def features(self, images: Tensor) -> Tensor:
        """Return features, N x c x 4 x 4, of images N x 3 x resolution x resolution in [-1, 1]."""

    @abstractmethod
    def match(self, features: Tensor, sentence: Tensor) -> Tensor:
        """Return logits of the match, N, of features and codes N x D."""

    @abstractmethod
    def unconditional(self, features: Tensor) -> Tensor | None:
        """Return logits of being real, N, of features; None without that head."""

    def forward(self, images: Tensor, sentence: Tensor) -> tuple[Tensor, Tensor | None]:
        """Return logits of the match and, where there is such a head, of being real; N each."""
        features = self.features(images)
        return self.match(features, sentence), self.unconditional(features)


class DiscriminatorTrunk(ScoringDiscriminator):
    """Images to features N x `channels` x 4 x 4.

    Strided convolutions halve the side down to 4, doubling the channels from `width`; what grew beyond 8 * width is
    brought back to it by 3x3 convolutions. At 64, 128 and 256 pixels this is the trunk of the papers; smaller sides
    have fewer layers, and end with fewer channels. `layer` makes the layers; StackGAN-v2's and AttnGAN's are batch
    normalised, DM-GAN's spectrally.
    """

    def __init__(self, resolution: int, width: int, layer: Layer = batch_normalised) -> None:
        super().__init__()
        halvings = (resolution // 4).bit_length() - 1
        layers = layer(3, width, kernel=4, stride=2, first=True)
        for step in range(1, min(halvings, 4)):
            layers += layer(width << (step - 1), width << step, kernel=4, stride=2)
        self.img_code_s16 = nn.Sequential(*layers)
        self._order = ["img_code_s16"]
        channels = width << (min(halvings, 4) - 1)
        for step in range(4, halvings):
            self._append(f"img_code_s{2 << step}", layer(channels, 2 * channels, kernel=4, stride=2))
            channels *= 2
        narrowings = 0
        while channels > _WIDEST_HEAD * width:
            narrowings += 1
            self._append(f"img_code_s{1 << halvings}_{narrowings}", layer(channels, channels // 2, kernel=3, stride=1))
            channels //= 2
        self.channels = channels

    def _append(self, name: str, modules: list[nn.Module]) -> None:
        self.add_module(name, nn.Sequential(*modules))
        self._order.append(name)

    def features(self, images: Tensor) -> Tensor:
        """Return features, N x channels x 4 x 4, of images N x 3 x resolution x resolution in [-1, 1]."""
        x = images
        for name in self._order:
            x = self.get_submodule(name)(x)
        return x


def tiled(codes: Tensor, resolution: int) -> Tensor:
    """Return codes N x c repeated over a map: N x c x resolution x resolution."""
    return codes[:, :, None, None].expand(-1, -1, resolution, resolution)
