"""Who is ahead in one column, and whether the difference is real. The rule is printed under every table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from t2ibench.core.records import ResultRecord
from t2ibench_reports.table.seeds import is_range
from t2ibench_reports.texts import TEXTS

RULE: str = TEXTS["ranking"]["rule"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One value's place in its column.

    Attributes:
        best_rank: rank if every unclear comparison went its way.
        worst_rank: rank if every unclear comparison went against it.
        of: how many values are ranked.
        mark: "best", "tied" (no clear difference from the leading value) or "".
    """

    best_rank: int
    worst_rank: int
    of: int
    mark: Literal["best", "tied", ""]

    @property
    def rank(self) -> str:
        """Return "rank 2" or "rank 2 to 4"."""
        worst = f" to {self.worst_rank}" if self.worst_rank != self.best_rank else ""
        return f"rank {self.best_rank}{worst}"

    @property
    def text(self) -> str:
        """Return "rank 2 of 8" or "rank 2 to 4 of 8"."""
        return f"{self.rank} of {self.of}"


def rank(candidates: Mapping[str, ResultRecord]) -> tuple[dict[str, Standing], str]:
    """Return (row key -> standing, a sentence on why there is no verdict; "" where there is one).

    Args:
        candidates: the measured rows' records of one column. Controls and reported numbers are not to be passed.
    """
    entries = {key: record for key, record in candidates.items() if record.status == "ok" and record.value is not None}
    if not entries:
        return {}, "no measured value"
    first = next(iter(entries.values())).metric
    if first.features.get("standing") == "random":
        return {}, "not ranked, because its network has random weights and its numbers mean nothing"
    if first.features.get("standing") == "stand-in" and next(iter(entries.values())).plan.drawn is False:
        return {}, "not ranked, because a stand-in network judges images that were not drawn for it"
    if len({record.judge_seen_in_training for record in entries.values()}) > 1:
        return {}, "not ranked, because some rows were trained with its judge (†) and others were not"
    common_n = Counter(record.n for record in entries.values()).most_common(1)[0][0]
    entries = {key: record for key, record in entries.items() if record.n == common_n}
    if len(entries) < 2:
        return {}, "not ranked, because only one row has a value"
    if any(is_range(record.interval) for record in entries.values()):
        return {}, "not ranked, because a range over seeds is no interval; each seed's own table says what is clear"
    sure = {key: record for key, record in entries.items() if record.interval is not None}
    if len(sure) < 2:
        return {}, "not ranked, because a value has no interval"
    entries = sure  # a row of precomputed statistics has none, and takes no other's rank away
    standings = {}
    leader = min(entries.values(), key=_goodness)
    for key, record in entries.items():
        ahead = sum(clearly_better(other, record) for other in entries.values())
        behind = sum(clearly_better(record, other) for other in entries.values())
        mark: Literal["best", "tied", ""] = ""
        if record is leader and behind == len(entries) - 1:
            mark = "best"
        elif not clearly_better(leader, record):
            mark = "tied"
        standings[key] = Standing(1 + ahead, len(entries) - behind, len(entries), mark)
    return standings, ""


def clearly_better(one: ResultRecord, other: ResultRecord) -> bool:
    """Return whether the two intervals are apart, `one` on the better side."""
    if one.interval is None or other.interval is None:
        return False
    if one.metric.higher_is_better:
        return one.interval.low > other.interval.high
    return one.interval.high < other.interval.low


def _goodness(record: ResultRecord) -> float:
    """Return a number that is smaller the better the record."""
    assert record.value is not None
    return -record.value if record.metric.higher_is_better else record.value
