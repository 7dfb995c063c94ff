"""Which captions each image is ranked against in R-precision: by one stored list a caption, or DM-GAN's way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.noise import seed_of
from t2ibench.core.types import Caption, SamplePlan

if TYPE_CHECKING:
    from t2ibench.core.interfaces import Metric
    from t2ibench.core.spec.benchmarks import ProtocolEntry
    from t2ibench.data.manifest import Manifest

NEGATIVES_RULES: Final = {"stored": "keyed-negatives-1", "fresh": "keyed-fresh-negatives-1"}
"""Rule of a protocol -> its name and version, part of R-precision's identity."""


def choose_negatives(plan: SamplePlan, manifest: Manifest, protocol: ProtocolEntry) -> tuple[np.ndarray, np.ndarray]:
    """Return (queries int64 N, negatives int64 N x k): places among the split's captions.

    Rule "stored": the negatives of a caption are drawn without replacement, keyed by (seed, caption id), among the
    captions of other classes (or other images, as the protocol says) with another text; so every model, whatever else
    is in the run, faces the same.

    Rule "fresh": DM-GAN's. Every image draws its own, keyed by (seed, caption id, sample): a random image of another
    class (or another image) and one of its captions, k times, with replacement; the query's very text may be among
    them. Differs from DM-GAN's code in the key alone: there they come from NumPy's global generator, unseeded.

    Raises:
        UserError: the split has too few captions of other classes.
    """
    captions = manifest.captions(plan.split)
    use_class = protocol.exclude == "class" and all(caption.class_id is not None for caption in captions)
    keys = [str(caption.class_id) if use_class else caption.image_id for caption in captions]
    queries = own_captions(plan, manifest)
    if protocol.negatives_rule == "fresh":
        return queries, _fresh(plan, queries, captions, keys, protocol.negatives)
    return queries, _stored(plan, queries, captions, keys, protocol.negatives, "class" if use_class else "image")


def own_captions(plan: SamplePlan, manifest: Manifest) -> np.ndarray:
    """Return int64 N: the place of each image's caption among the split's."""
    place = {caption.id: index for index, caption in enumerate(manifest.captions(plan.split))}
    return np.array([place[item.caption.id] for item in plan.items], dtype=np.int64)


def ranks_captions(metric: Metric) -> bool:
    """Return whether a metric ranks captions, and so needs negatives; CLIPScore, for one, only reads them."""
    return metric.caption_linked and bool(getattr(metric, "needs_negatives", True))


def reads_captions(metric: Metric) -> bool:
    """Return whether a metric needs codes of captions.

    One that compares with the captions' images does not, and diversity within captions needs only their identity.
    """
    codes = bool(getattr(metric, "needs_caption_codes", True))
    return metric.caption_linked and codes and not has_own_reference(metric)


def has_own_reference(metric: Metric) -> bool:
    """Return whether a metric compares every image with the one that its caption was written for."""
    return bool(getattr(metric, "own_reference", False))


def _stored(
    plan: SamplePlan, queries: np.ndarray, captions: Sequence[Caption], keys: Sequence[str], wanted: int, what: str
) -> np.ndarray:
    """Return int64 N x wanted; two images of one caption get the same."""
    negatives = np.empty((len(plan), wanted), dtype=np.int64)
    key_of, text_of = numbered(keys), numbered([" ".join(caption.text.split()) for caption in captions])
    for row, (item, query) in enumerate(zip(plan.items, queries.tolist(), strict=True)):
        # The same sentence of another image is no mismatch.
        others = np.flatnonzero((key_of != key_of[query]) & (text_of != text_of[query]))
        if len(others) < wanted:
            raise UserError(
                f"R-precision needs {wanted} captions of another {what} for "
                f"every query, and the split {plan.split!r} of {plan.dataset} has {len(others)} for "
                f"{item.caption.id}: lower `negatives` in the protocol, or use a larger data set."
            )
        # Raw bits of PCG64 are fixed for all versions of NumPy; its `choice` is not.
        bits = np.random.PCG64(seed_of(plan.seed, "negatives", item.caption.id)).random_raw(len(others))
        least = np.flatnonzero(bits <= np.partition(bits, wanted - 1)[wanted - 1])  # a full sort would take most time
        negatives[row] = others[least[np.argsort(bits[least], kind="stable")[:wanted]]]
    return negatives


def numbered(names: Sequence[str]) -> np.ndarray:
    """Return int64 N: equal names have equal numbers."""
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(name, len(numbers)) for name in names], dtype=np.int64)


def _fresh(
    plan: SamplePlan, queries: np.ndarray, captions: Sequence[Caption], keys: Sequence[str], wanted: int
) -> np.ndarray:
    """Return int64 N x wanted; every image its own, whatever else is in the plan."""
    images_of = numbered([caption.image_id for caption in captions])
    starts = np.flatnonzero(np.diff(images_of, prepend=-1))  # first captions; those of one image stand together
    sizes = np.diff(starts, append=len(captions))
    key_of = numbered(keys)
    others_of = {key: np.flatnonzero(key_of[starts] != key) for key in np.unique(key_of).tolist()}
    negatives = np.empty((len(plan), wanted), dtype=np.int64)
    for row, (item, query) in enumerate(zip(plan.items, queries.tolist(), strict=True)):
        others = others_of[int(key_of[query])]
        if not len(others):
            raise UserError(
                f"R-precision needs captions of others for {item.caption.id}, and the split {plan.split!r} of "
                f'{plan.dataset} has none: use a data set with more classes, or exclude = "image" in the protocol.'
            )
        words = np.random.PCG64(seed_of(plan.seed, "fresh negatives", *item.id)).random_raw(2 * wanted)
        images = others[words[:wanted] % np.uint64(len(others))]
        negatives[row] = starts[images] + (words[wanted:] % sizes[images].astype(np.uint64)).astype(np.int64)
    return negatives
