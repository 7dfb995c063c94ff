"""Real images that metrics compare with, a caption of each, and the remark on rows made for other captions."""

from __future__ import annotations

from typing import Final

import numpy as np

from t2ibench.core.noise import seed_of
from t2ibench.core.spec.benchmarks import ProtocolEntry
from t2ibench.core.types import SamplePlan
from t2ibench.data.manifest import Manifest
from t2ibench.evaluation.images.sources import RealSource, Source, ground_truth

TRAINING: Final = "train"
"""The split whose images metrics of memorisation compare with."""


def training_images(manifest: Manifest, protocol: ProtocolEntry) -> list[str]:
    """Return the ids of the training images; none where the protocol judges by that split, or there is none."""
    if protocol.split == TRAINING or TRAINING not in manifest.splits:
        return []
    return [image.id for image in manifest.split(TRAINING)]


def reference_images(manifest: Manifest, plan: SamplePlan, resolution: int) -> RealSource:
    """Return the images that the captions of a plan were written for, as the source called "reference"."""
    source = ground_truth(manifest, plan, resolution)
    source.name = "reference"
    return source


def reference_captions(manifest: Manifest, protocol: ProtocolEntry) -> np.ndarray:
    """Return int N: for each image of the protocol's split the place of one of its captions, chosen by the seed."""
    place = {caption.id: at for at, caption in enumerate(manifest.captions(protocol.split))}
    chosen = []
    for image in manifest.split(protocol.split):
        turn = seed_of(protocol.seed, "reference caption", image.id) % len(image.captions)
        chosen.append(place[manifest.caption(image, turn).id])
    return np.array(chosen, dtype=np.int64)


def remark_on_other_plan(held: SamplePlan, asked: SamplePlan, source: Source) -> tuple[str, ...]:
    """Return the warning of a row that was not made for the table's captions; nothing for one that was."""
    if held.digest == asked.digest:
        return ()
    if source.caption_linked:
        wanted = {item.id for item in asked.items}
        have = sum(item.id in wanted for item in held.items)
        return (f"Judged on {len(held):,} images of its own choice, {have:,} of them of this table's plan.",)
    return (f"Judged on {len(held):,} images whose captions are not known.",)
