"""Weights of small judges that come with the package: naming them and loading them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import FeatureIdentity


def packaged_identity(plugin: str, weights: Path, *, title: str, version: int, resolution: int) -> FeatureIdentity:
    """Return the identity of a judge that sees images of `resolution` pixels in [-1, 1], without building its network.

    Raises:
        UserError: the weights are missing from the package.
    """
    if not weights.is_file():
        raise UserError(f"{title}'s {weights.name} is missing from the package; reinstall t2ibench.")
    return FeatureIdentity(
        name=plugin,
        version=version,
        weights=digest_of_file(weights),
        resize=f"bilinear-antialias {resolution}",
        range="[-1, 1]",
        standing="stand-in",
    )


def packaged_network(build: Callable[[], Any], weights: Path, *, title: str, device: str) -> Any:
    """Return the network that `build` makes, with the weights, frozen, in eval mode, on the device.

    Half-precision weights become float32; the counters of batch norms need not be in the file.

    Raises:
        UserError: the weights are damaged.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    # Initial weights are overwritten at once; a caller's random numbers must not notice.
    with torch.random.fork_rng(devices=[]):
        network = build()
    try:
        state = {key: value.float() for key, value in load_file(weights).items()}
        counters = {key: value for key, value in network.state_dict().items() if key not in state}
        if any(not key.endswith("num_batches_tracked") for key in counters):
            raise RuntimeError(f"{next(iter(counters))} is missing")
        network.load_state_dict({**counters, **state})
    except (RuntimeError, SafetensorError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(f"{title}'s weights are damaged ({reason}); reinstall t2ibench.") from error
    return network.to(device).eval().requires_grad_(False)
