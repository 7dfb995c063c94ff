"""A data set made or prepared here as Croissant 1.0 metadata (JSON-LD, docs.mlcommons.org/croissant)."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Final

from t2ibench.core.files import digest_of_file, write_json
from t2ibench.data.manifest import FILE_NAME, Manifest

_FORM: Final = Path(__file__).with_suffix(".json")
"""All that is the same for every data set: the words of the format, as its specification prints them, and the fields
of a manifest's images. What is "" there differs."""


def write_croissant(manifest: Manifest, title: str, folder: Path) -> Path:
    """Write croissant.json and, beside it, the manifest.json that it describes; return the former.

    The records are the manifest's images: key, file, split, captions, size and digest. The images themselves are not
    part of the distribution, as most may not be passed on.

    Args:
        manifest: of a prepared data set. The place it lies in is not written.
        title: what it is, in a sentence.
        folder: to write to.

    Raises:
        UserError: the folder cannot be written.
    """
    path = folder / FILE_NAME
    dataclasses.replace(manifest, root=Path()).write(path)
    splits = ", ".join(f"{len(images):,} {name}" for name, images in manifest.splits.items())
    captions = sum(len(image.captions) for image in manifest.images)
    metadata = json.loads(_FORM.read_text(encoding="utf-8"))
    metadata |= {
        "name": manifest.name,
        "description": f"{title or manifest.name}: {len(manifest.images):,} images ({splits}), {captions:,} captions.",
        "identifier": manifest.digest,
    }
    metadata["distribution"][0] |= {"contentSize": f"{path.stat().st_size} B", "sha256": digest_of_file(path)}
    write_json(folder / "croissant.json", metadata)
    return folder / "croissant.json"
