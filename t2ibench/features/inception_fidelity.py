"""The Inception-v3 of 2015 as torch-fidelity has it: the network behind most published FID and IS figures."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Self

from t2ibench.errors import UserError
from t2ibench.features.context import FeatureContext, WeightsFile, chunks, find_weights
from t2ibench.interfaces import FeatureIdentity

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
_LAYERS: Final = {"pool": ("2048", 2048), "logits": ("logits_unbiased", 1008)}


class InceptionFidelity:
    """torch-fidelity's "inception-v3-compat" with weights that are read safely.

    Pictures reach 299 x 299 by TensorFlow 1's bilinear resize inside the network. The layer "pool" serves FID, "logits"
    (without the bias, as the official scripts have them) the Inception Score.
    """

    layers: Mapping[str, int]

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self.layers = {layer: width for layer, (_, width) in _LAYERS.items()}
        self._network = network
        self._device = device

    @classmethod
    def peek(cls, context: FeatureContext) -> FeatureIdentity:
        """Return the identity from the weights file's digest alone.

        Standing "random" (shown, never ranked) unless the digest is the recorded one.

        Raises:
            UserError: the weights are missing.
        """
        return _identity(context, find_weights(context))

    @classmethod
    def open(cls, context: FeatureContext) -> Self:
        """Return the extractor with its weights on the context's device.

        Raises:
            UserError: the weights are missing, truncated or of another network.
        """
        found = find_weights(context)
        network = _empty_network()
        state = _checked(_read(found), network.state_dict(), found)
        network.load_state_dict(state)
        return cls(network.to(context.device).eval(), _identity(context, found), context.device)

    def extract(self, pixels: Tensor) -> Mapping[str, Tensor]:
        """Return "pool", N x 2048, and "logits", N x 1008, float32 on the CPU.

        Args:
            pixels: uint8, N x 3 x H x W of any size.
        """
        import torch

        if not len(pixels):
            return {layer: torch.zeros(0, width) for layer, width in self.layers.items()}
        with torch.no_grad():
            parts = [self._network(part.to(self._device)) for part in chunks(pixels)]
        columns = zip(self.layers, zip(*parts, strict=True), strict=True)
        return {layer: torch.cat(column).float().cpu() for layer, column in columns}


def _identity(context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
    return FeatureIdentity(
        name=context.entry.plugin,
        version=VERSION,
        weights=found.sha256,
        resize="bilinear-tf1 299",
        range="[-1, 1]",
        standing="standard" if found.recorded else "random",
    )


def _empty_network() -> Any:
    """Return torch-fidelity's network with freshly drawn weights, in eval mode.

    Its constructor always loads a file, and without `weights_only`. It is handed an empty one of ours.
    """
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    class Unfilled(FeatureExtractorInceptionV3):  # type: ignore[misc]  # torch-fidelity has no types
        def load_state_dict(self, state: Mapping[str, Tensor], *rest: Any, **named: Any) -> Any:
            return super().load_state_dict(state, *rest, **named) if state else None

    nothing = io.BytesIO()
    torch.save({}, nothing)
    nothing.seek(0)
    # The weights are overwritten at once; a caller's random numbers must not notice.
    with torch.random.fork_rng(devices=[]):
        return Unfilled("inception-v3-compat", [name for name, _ in _LAYERS.values()], nothing)


def _read(found: WeightsFile) -> Mapping[str, Tensor]:
    """Return the file's content, read without running any code that may be in it."""
    import torch

    try:
        content = torch.load(found.path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds for a bad file
        reason = " ".join(str(error).split())[:120]
        raise UserError(
            f"{found.path} cannot be read as a file of weights ({type(error).__name__}: {reason}). "
            "It may be truncated: fetch it again."
        ) from error
    if not isinstance(content, Mapping) or not all(isinstance(value, torch.Tensor) for value in content.values()):
        raise UserError(f"{found.path} holds no state dict (name -> tensor): fetch torch-fidelity's Inception file.")
    return content


def _checked(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], found: WeightsFile) -> Mapping[str, Tensor]:
    """Return `state` if its names and shapes are those of the network.

    Raises:
        UserError: they are not; names the first differences.
    """
    missing = sorted(wanted.keys() - state.keys())
    unknown = sorted(state.keys() - wanted.keys())
    shapes = [key for key, value in wanted.items() if key in state and state[key].shape != value.shape]
    if not (missing or unknown or shapes):
        return state
    faults = []
    if missing:
        faults.append(f"{len(missing)} entries are missing ({missing[0]})")
    if unknown:
        faults.append(f"{len(unknown)} are unknown ({unknown[0]})")
    if shapes:
        key = shapes[0]
        faults.append(f"{key} is {list(state[key].shape)} instead of {list(wanted[key].shape)}")
    raise UserError(
        f"{found.path} is not of the Inception-v3 of 2015: {', '.join(faults)}. "
        "torchvision's file is another network; fetch torch-fidelity's."
    )
