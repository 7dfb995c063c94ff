"""Whether the disk has room for what a run will write: asked before, not found out in the middle."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from torch import Tensor

from t2ibench.core import files
from t2ibench.training.engine.engine import Engine

_MOMENTS: Final = 2
"""Numbers a parameter in the state of an Adam that has made no step yet; most optimisers keep as many or fewer."""
_SLACK: Final = 1.02
"""Names, shapes and file systems' blocks."""


def checkpoint_bytes(engine: Engine) -> int:
    """Return about how many bytes a checkpoint takes: all weights and averages, and the optimisers' state.

    Before the first step the optimisers have none; then it is that of Adam.
    """
    weights = sum(tensor.nbytes for tensor in engine.weights().values())
    state = sum(
        value.nbytes
        for optimizer in engine.optimizer_states().values()
        for values in optimizer["state"].values()
        for value in values.values()
        if isinstance(value, Tensor)
    )
    if not state:
        networks = engine.model.networks().values()
        learning = {id(p): p.nbytes for network in networks for p in network.parameters() if p.requires_grad}
        state = _MOMENTS * sum(learning.values())
    return int((weights + state) * _SLACK)


def require_space(folder: Path, engine: Engine, *, what: str, checkpoints: int = 1, advice: str = "") -> None:
    """Refuse to go on where the disk has too little space.

    Args:
        folder: where it will be written; it need not exist yet.
        engine: whose checkpoints.
        what: for the sentence, as in "the checkpoint after step 600".
        checkpoints: how many there must be room for.
        advice: a further way out.

    Raises:
        RunFailedError: there is too little; nothing was written.
    """
    files.require_space(
        folder,
        checkpoints * checkpoint_bytes(engine),
        what,
        f"Nothing was written, earlier checkpoints are as they were: free some space{advice} and ask again.",
    )
