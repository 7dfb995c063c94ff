"""DINOv2 as the feature extractor of FD-DINOv2, with a profile for every tool whose figures are in print."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from t2ibench.core.errors import require_known
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, WeightsFile, find_weights, installed, options_of
from t2ibench.features.network_extractor import FromFile, NetworkExtractor, file_identity, filled
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

VERSION: Final = 1
_PATCH: Final = 14
_NEEDED: Final = (
    "DINOv2 needs timm, which is not installed: `pip install 't2ibench[dino]'`, then name the folder of its weights "
    "with --weights-dir."
)
ARCHITECTURES: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "vitl14": ("vit_large_patch14_dinov2", {}),
    "vitb14": ("vit_base_patch14_dinov2", {}),
    "vits14": ("vit_small_patch14_dinov2", {}),
}
"""The authors' name -> (timm's, further arguments of it). Files with "_reg4" are of other networks."""


class DinoOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        profile: whose preprocessing.
        architecture: the network that the weights are of; figures in print are of vitl14.
    """

    profile: Profile = "dgm-eval"
    architecture: str = "vitl14"


class Dino(FromFile, NetworkExtractor):
    """Layer "pool": the class token after the last layer norm, in float32, from the authors' file of weights.

    The network is timm's, which shares the file's names; the table of positions is brought to 16 x 16 by the original
    code's rule (bicubic, not antialiased, at a scale of 16.1 / 37), as timm's own differs by half a percent. Needs the
    extra `dino`. Source: Oquab et al. 2023; FD on it: Stein et al. 2023 (dgm-eval).
    """

    Options: ClassVar = DinoOptions

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        super().__init__(network, identity, device)
        self.layers = {"pool": int(network.num_features)}
        self._profile = next(profile for profile, resize in RESIZE.items() if resize == identity.resize)

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        options = options_of(context, DinoOptions)
        return file_identity(
            context,
            found,
            resize=RESIZE[options.profile],
            range="ImageNet's mean and deviation",
            version=VERSION,
            otherwise="stand-in",
            of=options.architecture,
        )

    @classmethod
    def _weights(cls, context: FeatureContext) -> WeightsFile:
        installed("timm", _NEEDED)
        require_known("network of DINOv2", ARCHITECTURES, options_of(context, DinoOptions).architecture)
        return find_weights(context)

    @classmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile) -> Any:
        architecture = options_of(context, DinoOptions).architecture

        def build() -> Any:
            timm, (name, further) = installed("timm", _NEEDED), ARCHITECTURES[architecture]
            return timm.create_model(name, pretrained=False, img_size=RESOLUTION, num_classes=0, **further)

        hint = (
            f"Name the file's network in [features.{context.name}.options] of benchmarks.toml, or bring another file."
        )
        return filled(build, context, found, f"DINOv2 {architecture}", hint, change=_as_timm)

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        return {"pool": self._network(to_device(dino_input(pixels, self._profile), self._device))}


def _as_timm(state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return the tensors that timm's network has, with positions for its resolution."""
    kept = {key: value for key, value in state.items() if key != "mask_token"}  # of training alone
    table = kept.get("pos_embed")
    return kept if table is None else {**kept, "pos_embed": _positions(table, (RESOLUTION // _PATCH) ** 2)}


def _positions(table: Tensor, patches: int) -> Tensor:
    """Return the table 1 x (1 + M^2) x d for `patches` patches, as `interpolate_pos_encoding` of the authors' code.

    A table that is no square grid of patches stays as it is, for the check of names and shapes to refuse.
    """
    import torch
    from torch.nn.functional import interpolate

    held = table.shape[1] - 1 if table.ndim == 3 else 0
    side, wanted = math.isqrt(max(held, 0)), math.isqrt(patches)
    if held in (0, patches) or side**2 != held or not table.is_floating_point():
        return table
    grid = table[:, 1:].reshape(1, side, side, -1).permute(0, 3, 1, 2)
    scale = (wanted + 0.1) / side
    made = interpolate(grid.float(), scale_factor=(scale, scale), mode="bicubic", antialias=False)
    flat = made.permute(0, 2, 3, 1).reshape(1, patches, -1)
    return torch.cat([table[:, :1], flat.to(table.dtype)], dim=1)


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
