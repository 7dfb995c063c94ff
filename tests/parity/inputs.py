"""The real images of a golden set, as its sidecar's `inputs_from` says: "shared_inputs.npz img64/128/256[:4]"."""

from __future__ import annotations

import re
from dataclasses import dataclass

from torch import Tensor

from tests.parity.recipe import GoldenSet
from tests.parity.understood import NotUnderstood

_SOURCE = re.compile(
    r"shared_inputs\.npz(?: (?P<kind>img|wrong)(?P<resolutions>\d+(?:/\d+)*|\*))?"
    r"(?:\[(?P<begin>\d*):(?P<end>\d*)\]| \(first (?P<first>\d+) samples?\))?"
)


@dataclass(frozen=True)
class Source:
    """Rows of the shared images: of a kind ("img", "wrong", None for both), of some resolutions (None for all)."""

    kind: str | None
    resolutions: tuple[int, ...] | None
    rows: slice


def sources_of(golden: GoldenSet) -> dict[str, Source]:
    """Return what `inputs_from` says, by its keys; without any, the first samples of all.

    Raises:
        NotUnderstood: an entry is written in another way.
    """
    batch = golden.sidecar.get("batch")
    return {
        key: _source(golden, key, text, batch) for key, text in (golden.sidecar.get("inputs_from") or {}).items()
    } or {"": Source(None, None, slice(0, batch))}


def real_images(golden: GoldenSet, resolution: int, kind: str = "img") -> Tensor:
    """Return the set's real (or wrong) images of a resolution, float32 in [-1, 1].

    Raises:
        NotUnderstood: `inputs_from` has none of them, or another number than `batch`.
    """
    for key, source in sources_of(golden).items():
        if source.kind in (None, kind) and resolution in (source.resolutions or (resolution,)):
            images = golden.images(f"{kind}{resolution}")[source.rows]
            if len(images) != golden.sidecar.get("batch", len(images)):
                raise NotUnderstood(
                    golden.name, f"inputs_from.{key}", f"names {len(images)} images, not `batch` of them"
                )
            return images
    raise NotUnderstood(golden.name, "inputs_from", f"names no images {kind}{resolution}")


def _source(golden: GoldenSet, key: str, text: str, batch: int | None) -> Source:
    found = _SOURCE.fullmatch(text)
    if found is None:
        raise NotUnderstood(golden.name, f"inputs_from.{key}", f"is {text!r}, which is not understood")
    begin, end = int(found["begin"] or 0), found["end"] or found["first"] or batch
    every = found["resolutions"] in (None, "*")
    resolutions = None if every else tuple(map(int, found["resolutions"].split("/")))
    return Source(found["kind"], resolutions, slice(begin, None if end is None else int(end)))
