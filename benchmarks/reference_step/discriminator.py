"""The discriminators of AttnGAN and DM-GAN, plainly. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class SpectralWeight(nn.Module):
    """What a spectrally normalised convolution keeps."""

    def __init__(self, before: int, after: int, kernel: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(after))
        self.weight_bar = nn.Parameter(torch.zeros(after, before, kernel, kernel))
        self.register_buffer("weight_u", torch.ones(after))
        self.register_buffer("weight_v", torch.ones(before * kernel * kernel))


class SpectralConv(nn.Module):
    """A convolution with padding 1, its weight divided by the largest singular value; one power iteration a use."""

    def __init__(self, before: int, after: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.module = SpectralWeight(before, after, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of x."""
        own = self.module
        flat = own.weight_bar.flatten(1)
        with torch.no_grad():
            v = torch.mv(flat.t(), own.weight_u)
            v = v / (v.norm() + 1e-12)
            u = torch.mv(flat, v)
            u = u / (u.norm() + 1e-12)
            own.weight_v.copy_(v)
            own.weight_u.copy_(u)
        sigma = torch.dot(u, torch.mv(flat, v))
        return functional.conv2d(x, own.weight_bar / sigma, own.bias, stride=self.stride, padding=1)


def layer(before: int, after: int, kernel: int, stride: int, *, spectral: bool, first: bool = False) -> list[nn.Module]:
    """Return a convolution, its normalisation (batch, spectral, or none in the first layer) and a leaky ReLU."""
    if spectral:
        return [SpectralConv(before, after, kernel, stride), nn.LeakyReLU(0.2)]
    conv = nn.Conv2d(before, after, kernel_size=kernel, stride=stride, padding=1, bias=False)
    return [conv, nn.LeakyReLU(0.2)] if first else [conv, nn.BatchNorm2d(after), nn.LeakyReLU(0.2)]


class Unconditional(nn.Module):
    """How probably the images are real."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.outlogits = nn.Sequential(nn.Conv2d(channels, 1, kernel_size=4, stride=4))

    def forward(self, features: Tensor) -> Tensor:
        """Return N probabilities."""
        return torch.sigmoid(self.outlogits(features)).view(-1)


class Conditional(nn.Module):
    """How probably the images match sentences."""

    def __init__(self, channels: int, text_dimension: int, *, spectral: bool) -> None:
        super().__init__()
        self.jointConv = nn.Sequential(*layer(channels + text_dimension, channels, 3, 1, spectral=spectral))
        self.outlogits = nn.Sequential(nn.Conv2d(channels, 1, kernel_size=4, stride=4))

    def forward(self, features: Tensor, sentence: Tensor) -> Tensor:
        """Return N probabilities."""
        tiled = sentence[:, :, None, None].repeat(1, 1, features.shape[2], features.shape[3])
        return torch.sigmoid(self.outlogits(self.jointConv(torch.cat((features, tiled), dim=1)))).view(-1)


class ReferenceDiscriminator(nn.Module):
    """Images of one side to features, N x c x 4 x 4; two heads make probabilities of them."""

    def __init__(self, resolution: int, width: int, text_dimension: int, *, spectral: bool) -> None:
        super().__init__()
        halvings = (resolution // 4).bit_length() - 1
        layers = layer(3, width, 4, 2, spectral=spectral, first=True)
        for step in range(1, min(halvings, 4)):
            layers += layer(width << (step - 1), width << step, 4, 2, spectral=spectral)
        self.img_code_s16 = nn.Sequential(*layers)
        channels, self.parts = width << (min(halvings, 4) - 1), ["img_code_s16"]
        for step in range(4, halvings):
            self._add(f"img_code_s{2 << step}", layer(channels, 2 * channels, 4, 2, spectral=spectral))
            channels *= 2
        for number in range(1, halvings - 3):
            self._add(f"img_code_s{1 << halvings}_{number}", layer(channels, channels // 2, 3, 1, spectral=spectral))
            channels //= 2
        self.UNCOND_DNET = Unconditional(channels)
        self.COND_DNET = Conditional(channels, text_dimension, spectral=spectral)

    def _add(self, name: str, layers: list[nn.Module]) -> None:
        setattr(self, name, nn.Sequential(*layers))
        self.parts.append(name)

    def forward(self, images: Tensor) -> Tensor:
        """Return features, N x c x 4 x 4."""
        for name in self.parts:
            images = getattr(self, name)(images)
        return images
