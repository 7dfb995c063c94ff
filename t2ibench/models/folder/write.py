"""Writing a model folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from t2ibench.core.files import write_json
from t2ibench.core.storage.folders import complete_folder
from t2ibench.core.storage.named_tensors import state_of_networks, write_tensors
from t2ibench.models.folder.description import ModelDescription
from t2ibench.models.folder.read import DESCRIPTION, VOCABULARY, WEIGHTS, ModelFolder, read_model_folder

if TYPE_CHECKING:
    from torch import Tensor


def exported_state(plugin: Any) -> dict[str, Tensor]:
    """Return "<network>/<state key>" -> tensor of a plug-in's `exported()` networks, as they are."""
    return state_of_networks(plugin.exported())


def write_model_folder(
    path: Path,
    description: ModelDescription,
    tensors: Mapping[str, Tensor],
    vocabulary: Sequence[str],
    *,
    encoder_vocabularies: Mapping[str, Sequence[str]] | None = None,
) -> ModelFolder:
    """Return the folder just written; it replaces one that was there.

    Args:
        path: the folder to write.
        description: what goes into model.json.
        tensors: "<network>/<state key>" -> tensor, of the networks in `exported()`.
        vocabulary: the words of the captions, by index.
        encoder_vocabularies: words of encoders that know others than `vocabulary` (imported ones).

    Raises:
        UserError: the place cannot be written.
        RunFailedError: the disk is full.
    """
    words: dict[str, object] = {"words": list(vocabulary)}
    apart = {name: list(own) for name, own in (encoder_vocabularies or {}).items() if list(own) != list(vocabulary)}
    if apart:
        words["encoders"] = apart
    with complete_folder(path, what="the model") as temporary:
        write_tensors(temporary / WEIGHTS, tensors)
        write_json(temporary / VOCABULARY, words)
        write_json(temporary / DESCRIPTION, description.model_dump(mode="json", by_alias=True))
    return read_model_folder(path, verify=False)
