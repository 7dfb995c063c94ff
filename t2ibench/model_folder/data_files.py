"""Files of a data set that a model reads and that its folder has no digests of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from t2ibench.errors import UserError
from t2ibench.interfaces import ReadsDataFiles
from t2ibench.model_folder.read import ModelFolder
from t2ibench.registry import registry


def unrecorded_files(folder: ModelFolder, data_root: Path | None) -> dict[str, Any]:
    """Return what the identity of pictures needs besides the folder's own: encoder -> digests of files it would read.

    A model that was trained here has the digests of its encoders' files among their parameters. One that was imported
    has none, so its pictures depend on the files that happen to be there. Empty for all other models.

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
            except UserError:  # told with the first picture, which needs the files
                found[name] = "missing"
    return {"data files": found} if found else {}
