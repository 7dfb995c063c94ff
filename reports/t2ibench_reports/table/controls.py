"""Whether the control rows are where they must be.

If real images lose to noise, no number of that table can be believed, and the report says so before anything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

from t2ibench.core.records import ResultRecord
from t2ibench.core.types import Origin
from t2ibench_reports.table.format import clean, decimals_for, sentence_list, value_with_interval
from t2ibench_reports.table.ranking import clearly_better

CONTROL_ORDER: Final[Mapping[str, int]] = {
    name: place for place, name in enumerate(("ground-truth", "real-train", "shuffled-captions", "untrained", "noise"))
}
"""Rows of the control section, from the ceiling to the floor."""

Verdict = Literal["passed", "doubtful", "failed", "unchecked"]


@dataclass(frozen=True, slots=True)
class Check:
    """One control against its expectation.

    Attributes:
        column: the column's title.
        verdict: "doubtful" is off, but luck may explain it; "unchecked" could not be looked at.
        sentence: what was expected and what was found.
    """

    column: str
    verdict: Verdict
    sentence: str


Rows = Mapping[str, ResultRecord]

_LINKED: Final = (
    "r_precision",
    "attribute_accuracy",
    "digit_accuracy",
    "position_accuracy",
    "count_accuracy",
    "relation_accuracy",
)
"""Metrics of how well an image shows its caption; the image that the caption was written for shows it best."""

_BEATABLE: Final = ("r_precision", "clip_score")
"""Measures by a learned judge, on which real images are known to lose to good models."""


def check_controls(records: Iterable[ResultRecord]) -> tuple[Check, ...]:
    """Return the checks of one group's records, column by column; one "unchecked" where there are no controls."""
    columns: dict[str, list[ResultRecord]] = {}
    for record in records:
        columns.setdefault(record.metric.digest, []).append(record)
    checks: dict[Check, None] = {}
    for members in columns.values():
        controls = {record.source.name: record for record in members if record.source.origin is Origin.CONTROL}
        models = [
            record
            for record in members
            if record.source.origin not in (Origin.CONTROL, Origin.REPORTED) and _ok(record)
        ]
        if not controls:
            continue
        for check in _COPYING if _reads_training(controls) else _LIKENESS:
            checks |= dict.fromkeys(check(controls, models))
    if checks or not columns:
        return tuple(checks)
    if all(record.source.origin is Origin.REPORTED for members in columns.values() for record in members):
        return ()
    return (Check("all columns", "unchecked", "No control rows were measured, so nothing vouches for these numbers."),)


def _real_beats_noise(controls: Rows, models: list[ResultRecord]) -> Iterator[Check]:
    """Real images must score better than noise on every measure of likeness; otherwise it measures something else."""
    for name in ("ground-truth", "real-train"):
        if name not in controls or "noise" not in controls or (name == "real-train" and not _near_real(controls)):
            continue
        yield _better(controls[name], controls["noise"])


def _real_is_the_ceiling(controls: Rows, models: list[ResultRecord]) -> Iterator[Check]:
    """No model may clearly beat the ground truth where the measure says how close to real or to the caption it is."""
    truth = controls.get("ground-truth")
    if truth is None or not (_near_real(controls) or any(_family(name, controls) for name in _LINKED)):
        return
    if missing := _missing(truth):
        yield missing
        return
    extreme = "highest" if truth.metric.higher_is_better else "lowest"
    rivals = [record for record in models if clearly_better(record, truth)]
    shown = sentence_list([_shown(record) for record in rivals])
    if rivals and all(record.judge_seen_in_training for record in rivals):
        # Known of R-precision since AttnGAN: a generator learns to show its teacher what it wants to see.
        pleased = f"{_shown(truth)}: real images score below generated ones, {shown}, which were taught by this judge. "
        meant = "The column says how well they please it; look at a judge that no model has seen."
        yield Check(_title(truth), "doubtful", pleased + meant)
    elif rivals and any(_family(name, controls) for name in _BEATABLE):
        told = f"{_shown(truth)}: real images score below generated ones, {shown}. "
        reason = "A generated image can show what its caption says more plainly to this judge than the real one does."
        yield Check(_title(truth), "doubtful", told + reason)
    elif rivals:
        sentence = f"{_shown(truth)} should be the {extreme} of all, and is clearly beaten by {shown}."
        yield Check(_title(truth), "failed", sentence)
    else:
        yield Check(_title(truth), "passed", f"{_shown(truth)} is the {extreme}: no model clearly beats it.")


