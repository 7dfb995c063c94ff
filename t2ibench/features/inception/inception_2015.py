"""The Inception-v3 of 2015, as torch-fidelity ported it: built empty, filled from a file that is read safely.

Two profiles share its weights and differ in how images reach it: `inception_fidelity` and `inception_pytorch_fid`.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.folding import folded, with_fused_relu
from t2ibench.features.context import FeatureContext, WeightsFile
from t2ibench.features.network_extractor import FromFile, NetworkExtractor, filled

if TYPE_CHECKING:
    from torch import Tensor

SIDE: Final = 299
POOL: Final = 2048
LOGITS: Final = 1008
TRUNK: Final[Sequence[str]] = (
    *("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "MaxPool_1", "Conv2d_3b_1x1", "Conv2d_4a_3x3", "MaxPool_2"),
    *("Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e"),
    *("Mixed_7a", "Mixed_7b", "Mixed_7c", "AvgPool"),
)


class Inception2015(FromFile, NetworkExtractor):
    """Base of the two profiles: the network with a file's weights, folded and frozen."""

    @classmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile) -> Any:
        hint = "Another network's file may have been given this name."
        return with_fused_relu(folded(filled(empty_network, context, found, "the Inception-v3 of 2015", hint)))


def empty_network() -> Any:
    """Return torch-fidelity's network with freshly drawn weights, in eval mode; it gives pool and logits.

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
        return Unfilled("inception-v3-compat", ["2048", "logits_unbiased"], nothing)


def pooled(network: Any, images: Tensor, trunk: Sequence[str] = TRUNK) -> Tensor:
    """Return N x 2048, the average of Mixed_7c.

    Args:
        network: as `empty_network` builds it, or torchvision's.
        images: float, N x 3 x 299 x 299, in the range the caller's profile says; the network resizes nothing here.
        trunk: its layers, in order.
    """
    for name in trunk:
        images = getattr(network, name)(images)
    return images.flatten(1)
