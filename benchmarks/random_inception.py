"""Inception weights drawn at random in the two forms in which the real ones are found, for checks without a download.

Default initial weights would make every feature constant, and FIDs of 0 that agree for the wrong reason. So
convolutions are drawn as He et al. propose and the batch norms' statistics are measured on noise images.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

STATE_FILE = "weights-inception-2015-12-05-6726825d.pth"
SCRIPT_FILE = "inception-2015-12-05.pt"


def write_random_inception(folder: Path, *, seed: int = 0, images: int = 8) -> None:
    """Write torch-fidelity's state dict and clean-fid's TorchScript program, both with the same random weights.

    Nothing is done where both files are there already.
    """
    import torch
    from torch import nn

    from t2ibench.features.inception.inception_2015 import empty_network, pooled

    if (folder / STATE_FILE).is_file() and (folder / SCRIPT_FILE).is_file():
        return
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(seed)
    network = empty_network()
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        elif isinstance(module, nn.BatchNorm2d):
            module.momentum = None  # the mean over all batches: of the one that follows
            module.reset_running_stats()
    with torch.no_grad():
        network.train()
        network(smooth_noise(images))
        network.eval()
        _shrink_features(network)
    torch.save(network.state_dict(), folder / STATE_FILE)

    class Trunk(nn.Module):
        """What clean-fid calls `layers`: N x 3 x 299 x 299 in [-1, 1) to N x 2048."""

        def __init__(self, inner: Any) -> None:
            super().__init__()
            self.inner = inner

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return pooled(self.inner, x)

    class Program(nn.Module):
        """The outer program, of which clean-fid uses `layers` alone."""

        def __init__(self, layers: Any) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layers(x)

    with torch.no_grad():
        layers = torch.jit.trace(Trunk(network), torch.zeros(2, 3, 299, 299))  # type: ignore[no-untyped-call]
        program = torch.jit.trace(Program(layers), torch.zeros(2, 3, 299, 299))  # type: ignore[no-untyped-call]
    program.save(str(folder / SCRIPT_FILE))


def _shrink_features(network: Any) -> None:
    """Divide the 2048 features by ten, and leave the logits as they are.

    clean-fid and pytorch-fid give up where their square root of a singular product has an imaginary part above 1e-3,
    an absolute number. With fewer images than features, He's initialisation makes features large enough to exceed it.
    """
    ends = ("branch1x1", "branch3x3_2a", "branch3x3_2b", "branch3x3dbl_3a", "branch3x3dbl_3b", "branch_pool")
    for name in ends:
        norm = getattr(network.Mixed_7c, name).bn
        norm.weight.div_(10)
        norm.bias.div_(10)
    network.fc.weight.mul_(10)


def smooth_noise(count: int, resolution: int = 96) -> Any:
    """Return uint8 images with structure at several scales, nearer to photographs than white noise is."""
    import torch

    total = torch.zeros(count, 3, resolution, resolution)
    for coarse in (3, 6, 12, 24, 48):
        grid = torch.randn(count, 3, coarse, coarse)
        total += (
            torch.nn.functional.interpolate(grid, size=(resolution, resolution), mode="bilinear") * (3 / coarse) ** 0.5
        )
    return (total * 40 + 128).clamp(0, 255).to(torch.uint8)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    write_random_inception(parser.parse_args().folder)
