"""A data set made or prepared here as Croissant 1.0 metadata (JSON-LD, docs.mlcommons.org/croissant)."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any, Final

from t2ibench.core.files import digest_of_file, write_json
from t2ibench.data.manifest import FILE_NAME, Manifest

_CONTEXT: Final = json.loads(Path(__file__).with_name("croissant_context.json").read_text(encoding="utf-8"))
"""The words of the format, as its specification prints them."""
_FIELDS: Final = (
    ("id", "sc:Text", False, "key of the image, the same on every machine"),
    ("file", "sc:Text", False, "its file, relative to the data set's folder"),
    ("split", "sc:Text", False, "the split it belongs to"),
    ("captions", "sc:Text", True, "its captions as written"),
    ("size", "sc:Integer", False, "bytes of its file"),
    ("sha256", "sc:Text", False, "of its file"),
)


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
    write_json(folder / "croissant.json", _metadata(manifest, title, path))
    return folder / "croissant.json"


def _metadata(manifest: Manifest, title: str, path: Path) -> dict[str, Any]:
    splits = ", ".join(f"{len(images):,} {name}" for name, images in manifest.splits.items())
    captions = sum(len(image.captions) for image in manifest.images)
    return {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.0",
        "name": manifest.name,
        "description": f"{title or manifest.name}: {len(manifest.images):,} images ({splits}), {captions:,} captions.",
        "version": "1.0.0",
        "identifier": manifest.digest,
        "distribution": [
            {
                "@type": "cr:FileObject",
                "@id": FILE_NAME,
                "name": FILE_NAME,
                "contentUrl": FILE_NAME,
                "contentSize": f"{path.stat().st_size} B",
                "encodingFormat": "application/json",
                "sha256": digest_of_file(path),
            }
        ],
        "recordSet": [
            {
                "@type": "cr:RecordSet",
                "@id": "images",
                "name": "images",
                "description": "An image a record.",
                "key": {"@id": "images/id"},
                "field": [_field(*field) for field in _FIELDS],
            }
        ],
    }


def _field(name: str, kind: str, repeated: bool, description: str) -> dict[str, Any]:
    field: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"images/{name}",
        "name": name,
        "description": description,
        "dataType": kind,
        "source": {"fileObject": {"@id": FILE_NAME}, "extract": {"jsonPath": f"$.images[*].{name}"}},
    }
    return field | ({"repeated": True} if repeated else {})
