"""From a model's images in [-1, 1] to the 8-bit pixels that are judged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from t2ibench.core.errors import RunFailedError

if TYPE_CHECKING:
    from torch import Tensor

Quantise = Literal["round", "truncate"]

_OVER: Final = 1e-3
"""How far rounding may carry a model's images out of [-1, 1]."""


def to_uint8(images: Tensor, rule: Quantise) -> Tensor:
    """Return uint8 images of float ones in [-1, 1]: rounded to nearest, or truncated as the official code does.

    Raises:
        RunFailedError: they are integers or leave [-1, 1]: clamped, images of 0 to 255 would be white.
    """
    if not images.is_floating_point() or (images.numel() and float(images.abs().max()) > 1 + _OVER):
        raise RunFailedError(
            f"A model made images of {str(images.dtype).removeprefix('torch.')} from {float(images.min()):.4g} to "
            f"{float(images.max()):.4g}: `generate` has to return floats in [-1, 1], -1 for black and 1 for white."
        )
    scaled = (images.float().clamp(-1, 1) + 1) * 127.5
    import torch

    return (scaled.round() if rule == "round" else scaled).to(torch.uint8)


def resized(images: Tensor, resolution: int) -> Tensor:
    """Return uint8 images of `resolution` pixels: as they are, or resized bilinearly with antialiasing."""
    if images.shape[-1] == resolution:
        return images
    import torch

    smooth = torch.nn.functional.interpolate(
        images.float(), size=(resolution, resolution), mode="bilinear", align_corners=False, antialias=True
    )
    return smooth.round().clamp(0, 255).to(torch.uint8)
