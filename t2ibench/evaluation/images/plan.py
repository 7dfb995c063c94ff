"""Which images an evaluation asks for, in which order, and which real ones it compares with: keyed by the seed."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.noise import seed_of
from t2ibench.core.reading.text import read_text, text_lines
from t2ibench.core.types import Caption, PlanItem, SamplePlan

if TYPE_CHECKING:
    from t2ibench.core.spec.benchmarks import ProtocolEntry
    from t2ibench.data.manifest import Manifest

TRAINING: Final = "train"
"""The split whose images metrics of memorisation compare with."""


def make_plan(
    manifest: Manifest, protocol: ProtocolEntry, samples: int | None = None, *, chosen: Path | None = None
) -> SamplePlan:
    """Return the plan. A plan of n images is the beginning of every longer one.

    captions = "spread": a keyed order in which every image comes once before any comes twice; past the last caption the
    plan goes on with second images of the same captions. With `captions_each` = k a caption has k images at each turn.

    captions = "passes": as DM-GAN's sampling, passes over the shuffled images with a random caption each, of which only
    full batches count. Captions are drawn anew each pass, so one may come again: as its next sample.

    Args:
        manifest: the prepared data set.
        protocol: its split, seed, caption order and number of samples.
        samples: images wanted instead of the protocol's; 0 means every caption once, or one pass.
        chosen: a file of caption ids, which then come in its order and, unless `samples` says otherwise, once each.

    Raises:
        UserError: a pass has no full batch, or the file is no list of captions of the split.
    """
    wanted = samples if samples is not None else protocol.samples if chosen is None else 0
    if protocol.captions == "passes":
        items = _passes(manifest, protocol, wanted)
    else:
        captions = _spread(manifest, protocol) if chosen is None else chosen_captions(manifest, protocol.split, chosen)
        each = protocol.captions_each
        items = [
            PlanItem(captions[index // each % len(captions)], index // each // len(captions) * each + index % each)
            for index in range(wanted or len(captions) * each)
        ]
    return SamplePlan(tuple(items), protocol.seed, manifest.name, protocol.split)


def chosen_captions(manifest: Manifest, split: str, path: Path) -> list[Caption]:
    """Return the captions of a split whose ids a text file lists, one a line, in its order.

    Raises:
        UserError: the file cannot be read, is empty, or has a line that is no caption's id or is there twice.
    """
    known = {caption.id: caption for caption in manifest.captions(split)}
    found: dict[str, Caption] = {}
    for number, text in text_lines(read_text(path, what="a list of caption ids")):
        line = text.strip()
        if line in found:
            raise UserError(f"{path}, line {number}: {line!r} is there twice; leave one of the two.")
        if line not in known:
            raise UserError(
                f"{path}, line {number}: {line!r} is no caption of the split {split!r} of {manifest.name}, whose ids "
                f"are as {next(iter(known))!r}: <data set>/<split>/<image>#<number from 0>."
            )
        found[line] = known[line]
    if not found:
        raise UserError(f"{path} lists no captions: write one id a line, as {next(iter(known))!r}.")
    return list(found.values())


def _spread(manifest: Manifest, protocol: ProtocolEntry) -> list[Caption]:
    """Return every caption once: each image's first, in a keyed order, then each image's second, and so on."""
    images = list(manifest.split(protocol.split))
    random.Random(seed_of(protocol.seed, "plan images", manifest.name)).shuffle(images)
    rounds = max(len(image.captions) for image in images)
    orders = {}
    for image in images:
        order = list(range(len(image.captions)))
        random.Random(seed_of(protocol.seed, "plan captions", manifest.name, image.id)).shuffle(order)
        orders[image.id] = order
    return [
        manifest.caption(image, orders[image.id][turn])
        for turn in range(rounds)
        for image in images
        if turn < len(image.captions)
    ]


def _passes(manifest: Manifest, protocol: ProtocolEntry, wanted: int) -> list[PlanItem]:
    """Return the first `wanted` images of as many passes as it takes; those of one pass for 0."""
    batch = protocol.generation.batch_size or 1
    count = len(manifest.split(protocol.split))
    if count < batch:
        raise UserError(
            f"The protocol drops what does not fill a batch of {batch}, and the split {protocol.split!r} of "
            f"{manifest.name} has {count} images: lower generation.batch_size in the protocol."
        )
    items: list[PlanItem] = []
    seen: Counter[str] = Counter()
    number = 0
    while not items or len(items) < wanted:
        for caption in list(_one_pass(manifest, protocol, number))[: count - count % batch]:
            items.append(PlanItem(caption, seen[caption.id]))
            seen[caption.id] += 1
        number += 1
    return items[:wanted] if wanted else items


def _one_pass(manifest: Manifest, protocol: ProtocolEntry, number: int) -> Iterator[Caption]:
    """Yield a random caption of every image, in a random order; both keyed by the pass."""
    images = list(manifest.split(protocol.split))
    random.Random(seed_of(protocol.seed, "pass", manifest.name, number)).shuffle(images)
    for image in images:
        drawn = random.Random(seed_of(protocol.seed, "pass caption", manifest.name, number, image.id))
        yield manifest.caption(image, drawn.randrange(len(image.captions)))


def reference_plan(manifest: Manifest, split: str) -> SamplePlan:
    """Return a plan that names every image of a split once, in order: the reference images."""
    items = tuple(PlanItem(manifest.caption(image, 0)) for image in manifest.split(split))
    return SamplePlan(items, 0, manifest.name, split)


def training_images(manifest: Manifest, protocol: ProtocolEntry) -> list[str]:
    """Return the ids of the training images; none where the protocol judges by that split, or there is none."""
    if protocol.split == TRAINING or TRAINING not in manifest.splits:
        return []
    return [image.id for image in manifest.split(TRAINING)]


def reference_captions(manifest: Manifest, protocol: ProtocolEntry) -> np.ndarray:
    """Return int N: for each image of the protocol's split the place of one of its captions, chosen by the seed."""
    place = {caption.id: at for at, caption in enumerate(manifest.captions(protocol.split))}
    chosen = []
    for image in manifest.split(protocol.split):
        turn = seed_of(protocol.seed, "reference caption", image.id) % len(image.captions)
        chosen.append(place[manifest.caption(image, turn).id])
    return np.array(chosen, dtype=np.int64)
