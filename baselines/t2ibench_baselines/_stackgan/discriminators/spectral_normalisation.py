"""Spectral normalisation as in DM-GAN's code. Attribute names are those of the official state dicts."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from t2ibench_baselines._stackgan.convolutions import convolved
from t2ibench_baselines._stackgan.discriminators.trunk import SLOPE

_EPSILON = 1e-12


class NormalisedWeights(nn.Module):
    """A convolution's weight, divided by an estimate of its largest singular value, and its bias.

    Every use moves the estimate by one power iteration, in training and evaluation alike, as the official code does
    (Miyato et al., Spectral Normalization for GANs, ICLR 2018, appendix A, iterate in training only). The vectors u and
    v are buffers: saved, but neither learned nor averaged; officially they are parameters without gradients.

    Attributes:
        weight_bar: o x i x k x k, the weight before the division.
        weight_u: o, unit length.
        weight_v: i * k * k, unit length; made anew from weight_u at every use, so its stored value is not read.
    """

    weight_u: Tensor
    weight_v: Tensor

    def __init__(self, before: int, after: int, kernel: int) -> None:
        super().__init__()
        plain = nn.Conv2d(before, after, kernel_size=kernel)  # for torch's initialisation
        assert plain.bias is not None
        self.bias = nn.Parameter(plain.bias.detach().clone())
        self.weight_bar = nn.Parameter(plain.weight.detach().clone())
        self.register_buffer("weight_u", functional.normalize(torch.randn(after), dim=0))
        self.register_buffer("weight_v", functional.normalize(torch.randn(before * kernel * kernel), dim=0))

    def forward(self) -> Tensor:
        """Return weight_bar / sigma, o x i x k x k, after one power iteration; float32 also under autocast.

        sigma = u . (W v) has a gradient in W. u and v of this use are constants in it: uses that follow do not change
        what an earlier one differentiates.
        """
        with torch.autocast(self.weight_bar.device.type, enabled=False):
            flat = self.weight_bar.flatten(1)  # o x (i * k * k)
            with torch.no_grad():
                v = _unit(flat.mT @ self.weight_u)
                u = _unit(flat @ v)
                self.weight_v.copy_(v)
                self.weight_u.copy_(u)
            sigma = u @ (flat @ v)
            return self.weight_bar / sigma


class SpectralConvolution(nn.Module):
    """A convolution with padding 1, with a bias and a spectrally normalised weight: N x after x h' x w'."""

    def __init__(self, before: int, after: int, *, kernel: int, stride: int) -> None:
        super().__init__()
        self._stride = stride
        self.module = NormalisedWeights(before, after, kernel)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of x, N x before x h x w."""
        return convolved(x, self.module(), self.module.bias, stride=self._stride, padding=1)


def spectrally_normalised(before: int, after: int, *, kernel: int, stride: int, first: bool = False) -> list[nn.Module]:
    """Return a spectrally normalised convolution with bias and a leaky ReLU; every layer alike. See `Layer`."""
    return [SpectralConvolution(before, after, kernel=kernel, stride=stride), nn.LeakyReLU(SLOPE)]


def _unit(vector: Tensor) -> Tensor:
    length: Tensor = torch.linalg.vector_norm(vector)
    return vector / (length + _EPSILON)
