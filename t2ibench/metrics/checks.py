"""What every metric asks of its input before it computes anything."""

from __future__ import annotations

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.storage.stored_rows import StoredRows

_ROWS = 4096


def checked_features(
    metric: str, given: MetricInput, layer: str, minimum_n: int, *, reference: bool = False, stored: bool = False
) -> np.ndarray:
    """Return the float array N x d of `layer`, with at least `minimum_n` rows, all finite.

    Args:
        metric: title of the metric, for the errors.
        given: what the metric was given.
        layer: the layer it reads.
        minimum_n: rows needed.
        reference: take the reference images' features instead of the judged images'.
        stored: leave `StoredRows` on disk: the metric reads slices and masks only.

    Raises:
        UserError: the layer is missing, has too few rows or a number that is not finite.
    """
    whose = "reference images" if reference else "images"
    arrays = given.reference if reference else given.features
    if layer not in arrays:
        raise UserError(
            f"{metric} reads the layer {layer!r} of the {whose}, and the features have "
            f"{', '.join(sorted(arrays)) or 'none'}: name a fitting feature extractor in benchmarks.toml."
        )
    values = arrays[layer]
    if not (stored and isinstance(values, StoredRows)):
        values = np.asarray(values)
    if values.ndim != 2:
        raise UserError(f"{metric} needs features of shape N x d and was given {values.shape}.")
    if len(values) < minimum_n:
        raise UserError(
            f"{metric} needs at least {minimum_n} {whose} and was given {len(values)}: ask for more with --samples, or "
            "bring more images."
        )
    bad = sum(
        int((~np.isfinite(values[start : start + _ROWS]).all(axis=1)).sum()) for start in range(0, len(values), _ROWS)
    )
    if bad:
        raise UserError(
            f"{metric}: the features of {bad} of {len(values)} {whose} are not finite, so it has no value. "
            "Look at the images and at the feature extractor's weights."
        )
    return values


def groups_of(given: MetricInput, count: int) -> np.ndarray:
    """Return int array `count`: which image belongs to which group; each its own where none were given.

    Raises:
        UserError: the groups do not fit the images.
    """
    if given.groups is None:
        return np.arange(count)
    groups = np.asarray(given.groups)
    if groups.shape != (count,):
        raise UserError(f"There are {count} images but groups for {groups.shape}: give one number an image.")
    return groups


def reference_pair(
    metric: str, given: MetricInput, layer: str, minimum_n: int, *, stored: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return (features, reference), float N x d and M x d of `layer`, checked as by `checked_features`.

    Raises:
        UserError: also where the two have different widths.
    """
    features = checked_features(metric, given, layer, minimum_n, stored=stored)
    reference = checked_features(metric, given, layer, minimum_n, reference=True, stored=stored)
    same_width(metric, features.shape[1], reference.shape[1])
    return features, reference


def same_width(metric: str, judged: int, reference: int) -> None:
    """Raise a UserError unless both sides have equally many numbers an image."""
    if judged != reference:
        raise UserError(
            f"{metric} compares features of one extractor; found {judged} numbers an image against {reference} of the "
            "reference."
        )


def caption_codes_of(metric: str, given: MetricInput, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Return (codes, queries): float M x `width` of the split's captions, and int N, each image's own caption.

    Raises:
        UserError: there are none, they are of another width than the images' features, or not finite.
    """
    if given.caption_codes is None or given.queries is None:
        raise UserError(f"{metric} needs codes of the captions, which only an extractor that reads captions can give.")
    codes = np.asarray(given.caption_codes)
    if codes.shape[1:] != (width,):
        raise UserError(
            f"{metric} needs image and caption codes of one space; found {(width,)} and {codes.shape[1:]} numbers."
        )
    if not np.isfinite(codes).all():
        raise UserError(f"{metric}: caption codes are not finite. Look at the caption judge's weights.")
    return codes, np.asarray(given.queries)
