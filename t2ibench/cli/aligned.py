"""Lines of cells set in columns, for a terminal."""

from __future__ import annotations

from collections.abc import Collection, Sequence


def aligned(rows: Sequence[Sequence[str]], *, left: Collection[int]) -> list[str]:
    """Return a line a row, the columns with the numbers `left` flush left, all others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [str.ljust if number in left else str.rjust for number in range(len(widths))]
    return [
        f"  {'  '.join(side(cell, width) for side, cell, width in zip(sides, row, widths, strict=True))}".rstrip()
        for row in rows
    ]
