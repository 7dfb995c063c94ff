"""Which pictures an evaluation asks for, and which captions each is ranked against: both keyed by the seed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Final

from t2ibench.errors import UserError
from t2ibench.files import digest_of
from t2ibench.noise import seed_of
from t2ibench.types import PlanItem, SamplePlan

NEGATIVES_RULE: Final = "keyed-negatives-1"
"""Name and version of how negatives are drawn; part of R-precision's identity."""

if TYPE_CHECKING:
    import numpy as np

    from t2ibench.data.manifest import Manifest
    from t2ibench.spec import ProtocolEntry


def make_plan(manifest: Manifest, protocol: ProtocolEntry, samples: int | None = None) -> SamplePlan:
    """Return the plan: captions in a keyed order in which every image comes once before any comes twice.

    A plan of n pictures is the beginning of every longer one. Past the last caption the plan goes on with second
    pictures of the same captions.

    Args:
        manifest: the prepared data set.
        protocol: its split, seed and number of samples.
        samples: pictures wanted instead of the protocol's; 0 means every caption once.
    """
    images = list(manifest.split(protocol.split))
    random.Random(seed_of(protocol.seed, "plan images", manifest.name)).shuffle(images)
    rounds = max(len(image.captions) for image in images)
    orders = {}
    for image in images:
        order = list(range(len(image.captions)))
        random.Random(seed_of(protocol.seed, "plan captions", manifest.name, image.id)).shuffle(order)
        orders[image.id] = order
    captions = [
        manifest.caption(image, orders[image.id][turn])
        for turn in range(rounds)
        for image in images
        if turn < len(image.captions)
    ]
    wanted = protocol.samples if samples is None else samples
    count = wanted or len(captions)
    items = tuple(PlanItem(captions[index % len(captions)], index // len(captions)) for index in range(count))
    return SamplePlan(items, protocol.seed, manifest.name, protocol.split)


def reference_plan(manifest: Manifest, split: str) -> SamplePlan:
    """Return a plan that names every image of a split once, in order: the reference pictures."""
    items = tuple(PlanItem(manifest.caption(image, 0)) for image in manifest.split(split))
    return SamplePlan(items, 0, manifest.name, split)


def choose_negatives(plan: SamplePlan, manifest: Manifest, protocol: ProtocolEntry) -> tuple[np.ndarray, np.ndarray]:
    """Return (queries int64 N, negatives int64 N x k): places among the split's captions.

    The negatives of a caption are drawn without replacement, keyed by (seed, caption id), among the captions of other
    classes (or other images, as the protocol says) with another text; so every model, whatever else is in the run,
    faces the same.
    Differs from DM-GAN's code, which draws them anew for every picture, with replacement.

    Raises:
        UserError: the split has too few captions of other classes.
    """
    import numpy as np

    captions = manifest.captions(plan.split)
    place = {caption.id: index for index, caption in enumerate(captions)}
    use_class = protocol.exclude == "class" and all(caption.class_id is not None for caption in captions)
    keys = [str(caption.class_id) if use_class else caption.image_id for caption in captions]
    blocks: dict[str, list[int]] = {}
    for index, key in enumerate(keys):
        blocks.setdefault(key, []).append(index)
    queries = np.array([place[item.caption.id] for item in plan.items], dtype=np.int64)
    negatives = np.empty((len(plan), protocol.negatives), dtype=np.int64)
    everything = np.arange(len(captions))
    texts = np.array([digest_of(caption.text.split()) for caption in captions])
    for row, (item, query) in enumerate(zip(plan.items, queries.tolist(), strict=True)):
        others = np.delete(everything, blocks[keys[query]])
        others = others[texts[others] != texts[query]]  # the same sentence of another picture is no mismatch
        if len(others) < protocol.negatives:
            raise UserError(
                f"R-precision needs {protocol.negatives} captions of another {'class' if use_class else 'image'} for "
                f"every query, and the split {plan.split!r} of {plan.dataset} has {len(others)} for "
                f"{item.caption.id}: lower `negatives` in the protocol, or use a larger data set."
            )
        # Raw bits of PCG64 are fixed for all versions of NumPy; its `choice` is not.
        bits = np.random.PCG64(seed_of(plan.seed, "negatives", item.caption.id)).random_raw(len(others))
        negatives[row] = others[np.argsort(bits, kind="stable")[: protocol.negatives]]
    return queries, negatives
