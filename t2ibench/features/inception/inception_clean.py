"""The Inception-v3 of 2015 as clean-fid drives it: the same network, images resized by an antialiased filter."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from t2ibench.core.errors import UserError
from t2ibench.core.folding import folded_script
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.machine.device import to_device
from t2ibench.features.context import FeatureContext, WeightsFile, find_weights
from t2ibench.features.inception.inception_2015 import POOL, SIDE
from t2ibench.features.network_extractor import FromFile, NetworkExtractor, file_identity, provenance
from t2ibench.features.resizing import resized_by_pil_as_floats

if TYPE_CHECKING:
    from torch import Tensor


class InceptionClean(FromFile, NetworkExtractor):
    """clean-fid's mode "clean": PIL's bicubic filter on every channel as floats, clipped, to 299 x 299.

    The weights file is TorchScript, which is a program: it is opened only if it has the recorded SHA-256 or if the user
    brought it with `--weights-dir`. In the second case its standing is "random": shown, never ranked.
    """

    layers: Mapping[str, int] = MappingProxyType({"pool": POOL})

    @classmethod
    def _weights(cls, context: FeatureContext) -> WeightsFile:
        found = find_weights(context)
        if not (found.recorded or found.brought):
            expected = f"does not begin with the recorded {context.entry.sha256[:8]}"
            raise UserError(
                f"{found.path} is a program (TorchScript) and its SHA-256 {found.sha256[:8]}... "
                f"{expected if context.entry.sha256 else 'is not recorded in benchmarks.toml'}; if you trust it, name "
                "its folder with --weights-dir."
            )
        return found

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        return file_identity(context, found, resize="bicubic-pil-float 299")

    @classmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile) -> Any:
        import torch

        try:
            with warnings.catch_warnings():
                # "torch.jit.load is deprecated": the file exists in this form only.
                warnings.simplefilter("ignore", FutureWarning)
                program = torch.jit.load(str(found.path), map_location=context.device)  # type: ignore[no-untyped-call]
                return folded_script(program.eval().layers)
        except (RuntimeError, AttributeError, ValueError, OSError) as error:
            reason = " ".join(str(error).split())[:120]
            raise UserError(
                f"{found.path} cannot be opened as clean-fid's TorchScript Inception ({reason}). It may be truncated: "
                f"fetch it again. {provenance(context, found)}"
            ) from error

    def _features(self, pixels: Tensor) -> Mapping[str, Tensor]:
        import torch

        resized = resized_by_pil_as_floats(pixels, SIDE).contiguous(memory_format=torch.channels_last)
        # N x 3 x 299 x 299, 0..255; the network wants [-1, 1), scaled as in the TensorFlow graph.
        features: Tensor = self._network((to_device(resized, self._device) - 128) / 128)
        if features.numel() != len(pixels) * POOL:
            raise UserError(
                f"The weights of inception-clean give features of shape {list(features.shape)} instead of N x {POOL}; "
                "fetch the file named in benchmarks.toml."
            )
        return {"pool": features.reshape(len(pixels), POOL)}
