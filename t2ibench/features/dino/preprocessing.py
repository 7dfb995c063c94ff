"""What reaches DINOv2, by the tool whose figures are in print: five ways to 224 pixels, no two one column."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from t2ibench.features.resizing import normalised, resized_by_pil, resized_by_pil_as_floats, resized_by_tensorflow

if TYPE_CHECKING:
    from torch import Tensor

Profile = Literal["dgm-eval", "dgm-eval-clean", "edm2", "edm2-pil", "torch-fidelity"]

RESOLUTION: Final = 224

RESIZE: Final[dict[Profile, str]] = {
    "dgm-eval": "bicubic-pil 224",
    "dgm-eval-clean": "bicubic-pil-float 224, clamped",
    "edm2": "bicubic-torch-antialias 224",
    "edm2-pil": "bicubic-pil 224",
    "torch-fidelity": "bilinear-tf1 224",
}
"""Profile -> what an identity says of it. The first and the fourth are one by construction."""


def dino_input(pixels: Tensor, profile: Profile, resolution: int = RESOLUTION) -> Tensor:
    """Return float32 N x 3 x R x R with ImageNet's mean and deviation taken out. Aspect is not kept, nothing cropped.

    Args:
        pixels: uint8, N x 3 x H x W.
        profile: whose way.
        resolution: R, in pixels.
    """
    from torch.nn.functional import interpolate

    size = (resolution, resolution)
    if profile in ("dgm-eval", "edm2-pil"):
        images = resized_by_pil(pixels, resolution, "BICUBIC").float()
    elif profile == "dgm-eval-clean":
        images = resized_by_pil_as_floats(pixels, resolution)
    elif profile == "edm2":
        images = interpolate(pixels.float(), size=size, mode="bicubic", antialias=True)
    else:
        images = resized_by_tensorflow(pixels, resolution)
    return normalised(images / 255)
