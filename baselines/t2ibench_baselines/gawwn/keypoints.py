"""GAWWN's second variant: what the sentence says, drawn where the parts of the object are."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from t2ibench_baselines._reed.layers import Bottleneck, doubling
from t2ibench_baselines.gawwn.boxes import BoxPrior
from t2ibench_baselines.gawwn.discriminator import Discriminator
from t2ibench_baselines.gawwn.generator import MAP_SIDE, active, enlarging, locating
from t2ibench_baselines.gawwn.parameters import GAWWNParameters


def keypoint_maps(keypoints: Tensor) -> Tensor:
    """Return N x K x 16 x 16 with 1 in the cell where a part is, 0 elsewhere and for parts that cannot be seen.

    Args:
        keypoints: N x K x 3: (x, y) as fractions of the side, and 1 where the part can be seen.
    """
    cells = (keypoints[..., :2] * MAP_SIDE).long().clamp(0, MAP_SIDE - 1)
    maps = keypoints.new_zeros(*keypoints.shape[:2], MAP_SIDE * MAP_SIDE)
    place = cells[..., 1] * MAP_SIDE + cells[..., 0]
    return maps.scatter(2, place[..., None], keypoints[..., 2:]).view(*keypoints.shape[:2], MAP_SIDE, MAP_SIDE)


class KeypointGenerator(nn.Module):
    """Latent, sentence and keypoints to an image (Reed et al., section 4.2 and figure 3).

    The global path reads the maps of the parts; the regional one puts latent and sentence into every part's cell. Both
    and the maps themselves are joined at side 16. The widths on the way down are those of the variant with boxes, and
    those on the way up halve; the official code's generator has 26.5 million parameters, this one 23.8.
    `prior` holds keypoints of the training set.
    """

    def __init__(self, parameters: GAWWNParameters, text_dimension: int) -> None:
        super().__init__()
        p, f, k = parameters, parameters.generator_features, len(parameters.parts)
        self.prior = BoxPrior(p.remembered_boxes, torch.zeros(k, 3))
        self.told = nn.Sequential(nn.Linear(p.latent + text_dimension, 4 * f), nn.ReLU())
        self.region_told = nn.Sequential(nn.Linear(p.latent + text_dimension, 4 * f), nn.ReLU())
        self.located = locating(k, f)
        self.scene = nn.Sequential(
            *active(nn.ConvTranspose2d(8 * f, 4 * f, kernel_size=4, bias=False), 4 * f),
            *active(doubling(4 * f, 2 * f), 2 * f),
            *active(doubling(2 * f, f), f),
        )
        self.region = nn.Sequential(*active(nn.ConvTranspose2d(4 * f, 4 * f, 3, padding=1, bias=False), 4 * f))
        self.image = nn.Sequential(
            *active(nn.Conv2d(5 * f + k, 2 * f, kernel_size=3, padding=1, bias=False), 2 * f),
            *active(nn.Conv2d(2 * f, 2 * f, kernel_size=3, padding=1, bias=False), 2 * f),
            Bottleneck(2 * f, max(f // 2, 1), nn.ReLU),
            *enlarging(f, p.resolution),
        )

    def forward(self, latent: Tensor, sentence: Tensor, keypoints: Tensor) -> Tensor:
        """Return images N x 3 x resolution x resolution in [-1, 1] of N x z, N x D and keypoints N x K x 3."""
        maps = keypoint_maps(keypoints)
        both = torch.cat((latent, sentence), dim=1)
        around = torch.cat((self.located(maps), self.told(both)[:, :, None, None]), dim=1)
        what = self.region_told(both)[:, :, None, None] * maps.amax(dim=1, keepdim=True)
        images: Tensor = self.image(torch.cat((self.scene(around), self.region(what), maps), dim=1))
        return images


class KeypointDiscriminator(Discriminator):
    """The discriminator of the variant: the regional way sees the parts' cells only, the global one the sentence."""

    def __init__(self, parameters: GAWWNParameters, text_dimension: int) -> None:
        super().__init__(parameters, text_dimension)
        del self.located
        f = parameters.discriminator_features
        self.region[0] = nn.Conv2d(2 * f + len(parameters.parts), f, kernel_size=1, bias=False)

    def looked_at(self, maps: Tensor, where: Tensor) -> Tensor:
        """Return the maps in the cells of parts, 0 elsewhere, and the parts' own, N x (2f + K) x 16 x 16."""
        parts = keypoint_maps(where).to(maps.dtype)
        return torch.cat((maps * parts.amax(dim=1, keepdim=True), parts), dim=1)

    def told(self, spread: Tensor, where: Tensor) -> Tensor:
        """Return the sentence at each of 4 x 4 places, as GAN-INT-CLS has it."""
        return spread[:, :, :4, :4]
