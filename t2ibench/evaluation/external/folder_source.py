"""A folder of images as a row of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.reading.file_names import shown
from t2ibench.core.types import ModelCard, Origin, PlanItem, SamplePlan
from t2ibench.data.images import reading_threads
from t2ibench.data.manifest import Manifest
from t2ibench.evaluation.external.image_files import ImageFacts, read_square, scan_images
from t2ibench.evaluation.external.layouts import link_images
from t2ibench.evaluation.images.pixels import resized
from t2ibench.evaluation.images.sources import Source

if TYPE_CHECKING:
    from torch import Tensor

READING: Final = "folder-4: RGB, upright, central square, bilinear-antialias"
"""Name and version of how files become images; part of the identity."""
_NAMED: Final = 10
"""Damaged files that an error names."""


class FolderSource(Source):
    """Images of a folder, which makes nothing to order: it is judged on those of the plan's images that it holds.

    Where it holds all of the plan, these are judged and the rest is left out; otherwise everything in it, at its own n.

    Args:
        folder: of image files, with a manifest.jsonl, in TISE's, AttnGAN's or DM-GAN's layout, or any other.
        manifest: the data set whose captions the images may belong to.
        split: of it.
        resolution: side the images are judged at.
        memory: folder where digests of files are kept.
        name: the row's name; the folder's if empty.
        skip_bad: leave unreadable files out and count them, instead of refusing.

    Raises:
        UserError: no image is there, a file is damaged, or the manifest.jsonl is not of the form.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        split: str,
        *,
        resolution: int,
        memory: Path,
        name: str = "",
        skip_bad: bool = False,
    ) -> None:
        linking = link_images(folder, manifest, split)
        facts = scan_images(folder, list(linking.items), memory, decode=skip_bad)
        good = [one for one in facts if not one.fault]
        bad = [one for one in facts if one.fault]
        if bad and not skip_bad:
            facts = scan_images(folder, list(linking.items), memory, decode=True)
            bad = [one for one in facts if one.fault]  # those too whose header alone is sound
            raise UserError(_refusal(folder, bad, len(facts)))
        if not good:
            raise UserError(f"None of the {len(facts)} image files in {folder} can be read; the first: {bad[0].fault}.")
        self.name = name or shown(folder.absolute().name)
        self.caption_linked = linking.caption_linked
        self.unlinked_reason = "" if linking.caption_linked else linking.notes[0]
        self.warnings = (_left_out(bad, len(facts)),) if bad else ()
        what = f"A folder of {len(good):,} images, layout {linking.layout}."
        notes = (what, *linking.notes, *_shapes(good, resolution), *_likeness(good))
        self.card = ModelCard(self.name, "", "", Origin.EXTERNAL_IMAGES, notes=notes)
        self._items = {one.file: linking.items[one.file] for one in good}
        self._file_of = {item.id: file for file, item in self._items.items()}
        self._sha256_of = {one.file: one.sha256 for one in good}
        if len(self._file_of) < len(self._items):
            raise UserError(
                f"Two images of {folder} are the same sample of one caption; give them different `sample` numbers in "
                "manifest.jsonl."
            )
        self.identity = digest_of(
            {
                "reading": READING,
                "files": [[one.sha256, *linking.items[one.file].id] for one in good if linking.caption_linked]
                or [[one.sha256, one.file] for one in good],
            }
        )
        self._folder = folder
        self._memory = memory
        self._resolution = resolution

    def plan_of(self, asked: SamplePlan) -> SamplePlan:
        """Return the plan's images if the folder holds them all, else all that it holds, the plan's order first."""
        if self.caption_linked and all(item.id in self._file_of for item in asked.items):
            return asked
        order = {item.id: place for place, item in enumerate(asked.items)}
        items = sorted(self._items.values(), key=lambda item: order.get(item.id, len(order)))  # stable: then by file
        return SamplePlan(tuple(items), asked.seed, asked.dataset, asked.split)

    def shown_caption(self, item: PlanItem) -> str:
        """Return the caption, or the file's name where the caption is not known."""
        return item.caption.text or self._file_of[item.id]

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Return uint8 images, N x 3 x H x W.

        Raises:
            UserError: a file is damaged, or was taken away or changed meanwhile.
        """
        import torch

        def square(item: PlanItem) -> Tensor:
            file = self._file_of[item.id]
            pixels = torch.from_numpy(read_square(self._folder / file, self._sha256_of[file]).copy())
            return resized(pixels.permute(2, 0, 1)[None], self._resolution)[0]

        try:
            with ThreadPoolExecutor(reading_threads()) as pool:  # PIL decodes without holding Python's lock
                return torch.stack(list(pool.map(square, items)))
        except UserError as error:
            facts = scan_images(self._folder, list(self._items), self._memory, decode=True)
            bad = [one for one in facts if one.fault]  # all of them, so that one look is enough
            raise (UserError(_refusal(self._folder, bad, len(facts))) if bad else error) from error


def _refusal(folder: Path, bad: Sequence[ImageFacts], total: int) -> str:
    if len(bad) == 1:
        found = f"The image {folder / bad[0].file} of {total} cannot be read ({bad[0].fault}). Make it again"
    else:
        named = "; ".join(f"{one.file} ({one.fault})" for one in bad[:_NAMED])
        more = f"; and {len(bad) - _NAMED} more" if len(bad) > _NAMED else ""
        found = f"{len(bad)} of the {total} images in {folder} cannot be read: {named}{more}. Make them again"
    return f"{found}, or leave such files out with --skip-bad."


def _left_out(bad: Sequence[ImageFacts], total: int) -> str:
    named = ", ".join(one.file for one in bad[:3]) + (", ..." if len(bad) > 3 else "")
    return f"{len(bad)} of {total} image files could not be read and were left out ({named})."


def _shapes(good: Sequence[ImageFacts], resolution: int) -> list[str]:
    """Return sentences about sizes and kinds that were changed on reading."""
    sizes = Counter((one.width, one.height) for one in good)
    notes = []
    other = [size for size in sizes if size != (resolution, resolution)]
    if other:
        shown = ", ".join(f"{width} x {height}" for width, height in sorted(other)[:3])
        more = f" and {len(other) - 3} more sizes" if len(other) > 3 else ""
        count = sum(sizes[size] for size in other)
        crop = ", after cutting out the central square" if any(width != height for width, height in other) else ""
        notes.append(
            f"{count:,} images of {shown}{more} pixels were resized to {resolution} x {resolution} (bilinear, "
            f"antialiased{crop})."
        )
    kinds = Counter(one.mode for one in good if one.mode != "RGB")
    if kinds:
        shown = ", ".join(f"{count:,} {mode}" for mode, count in sorted(kinds.items()))
        notes.append(f"Read as RGB: {shown} (PIL's names); what is transparent shows white, 16 bits become 8.")
    return notes


def _likeness(good: Sequence[ImageFacts]) -> list[str]:
    """Return sentences about images that stand more than once, and about formats that differ."""
    notes = []
    counts = Counter(one.sha256 for one in good)
    if len(counts) < len(good):
        notes.append(
            f"Of the {len(good):,} images only {len(counts):,} are different, byte for byte; one stands "
            f"{max(counts.values()):,} times."
        )
    forms = Counter(one.form for one in good)
    if len(forms) > 1:
        shown = ", ".join(f"{count:,} {form}" for form, count in sorted(forms.items()))
        notes.append(f"The images are of several formats, whose compression moves metrics: {shown}.")
    return notes
