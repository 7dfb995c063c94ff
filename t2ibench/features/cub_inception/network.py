"""Inception-v3 as TensorFlow's slim builds it, with 51 outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from torch import Tensor

OUTPUTS: Final = 51
"""Logits: the first is an unused background class, the other 50 are CUB's test classes."""

SIDE: Final = 299


def empty_network() -> Any:
    """Return the network with some weights, in eval mode; it gives N x 51 logits. The global RNG is left as it was.

    Layers and names are torchvision's. One thing differs: the average pooling of the mixed layers leaves the padding
    out of the mean, as TensorFlow does; torch-fidelity's blocks have it so.
    """
    import torch
    from torch_fidelity.feature_extractor_inceptionv3 import InceptionA, InceptionC, InceptionE_1
    from torchvision.models.inception import BasicConv2d, Inception3, InceptionAux, InceptionB, InceptionD

    with torch.random.fork_rng(devices=[]):
        network = Inception3(
            num_classes=OUTPUTS,
            aux_logits=False,
            transform_input=False,
            init_weights=False,
            inception_blocks=[BasicConv2d, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE_1, InceptionAux],
        )
    return network.eval()


def known_logits(network: Any, images: Tensor) -> Tensor:
    """Return N x 50 logits, the background's left out, so that a softmax over them is over the 50 test classes.

    Args:
        network: as `empty_network` builds it.
        images: float, N x 3 x 299 x 299 in [-1, 1].
    """
    logits: Tensor = network(images)
    return logits[:, 1:]
