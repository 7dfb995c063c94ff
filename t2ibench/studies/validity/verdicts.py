"""Whether a metric measures what it claims: its values under known corruptions against what each must do to it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from t2ibench.core.registry import registry
from t2ibench.core.types import SamplePlan
from t2ibench.studies.known_truth import Said
from t2ibench.studies.validity.corruptions import Corruption, Harm

Expected = Literal["worse", "still", "open"]
Verdict = Literal["right", "mostly", "blind", "wrong way", "unclear", "still", "moves too", "flattered", "open", "none"]

MOSTLY: Final = 0.8
"""Least rank correlation of a metric that gets worse with a corruption, if not at every step."""

_ALL: Final = frozenset[Harm]({"fidelity", "diversity"})
_BOTH: Final = (
    "inception_score", "fid", "fid_infinity", "kid", "kid_rbf", "cmmd", "mind", "coverage", "clipped_coverage",
)  # fmt: skip
MEASURES: Final[Mapping[str, frozenset[Harm]]] = {
    **dict.fromkeys(_BOTH, _ALL),
    **dict.fromkeys(("precision", "density", "clipped_density"), frozenset[Harm]({"fidelity"})),
    **dict.fromkeys(("recall", "vendi"), frozenset[Harm]({"diversity"})),
    **dict.fromkeys(("caption_diversity", "caption_vendi"), frozenset[Harm]({"variety"})),
    **dict.fromkeys(
        ("authenticity", "copying_test", "neighbour_ratio", "training_distance"), frozenset[Harm]({"novelty"})
    ),
    **dict.fromkeys(("counting_alignment", "count_accuracy"), frozenset[Harm]({"counts"})),
    **dict.fromkeys(("positional_alignment", "relation_accuracy"), frozenset[Harm]({"positions"})),
    "fjd": _ALL | {"alignment"},
    "mifid": _ALL | {"novelty"},
}
"""Registered metric -> what its authors say it measures.

Metrics of captions that are not listed measure alignment; of others that are not listed nothing is expected.
"""

_ALIGNMENT: Final = frozenset[Harm]({"alignment"})


@dataclass(frozen=True)
class Series:
    """One metric's values under one corruption, the clean images' first.

    Attributes:
        column: of benchmarks.toml.
        metric: registered name.
        title: of the column.
        higher_is_better: direction.
        values: one a strength; None where the metric failed.
        low: lower end of the clean value's interval.
        high: upper end.
    """

    column: str
    metric: str
    title: str
    higher_is_better: bool
    values: tuple[float | None, ...]
    low: float
    high: float


@dataclass(frozen=True)
class Finding:
    """What a series shows.

    Attributes:
        expected: "worse", "still" or "open", see `Corruption.harms`.
        spearman: rank correlation of the strength with how bad the value is: 1 is right; None where nothing moves.
        monotone: whether no step makes the value better.
        moved: of the strongest corruption: "worse" or "better" if its value leaves the clean value's 95% interval.
        alignment: rank correlation of how good the value is with the true alignment; None for other corruptions.
        verdict: expected worse: "right" (worse, every step), "mostly" (worse, rank correlation >= 0.8), "blind" (does
            not leave the interval), "wrong way" (better), "unclear". Expected still: "still", "moves too" (worse),
            "flattered" (better). "open": no claim. "none": a value is missing.
    """

    expected: Expected
    spearman: float | None
    monotone: bool
    moved: Literal["worse", "better", ""]
    alignment: float | None
    verdict: Verdict


def _measured(metric: str) -> frozenset[Harm] | None:
    """Return what a metric measures; None where nobody has said it of one that reads no captions."""
    metrics = registry("metrics")
    linked = metric not in metrics or metrics[metric].caption_linked
    return MEASURES.get(metric, _ALIGNMENT if linked else None)


def expected_of(metric: str, corruption: Corruption) -> Expected:
    """Return what a corruption must do to a metric."""
    measured = _measured(metric)
    if measured is None:
        return "open"
    if measured & corruption.harms:
        return "worse"
    return "open" if measured & corruption.leaves_open else "still"


def judge(series: Series, corruption: Corruption, truth: Sequence[float] | None = None) -> Finding:
    """Return what a series shows.

    Args:
        series: values for strength 0 and then for each of the corruption's strengths.
        corruption: which.
        truth: true alignment at each of them, where it is known and not constant.
    """
    expected = expected_of(series.metric, corruption)
    values = [value for value in series.values if value is not None]
    if len(values) < len(series.values):
        return Finding(expected, None, False, "", None, "none")
    # Sums in another order move distances by 1e-13 or so; that is no step.
    badness = [round(-value if series.higher_is_better else value, 9) for value in values]
    rank = spearman(range(len(badness)), badness)
    monotone = all(after >= before for before, after in itertools.pairwise(badness))
    moved: Literal["worse", "better", ""] = ""
    if badness[-1] != badness[0] and not series.low <= values[-1] <= series.high:
        moved = "worse" if badness[-1] > badness[0] else "better"
    linked = _measured(series.metric) == _ALIGNMENT and truth is not None and "alignment" in corruption.harms
    alignment = spearman(truth, [-bad for bad in badness]) if linked and truth is not None else None
    return Finding(expected, rank, monotone, moved, alignment, _verdict(expected, rank, monotone, moved))


def _verdict(expected: Expected, rank: float | None, monotone: bool, moved: str) -> Verdict:
    if expected == "open":
        return "open"
    if expected == "still":
        return {"worse": "moves too", "better": "flattered"}.get(moved, "still")  # type: ignore[return-value]
    if not moved:
        return "blind"
    if moved == "better":
        return "wrong way"
    if monotone:
        return "right"
    return "mostly" if rank is not None and rank >= MOSTLY else "unclear"


def spearman(first: Sequence[float], second: Sequence[float]) -> float | None:
    """Return the rank correlation in [-1, 1], ties sharing their mean rank; None where one side is constant."""
    from scipy.stats import rankdata

    left, right = (np.asarray(rankdata(list(one))) for one in (first, second))
    left, right = left - left.mean(), right - right.mean()
    scale = float(np.sqrt((left**2).sum() * (right**2).sum()))
    return None if scale == 0 else float((left * right).sum() / scale)


def true_alignment(
    plan: SamplePlan,
    image_of: Mapping[tuple[str, int], str],
    said: Callable[[str], Said] | None,
    true: Mapping[str, Said] | None,
) -> float:
    """Return the share, in [0, 1], of what the plan's captions state that is true of the images they were handed.

    Args:
        plan: the captions.
        image_of: item's id -> id of the image that it was handed.
        said: reads a caption, as `KnownTruth.said`.
        true: image id -> all that is true of it, as `KnownTruth.true_of`; None where it is not known: then the share
            of captions that have their own image is returned.
    """
    if said is None or true is None:
        return sum(image_of[item.id] == item.caption.image_id for item in plan.items) / len(plan)
    right = stated = 0
    for item in plan.items:
        words = said(item.caption.text)
        stated += len(words)
        right += len(words & true[image_of[item.id]])
    return right / stated
