"""What every DAMSM image encoder offers, and the light one of ours."""

from __future__ import annotations

import itertools
import math
from abc import abstractmethod
from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

_UNIFORM_RANGE = 0.1
_GRID = 8


class ImageEncoder(nn.Module):
    """Images to region codes and a global code, in the space of the text encoder.

    A subclass supplies the trunk; the two heads (a 1x1 convolution on the regions, a linear map of the pooled
    features) carry the names of AttnGAN's `CNN_ENCODER`.
    """

    def __init__(
        self, *, resolution: int, region_channels: int, pooled_channels: int, embedding: int, align_corners: bool
    ) -> None:
        super().__init__()
        self.resolution = resolution
        self.align_corners = align_corners
        self.emb_features = nn.Conv2d(region_channels, embedding, kernel_size=1, bias=False)
        self.emb_cnn_code = nn.Linear(pooled_channels, embedding)

    @abstractmethod
    def trunk(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return region features, N x R x h x w, and pooled features, N x P, of images at `resolution`."""

    def initialise(self) -> None:
        """Draw the heads' weights from U(-0.1, 0.1), as the official code does; the trunk keeps its own."""
        nn.init.uniform_(self.emb_features.weight, -_UNIFORM_RANGE, _UNIFORM_RANGE)
        nn.init.uniform_(self.emb_cnn_code.weight, -_UNIFORM_RANGE, _UNIFORM_RANGE)

    def head_parameters(self) -> Iterator[nn.Parameter]:
        """Yield the parameters of the two heads."""
        yield from self.emb_features.parameters()
        yield from self.emb_cnn_code.parameters()

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return region codes, N x D x h x w, and image codes, N x D.

        Args:
            images: float, N x 3 x H x W in [-1, 1]; resized (bilinear) to `resolution` if they are of another size.
        """
        regions, pooled = self.trunk(self._resized(images))
        codes: Tensor = self.emb_cnn_code(pooled)  # N x D
        return self.emb_features(regions), codes

    def _resized(self, images: Tensor) -> Tensor:
        resolution = (self.resolution, self.resolution)
        if images.shape[-2:] == resolution:
            return images
        return functional.interpolate(images, size=resolution, mode="bilinear", align_corners=self.align_corners)


class SmallImageEncoder(ImageEncoder):
    """A light encoder of ours for images of 32 to 256 pixels; about 1 M parameters, regions on an 8 x 8 grid.

    Strided 4x4 convolutions down to 8 x 8, one 3x3 convolution there (the regions), one more strided convolution and
    an average (the global code). Batch normalisation, with which it learns several times faster than with group
    normalisation; in eval mode, as the GANs and the judge use it, an image's codes do not depend on its batch.
    """

    def __init__(self, *, resolution: int, embedding: int = 256, align_corners: bool = False, width: int = 32) -> None:
        widest = 4 * width
        super().__init__(
            resolution=resolution,
            region_channels=widest + widest // 2,
            pooled_channels=2 * widest,
            embedding=embedding,
            align_corners=align_corners,
        )
        halvings = int(math.log2(resolution // _GRID))
        channels = [3, *(min(width * 2**step, widest) for step in range(halvings))]
        self.layers = nn.Sequential(
            *(_normalised(before, after, kernel=4, stride=2) for before, after in itertools.pairwise(channels)),
            _normalised(channels[-1], widest + widest // 2, kernel=3, stride=1),
        )
        self.summary = _normalised(widest + widest // 2, 2 * widest, kernel=3, stride=2)

    def trunk(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return region features, N x R x 8 x 8, and pooled features, N x P."""
        regions = self.layers(images)  # N x R x 8 x 8
        summary = self.summary(regions)  # N x P x 4 x 4
        return regions, torch.mean(summary, dim=(2, 3))


def _normalised(before: int, after: int, *, kernel: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, after, kernel, stride, padding=1, bias=False),
        nn.BatchNorm2d(after),
        nn.LeakyReLU(0.2),
    )
