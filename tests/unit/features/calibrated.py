"""Random weights that tell images apart: freshly initialised Inceptions give all of them nearly the same features."""

import torch
from torch import nn


def calibrate(network, run, resolution=139):
    """Draw He-normal convolutions and set batch normalisation to the statistics of one noise image."""
    generator = torch.Generator().manual_seed(0)
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            fan = module.weight[0].numel()
            with torch.no_grad():
                module.weight.copy_(torch.randn(module.weight.shape, generator=generator) * (2 / fan) ** 0.5)
    for norm in norms:
        norm.momentum = None  # the plain mean over what it sees
        norm.reset_running_stats()
        norm.train()
    with torch.no_grad():
        run(torch.randn(1, 3, resolution, resolution, generator=generator))
    return network.eval()


def images(count=2, resolution=64):
    """Smooth images with contrast, uint8."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(count, 3, 6, 6, generator=generator)
    fine = nn.functional.interpolate(coarse, size=(resolution, resolution), mode="bicubic").clamp(0, 1)
    return (255 * fine).round().to(torch.uint8)


def relative(found, expected):
    """The largest difference, in units of the mean size of what is expected."""
    return float((found - expected).abs().max() / expected.abs().mean())
