"""What captioners look at: the layers of networks that name what drawn images show, as one map of 8 x 8 places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_simulations.networks.simattributes.network import AttributeNetwork
from t2ibench_simulations.networks.simobjects.network import ObjectNetwork


class BirdTrunk(nn.Module):
    """SimAttributes' layers. Small parts, as bills, are seen at 16 x 16 only: of each 2 x 2 the strongest answer stays.

    Args:
        network: whose layers are taken, with their weights; None for fresh ones.
    """

    width: ClassVar[int] = 64 + 112

    def __init__(self, network: AttributeNetwork | None = None) -> None:
        super().__init__()
        self.layers = (network or AttributeNetwork()).layers

    def forward(self, images: Tensor) -> Tensor:
        """Return N x 176 x 8 x 8 of images N x 3 x 64 x 64 in [-1, 1]."""
        fine = self.layers[:4](images)
        return torch.cat([functional.max_pool2d(fine, 2), self.layers[4:](fine)], dim=1)


class SceneTrunk(nn.Module):
    """SimObjects' layers, up to where it reads kinds, colours and middles, and the coarse ones.

    Args:
        network: whose layers are taken, with their weights; None for fresh ones.
    """

    width: ClassVar[int] = 80 + 96

    def __init__(self, network: ObjectNetwork | None = None) -> None:
        super().__init__()
        network = network or ObjectNetwork()
        self.fine, self.coarse, self.reading = network.fine, network.coarse, network.reading

    def forward(self, images: Tensor) -> Tensor:
        """Return N x 176 x 8 x 8 of images N x 3 x 64 x 64 in [-1, 1]."""
        fine = self.fine(images)
        coarse = self.coarse(fine)
        both = torch.cat([fine, functional.interpolate(coarse, scale_factor=2.0, mode="nearest")], dim=1)
        return torch.cat([functional.max_pool2d(self.reading(both), 2), coarse], dim=1)


TRUNKS: Final[Mapping[str, type[BirdTrunk | SceneTrunk]]] = {"simbirds": BirdTrunk, "simscenes": SceneTrunk}
"""By data set."""
