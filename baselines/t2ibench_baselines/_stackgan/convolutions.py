"""Convolutions that do less work than torch's would for the same result; their state dicts are those of Conv2d.

Each is exact: only the order of sums differs (docs/numerical-precision.md), and tests compare them with torch's. They
are for training, where weights lie channels last. In torch's standard layout, in which weights are loaded, all is
computed as in the official code, to the last bit, and so are images.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_SMALLEST_SIDE = 16
_OUTWEIGHS = 12


def lies_channels_last(tensor: Tensor) -> bool:
    """Return whether a tensor n x c x h x w lies in memory as n x h x w x c, and not as n x c x h x w."""
    return tensor.is_contiguous(memory_format=torch.channels_last) and not tensor.is_contiguous()


class DoublingConvolution(nn.Conv2d):
    """A 3x3 convolution, without bias, of a doubled map: N x before x h x w to N x after x 2h x 2w.

    Doubled by nearest neighbours, that is; copies of one value meet weights that can be summed beforehand: each place
    of the large map then needs 4 products a channel instead of 9, and the large map of inputs is never made. That is a
    transposed 4x4 convolution of stride 2; along one axis, of weights (a, b, c) its kernel is (c, b + c, a + b, a).
    Summing costs more than it spares where maps are small: those are doubled.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, kernel_size=3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of the doubled map."""
        if min(x.shape[-2:]) < _SMALLEST_SIDE or not lies_channels_last(self.weight):
            return super().forward(functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        kernel = _summed(_summed(self.weight.transpose(0, 1), 2), 3)  # before x after x 4 x 4
        return functional.conv_transpose2d(x.contiguous(memory_format=torch.channels_last), kernel, stride=2, padding=1)


def _summed(weight: Tensor, axis: int) -> Tensor:
    """Return (c, b + c, a + b, a) for weights (a, b, c) along an axis."""
    first, middle, last = weight.unbind(axis)
    return torch.stack((last, middle + last, first + middle, first), dim=axis)


class Convolution(nn.Conv2d):
    """Conv2d of one stride and padding for both axes, by `convolved`."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the convolution of x, N x before x h x w."""
        return convolved(x, self.weight, self.bias, stride=self.stride[0], padding=int(self.padding[0]))


def convolved(x: Tensor, weight: Tensor, bias: Tensor | None, *, stride: int, padding: int) -> Tensor:
    """Return the convolution of x, N x i x h x w, with weights o x i x k x k.

    Where there are far more weights than inputs, as in the last layers of a discriminator, it is a matrix product: what
    torch's convolution does at every call to bring so many weights into an order of its own takes longer than the
    arithmetic.
    """
    if weight.numel() < _OUTWEIGHS * x.numel() or not lies_channels_last(weight):
        return functional.conv2d(x, weight, bias, stride=stride, padding=padding)
    number, inputs = x.shape[:2]
    outputs, _, *kernel = weight.shape
    patches = functional.unfold(x, tuple(kernel), padding=padding, stride=stride)  # N x ikk x places
    places = patches.shape[2]
    # In the order in which the weights lie in memory, so that they are not copied.
    rows = patches.view(number, inputs, -1, places).permute(0, 3, 2, 1).reshape(number * places, -1)  # ... x kki
    made = functional.linear(rows, weight.permute(0, 2, 3, 1).reshape(outputs, -1), bias)  # N * places x o
    height = (x.shape[2] + 2 * padding - kernel[0]) // stride + 1
    return made.view(number, height, -1, outputs).permute(0, 3, 1, 2)
