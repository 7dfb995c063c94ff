"""Writing the small judges that come with the package: weights in half precision, and a card that says how made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from t2ibench.core.files import atomic_path, digest_of_file, write_json


def rounded(network: nn.Module) -> dict[str, Tensor]:
    """Return a network's weights in half precision, and round the network's own: what is measured is what is shipped.

    The counters of batch norms, which nothing reads, are left out.
    """
    state = {
        key: value.half().contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    network.load_state_dict({key: value.float() for key, value in state.items()}, strict=False)
    return state


def write_judge(
    folder: Path, state: Mapping[str, Tensor], card: Mapping[str, Any], metadata: Mapping[str, str] | None = None
) -> None:
    """Write weights.safetensors and card.json, which gets torch's version and the digest of the weights too.

    Args:
        folder: of the plug-in, in t2ibench/features.
        state: see `rounded`.
        card: how it was made and how well it reads.
        metadata: texts that the weights file carries.
    """
    weights = folder / "weights.safetensors"
    with atomic_path(weights) as temporary:
        save_file(dict(state), temporary, None if metadata is None else dict(metadata))
    made = {"torch": torch.__version__.split("+")[0], "weights_sha256": digest_of_file(weights)}
    write_json(folder / "card.json", {**card, **made})