def _shuffled_is_chance(controls: Rows, models: list[ResultRecord]) -> Iterator[Check]:
    """Captions dealt to other images must be found at chance; more means that captions leak into the measure.

    An interval misses the truth now and then by luck, so only a value above twice chance counts as broken.
    """
    shuffled = controls.get("shuffled-captions")
    if shuffled is None or not _family("r_precision", controls):
        return
    negatives = shuffled.metric.options.get("negatives")
    if missing := _missing(shuffled):
        yield missing
        return
    if not isinstance(negatives, int) or negatives < 1:
        unknown = f"{_shown(shuffled)}: the record does not say among how many captions it was ranked."
        yield Check(_title(shuffled), "unchecked", unknown)
        return
    assert shuffled.value is not None
    percent = shuffled.metric.unit == "%"
    chance = (100.0 if percent else 1.0) / (negatives + 1)
    expected = f"chance, 1 in {negatives + 1} = {chance:.3g}{'%' if percent else ''}"
    low, high = shuffled.value, shuffled.value
    if shuffled.interval is not None:
        low, high = shuffled.interval.low, shuffled.interval.high
    if low <= chance <= high:
        yield Check(_title(shuffled), "passed", f"{_shown(shuffled)} is at {expected}.")
    elif low > chance and shuffled.value > 2 * chance:
        yield Check(_title(shuffled), "failed", f"{_shown(shuffled)} should be at {expected}, and is far above it.")
    else:
        # Below chance nothing leaks; captions of an image's own class among the negatives pull it down.
        side = "below it: captions of the same class may compete" if high < chance else "just above it: it may be luck"
        doubt = f"{_shown(shuffled)} should be at {expected}; its interval lies {side}."
        yield Check(_title(shuffled), "doubtful", doubt)


def _copies_are_worst(controls: Rows, models: list[ResultRecord]) -> Iterator[Check]:
    """Training images themselves are copies, and must score worse than held-out ones; noise resembles neither."""
    if "ground-truth" in controls and "real-train" in controls:
        yield _better(controls["ground-truth"], controls["real-train"], ", which are copies")


_LIKENESS: Final = (_real_beats_noise, _real_is_the_ceiling, _shuffled_is_chance)
_COPYING: Final = (_copies_are_worst,)


def _reads_training(controls: Rows) -> bool:
    """Return whether a column asks how far images are from training images: its identity names their digest."""
    return any("training" in record.metric.options for record in controls.values())


def _missing(*needed: ResultRecord) -> Check | None:
    """Return the check that could not be made because a record has failed, None where all are there."""
    for record in needed:
        if not _ok(record):
            return Check(_title(record), "unchecked", f"{_name(record)} failed and has no value to compare with.")
    return None


def _better(one: ResultRecord, other: ResultRecord, what: str = "") -> Check:
    """Return whether a record is better than another, as it must be; `what` is told of the other."""
    if missing := _missing(one, other):
        return missing
    named = f"{_shown(other)}{what}"
    if _goodness(one) > _goodness(other):
        return Check(_title(one), "passed", f"{_shown(one)} is better than {named}.")
    return Check(_title(one), "failed", f"{_shown(one)} should be better than {named}, and is not.")


def _goodness(record: ResultRecord) -> float:
    assert record.value is not None
    return record.value if record.metric.higher_is_better else -record.value


def _near_real(controls: Rows) -> bool:
    """Return whether a column measures the distance to real images."""
    return any(_family(name, controls) for name in ("fid", "kid", "cmmd", "mind", "fjd"))


def _family(metric: str, controls: Rows) -> bool:
    """Return whether the column is of a metric or a relative of it, as "r_precision_official" is of "r_precision"."""
    names = {record.metric.metric for record in controls.values()}
    return any(name == metric or name.startswith(f"{metric}_") for name in names)


def _ok(record: ResultRecord) -> bool:
    return record.status == "ok" and record.value is not None


def _title(record: ResultRecord) -> str:
    return clean(record.metric.title)


def _name(record: ResultRecord) -> str:
    source = record.source
    return clean(f"{source.title or source.name}{f' ({source.variant})' if source.variant else ''}")


def _shown(record: ResultRecord) -> str:
    return f"{_name(record)} {value_with_interval(record, decimals_for([record]))}"
