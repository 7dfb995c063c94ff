"""Which image belongs to which caption, told by what a folder holds.

manifest.jsonl ties images to captions; so do TISE's folders with their list of captions. AttnGAN's and DM-GAN's
sampling writes the image's key into the file name but not which of its captions was drawn. All else is unlinked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.reading.pickles import read_plain_pickle
from t2ibench.core.reading.text import parse_json, read_text
from t2ibench.core.types import Caption, PlanItem
from t2ibench.data.adapter import some
from t2ibench.data.manifest import Manifest
from t2ibench.evaluation.external.image_files import images_of
from t2ibench.evaluation.external.manifest_lines import FILE_NAME, ManifestLine, read_manifest_lines

_OFFICIAL: Final = re.compile(r"^(?P<key>.+)_s-1(?:_(?P<turn>\d+))?$")


@dataclass(frozen=True)
class Linking:
    """What a folder's images were made for.

    Attributes:
        layout: "manifest.jsonl", "TISE", "AttnGAN/DM-GAN" or "unlinked".
        items: file -> plan item. Where captions are not known they are stand-ins without text, grouped by image as far
            as images are known.
        caption_linked: whether the captions are known.
        notes: sentences for the reader.
    """

    layout: str
    items: dict[str, PlanItem]
    caption_linked: bool
    notes: tuple[str, ...] = field(default=())


def link_images(folder: Path, manifest: Manifest, split: str) -> Linking:
    """Return what the images of a folder were made for.

    Args:
        folder: of image files.
        manifest: the data set whose captions are looked for.
        split: of it.

    Raises:
        UserError: the folder holds no image, or its manifest.jsonl is not of the form.
    """
    listing = images_of(folder)
    linking = _linked(folder, listing.images, manifest, split)
    unlisted = [name for name in listing.images if name not in linking.items]
    notes = [f"{len(unlisted)} images are not in {FILE_NAME} and were left out: {some(unlisted)}."] if unlisted else []
    unread = listing.unread([FILE_NAME])
    return replace(linking, notes=(*linking.notes, *notes, *([unread] if unread else [])))


def _linked(folder: Path, names: Sequence[str], manifest: Manifest, split: str) -> Linking:
    captions = manifest.captions(split)
    where = f"{manifest.name}/{split}"
    if (folder / FILE_NAME).is_file():
        lines = read_manifest_lines(folder / FILE_NAME)
        items, strange = _by_lines(lines, captions)
        if not strange:
            return Linking(FILE_NAME, items, True)
        return _unlinked(
            [line.file for line in lines],
            f"Not linked to captions: {FILE_NAME} names captions that {where} does not have, for example "
            f"{strange[0].caption_id or strange[0].caption!r}.",
        )
    stems = {name: PurePosixPath(name).with_suffix("").as_posix() for name in names}
    matches = {name: _OFFICIAL.match(stem) for name, stem in stems.items()}
    if all(matches.values()):
        return _by_image(matches, manifest, split)
    if all(PurePosixPath(stem).name.isdigit() for stem in stems.values()):
        return _by_number(folder, stems, captions, where)
    return _unlinked(names, f"Not linked to captions: there is no {FILE_NAME}, and the file names tell no caption.")


def _by_lines(
    lines: Iterable[ManifestLine], captions: Sequence[Caption]
) -> tuple[dict[str, PlanItem], list[ManifestLine]]:
    """Return (file -> plan item, lines whose caption is unknown)."""
    by_id = {caption.id: caption for caption in captions}
    by_text: dict[str, list[Caption]] = {}
    for one in captions:
        by_text.setdefault(_words(one.text), []).append(one)
    taken: dict[str, int] = {}
    items: dict[str, PlanItem] = {}
    strange: list[ManifestLine] = []
    for line in lines:
        caption: Caption | None
        if line.caption_id:
            caption = by_id.get(line.caption_id)
        else:  # of captions with one text, the one that has fewest images so far
            equal = by_text.get(_words(line.caption), [])
            caption = min(equal, key=lambda each: taken.get(each.id, 0), default=None)
        if caption is None:
            strange.append(line)
            continue
        sample = taken.get(caption.id, 0) if line.sample is None else line.sample
        taken[caption.id] = max(taken.get(caption.id, 0), sample + 1)
        items[line.file] = PlanItem(caption, sample)
    return items, strange


def _by_image(matches: dict[str, re.Match[str] | None], manifest: Manifest, split: str) -> Linking:
    """Return AttnGAN's and DM-GAN's layout: <class>/<image>_s-1.png, or <class>/<image>_s-1_<pass>.png."""
    known = {image.id for image in manifest.split(split)}
    items = {}
    for name, match in matches.items():
        assert match is not None
        parts = match["key"].split("/")
        tails = ("/".join(parts[start:]) for start in range(len(parts)))  # "single/" or a model's name may come first
        key = next((tail for tail in tails if tail in known), None)
        if key is None:
            return _unlinked(
                list(matches),
                f"Not linked to captions: the files are named as AttnGAN's sampling names them, but {name} is of no "
                f"image of {manifest.name}/{split}.",
            )
        items[name] = PlanItem(Caption(f"image/{name}", "", key), int(match["turn"] or 0))
    note = (
        "Not linked to captions: the file names (AttnGAN's and DM-GAN's layout) tell each image's image, but not "
        "which of its captions was drawn."
    )
    return Linking("AttnGAN/DM-GAN", items, False, (note,))


def _by_number(folder: Path, stems: dict[str, str], captions: Sequence[Caption], where: str) -> Linking:
    """Return TISE's layout: <caption number>.png, the numbers explained by the list of captions beside them."""
    listed = _numbered_captions(folder)
    if not listed:
        return _unlinked(
            list(stems),
            "Not linked to captions: the files have numbers for names (TISE's layout), and the list that says which "
            "caption a number is, a pickle or JSON file of {caption_id, caption}, does not lie beside them.",
        )
    lines = []
    for name, stem in stems.items():
        text = listed.get(int(PurePosixPath(stem).name))
        if text is None:
            return _unlinked(list(stems), f"Not linked to captions: the list beside the images lacks {name}.")
        lines.append(ManifestLine(file=name, caption=text))
    items, strange = _by_lines(lines, captions)
    if strange:
        return _unlinked(
            list(stems), f"Not linked to captions: {where} does not have the caption {strange[0].caption!r}."
        )
    return Linking("TISE", items, True)


def _numbered_captions(folder: Path) -> dict[int, str]:
    """Return number -> caption from the first list of {caption_id, caption} that lies in the folder."""
    for path in sorted([*folder.glob("*.pkl"), *folder.glob("*.pickle"), *folder.glob("*.json")]):
        try:
            is_json = path.suffix == ".json"
            content = parse_json(read_text(path, what="captions")) if is_json else read_plain_pickle(path)
            found = {int(entry["caption_id"]): str(entry["caption"]) for entry in content}
        except (UserError, OSError, ValueError, KeyError, TypeError):
            continue  # another file that happens to lie there
        if found:
            return found
    return {}


def _unlinked(names: Iterable[str], note: str) -> Linking:
    items = {name: PlanItem(Caption(f"image/{name}", "", f"image/{name}")) for name in names}
    return Linking("unlinked", items, False, (note,))


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.lower()))
