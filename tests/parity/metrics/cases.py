"""What our metrics make of a golden case: one function a kind, told apart by the case's id, fed by its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from tests.parity.metrics import judged, neighbours, sets
from tests.parity.metrics.golden import GoldenFile

Handler = Callable[[GoldenFile, Mapping[str, Any]], Mapping[str, Any]]

HANDLERS: dict[str, Handler] = {
    "fd": sets.frechet,
    "fd_infinity": sets.frechet_infinity,
    "sw_approx": sets.sliced_approximation,
    "kd_full": sets.kernel_full,
    "kd_subsets": sets.kernel_subsets,
    "kid": sets.kid,
    "mmd_estimators": sets.estimators,
    "cmmd": sets.cmmd,
    "fjd": sets.joint,
    "fjd_mismatch": sets.joint_mismatch,
    "mind": sets.sliced,
    "vendi_linear": sets.vendi_by_order,
    "vendi_poly": sets.vendi_polynomial,
    "vendi_K": sets.vendi_of_kernels,
    "vendi_closed": sets.vendi_closed,
    "vendi_per_caption": sets.vendi_within,
    "cosine_diversity": sets.cosine_within,
    "prdc": neighbours.prdc,
    "clipped": neighbours.clipped,
    "authpct": neighbours.authenticity,
    "ct_zu": neighbours.one_cell,
    "ct_cells": neighbours.given_cells,
    "ct_kmeans": neighbours.found_cells,
    "nn_ratio": neighbours.ratios,
    "mifid": neighbours.mifid,
    "is_star": judged.inception_scores,
    "o_is": judged.object_inception_score,
    "soa": judged.object_accuracy,
    "soa_iou": judged.object_overlap,
    "ca": judged.counting,
    "ca_decode": judged.counts,
    "pa": judged.positions,
    "captions": judged.captions,
    "ssim": judged.ssim,
    "ssim_torchmetrics": judged.ssim_torchmetrics,
    "preprocess": judged.preprocessing,
    "holm": judged.holm_adjusted,
    "page": judged.page,
    "jonckheere": judged.jonckheere,
    "tost": judged.equivalent,
    "mdd": judged.detectable,
}
"""Beginning of an id -> what computes it; the longest that fits is taken, so that "kid_poly_7" is a "kid"."""


def outputs_of(golden: GoldenFile, case: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return our values under the case's own names.

    Raises:
        ValueError: no kind fits the case's id.
    """
    fitting = [name for name in HANDLERS if re.fullmatch(rf"{re.escape(name)}(_.*)?", case["id"])]
    if not fitting:
        raise ValueError(f"no metric of ours is known for the golden case {case['id']!r}")
    return HANDLERS[max(fitting, key=len)](golden, case)
