"""Files of a data set that a model reads and that its folder has no digests of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import ReadsDataFiles
from t2ibench.core.registry import registry
from t2ibench.models.folder.read import ModelFolder


def unrecorded_files(folder: ModelFolder, data_root: Path | None) -> dict[str, Any]:
    """Return what the identity of images needs besides the folder's own: encoder -> digests of files it would read.

    A model that was trained here has the digests of its encoders' files among their parameters. One that was imported
    has none, so its images depend on the files that happen to be there. Empty for all other models.

    Args:
        folder: the model.
        data_root: folder of the data set's files; None leaves the files unknown.
    """
    found: dict[str, Any] = {}
    for name, encoder in folder.description.encoders.items():
        # Only plug-ins with this parameter are loaded: most encoders would bring torch along.
        if encoder.parameters.get("digests") != {} or data_root is None:
            continue
        plugin = registry("encoders")[encoder.plugin]
        if isinstance(plugin, ReadsDataFiles):
            try:
                given = plugin.with_files(plugin.Parameters.model_validate(dict(encoder.parameters)), data_root)  # type: ignore[attr-defined]
                found[name] = dict(given.digests)
            except UserError:  # told with the first image, which needs the files
                found[name] = "missing"
    return {"data files": found} if found else {}
