"""Values to text, the same in every output.

No number is changed here, only rounded for the eye; CSV and JSON keep all digits.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

from t2ibench.core.records import IntervalRecord, ResultRecord

_MOST_DECIMALS = 6
PRINTED = "±"
"""Name of a spread that a source prints without saying what it is."""
_REORDERING = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")


def clean(text: str) -> str:
    """Return text without characters that a terminal obeys or that reorder or hide its neighbours.

    Names and captions come from anywhere: an escape sequence must not reach a terminal, a right-to-left override must
    not disguise a row.
    """
    text = _REORDERING.sub("", text)
    return "".join(" " if unicodedata.category(char) in ("Cc", "Cs") else char for char in text)


def decimals_for(records: Iterable[ResultRecord]) -> int:
    """Return how many decimals a column deserves: two digits of the typical half-width of its intervals."""
    half_widths, magnitudes = [], []
    for record in records:
        if record.value is not None:
            magnitudes.append(abs(record.value))
            if record.interval is not None and record.interval.high > record.interval.low:
                half_widths.append((record.interval.high - record.interval.low) / 2)
    if half_widths:
        typical, digits = sorted(half_widths)[len(half_widths) // 2], 1
    elif any(magnitudes):
        typical, digits = sorted(magnitudes)[len(magnitudes) // 2], 2
    else:
        return 2
    if typical <= 0:
        return 2
    return min(max(digits - math.floor(math.log10(typical)), 0), _MOST_DECIMALS)


def number(value: float, decimals: int) -> str:
    """Return a number with its decimals, thousands grouped from 10,000 on, and never "-0.0"."""
    if abs(value) >= 1e9:
        return f"{value:.2e}"
    rounded = round(value, decimals) + 0.0
    return f"{rounded:,.{decimals}f}" if abs(rounded) >= 10_000 else f"{rounded:.{decimals}f}"


def bounds(interval: IntervalRecord, decimals: int) -> str:
    """Return "[39.1, 47.0]"."""
    return f"[{number(interval.low, decimals)}, {number(interval.high, decimals)}]"


def value_with_interval(record: ResultRecord, decimals: int) -> str:
    """Return "43.2 [39.1, 47.0]", "43.2" without an interval, or "failed: reason"."""
    if record.status == "failed" or record.value is None:
        return failure(record)
    text = number(record.value, decimals)
    return f"{text} {bounds(record.interval, decimals)}" if record.interval is not None else text


def failure(record: ResultRecord) -> str:
    """Return "failed: reason"; a record without a reason says so."""
    return f"failed: {clean(record.error).strip() or 'the record gives no reason'}"


def shortened(text: str, longest: int) -> str:
    """Return the text, cut at a word with an ellipsis where it is longer than `longest`."""
    text = " ".join(text.split())
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    cut = head.rsplit(" ", 1)[0] if " " in head[longest // 2 :] else head
    return f"{cut.rstrip(',;:. ')}…"


def spreads(record: ResultRecord) -> tuple[str, ...]:
    """Return the papers' own spreads under their own names, as in "std over 10 splits: 0.04", or "± 0.04"."""
    return tuple(
        f"{clean(name)}{' ' if name == PRINTED else ': '}{value:.3g}" for name, value in sorted(record.spread.items())
    )


def significant(value: float) -> str:
    """Return three significant digits without an exponent, as in "12.3", "0.456" or "1,230"."""
    if value == 0:
        return "0"
    decimals = min(max(2 - math.floor(math.log10(abs(value))), 0), _MOST_DECIMALS)
    return f"{round(value, decimals):,.{decimals}f}"


def count(value: int) -> str:
    """Return "30,000"."""
    return f"{value:,}"


def short_count(value: int) -> str:
    """Return "920", "45.2 k" or "2.37 M": three significant digits."""
    if value < 1000:
        return str(value)
    return f"{significant(value / 1e6)} M" if value >= 999_500 else f"{significant(value / 1e3)} k"


def memory(peak_bytes: int) -> str:
    """Return "1.4 GiB" or "312 MiB"."""
    mebibytes = peak_bytes / 2**20
    return f"{mebibytes / 1024:.1f} GiB" if mebibytes >= 1024 else f"{mebibytes:.0f} MiB"


def sentence_list(parts: Iterable[str]) -> str:
    """Return "a", "a and b" or "a, b and c"."""
    items = list(parts)
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
