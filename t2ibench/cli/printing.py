"""What commands print: values as JSON, lines of cells set in columns."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any

import click


def print_json(value: Any) -> None:
    """Print a value as indented JSON on stdout. NaN and infinity are refused (ValueError)."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def aligned(rows: Sequence[Sequence[str]], *, left: Collection[int]) -> list[str]:
    """Return a line a row, the columns with the numbers `left` flush left, all others flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = [str.ljust if number in left else str.rjust for number in range(len(widths))]
    return [
        f"  {'  '.join(side(cell, width) for side, cell, width in zip(sides, row, widths, strict=True))}".rstrip()
        for row in rows
    ]
