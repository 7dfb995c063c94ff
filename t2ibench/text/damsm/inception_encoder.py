"""The DAMSM image encoder of the papers: torchvision's Inception-v3 up to Mixed_7c."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.inception import (
    BasicConv2d,
    InceptionA,
    InceptionB,
    InceptionC,
    InceptionD,
    InceptionE,
)

from t2ibench.core.errors import UserError
from t2ibench.core.reading.state_dict import fill_but
from t2ibench.text.damsm.image_encoder import ImageEncoder

_NOT_TRUNK = ("fc.", "AuxLogits.", "emb_features.", "emb_cnn_code.")


class InceptionImageEncoder(ImageEncoder):
    """Inception-v3 with DAMSM heads; state-dict names as in AttnGAN's `CNN_ENCODER`. Nothing is downloaded.

    Regions are Mixed_6e (768 x 17 x 17), the global code is the average of Mixed_7c (2048 x 8 x 8). Images in [-1,
    1] enter without ImageNet normalisation, which is what these weights expect.

    `align_corners`: AttnGAN resized under torch 0.3, where bilinear meant True; so True is faithful to its released
    weights. Today's torch would take False for the same source text.
    """

    def __init__(self, *, embedding: int = 256, align_corners: bool = True, resolution: int = 299) -> None:
        super().__init__(
            resolution=resolution,
            region_channels=768,
            pooled_channels=2048,
            embedding=embedding,
            align_corners=align_corners,
        )
        self.Conv2d_1a_3x3 = BasicConv2d(3, 32, kernel_size=3, stride=2)
        self.Conv2d_2a_3x3 = BasicConv2d(32, 32, kernel_size=3)
        self.Conv2d_2b_3x3 = BasicConv2d(32, 64, kernel_size=3, padding=1)
        self.Conv2d_3b_1x1 = BasicConv2d(64, 80, kernel_size=1)
        self.Conv2d_4a_3x3 = BasicConv2d(80, 192, kernel_size=3)
        self.Mixed_5b = InceptionA(192, pool_features=32)
        self.Mixed_5c = InceptionA(256, pool_features=64)
        self.Mixed_5d = InceptionA(288, pool_features=64)
        self.Mixed_6a = InceptionB(288)
        self.Mixed_6b = InceptionC(768, channels_7x7=128)
        self.Mixed_6c = InceptionC(768, channels_7x7=160)
        self.Mixed_6d = InceptionC(768, channels_7x7=160)
        self.Mixed_6e = InceptionC(768, channels_7x7=192)
        self.Mixed_7a = InceptionD(768)
        self.Mixed_7b = InceptionE(1280)
        self.Mixed_7c = InceptionE(2048)

    def trunk(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return Mixed_6e, N x 768 x 17 x 17, and the average of Mixed_7c, N x 2048, at 299 pixels."""
        x = self.Conv2d_1a_3x3(images)  # N x 32 x 149 x 149
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(x))  # N x 64 x 147 x 147
        x = functional.max_pool2d(x, kernel_size=3, stride=2)  # N x 64 x 73 x 73
        x = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x))  # N x 192 x 71 x 71
        x = functional.max_pool2d(x, kernel_size=3, stride=2)  # N x 192 x 35 x 35
        x = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x)))  # N x 288 x 35 x 35
        x = self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(x)))  # N x 768 x 17 x 17
        regions: Tensor = self.Mixed_6e(self.Mixed_6d(x))  # N x 768 x 17 x 17
        x = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(regions)))  # N x 2048 x 8 x 8
        return regions, torch.mean(x, dim=(2, 3))

    def trunk_parameters(self) -> list[nn.Parameter]:
        """Return all parameters but those of the two heads."""
        heads = {id(parameter) for parameter in self.head_parameters()}
        return [parameter for parameter in self.parameters() if id(parameter) not in heads]

    def load_trunk(self, path: Path) -> None:
        """Fill the trunk from a file of Inception-v3 weights (torchvision's ImageNet file, or any with its names).

        Raises:
            UserError: the file is missing, cannot be read, or does not fit.
        """
        if not path.is_file():
            raise UserError(
                f"The weights of the Inception-v3 trunk are not at {path}. Download torchvision's inception_v3 "
                "(ImageNet) weights and set trunk_weights to the file."
            )
        fill_but(self, path, _NOT_TRUNK, "Inception-v3", "Give torchvision's inception_v3 weights.")
