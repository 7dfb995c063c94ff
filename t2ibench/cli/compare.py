"""`t2ibench compare`: two rows, caption by caption, and whether they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from t2ibench.cli.options import json_option, measured_options, metrics_option, place_options, seed_option
from t2ibench.cli.printing import aligned, print_json
from t2ibench.core.place import Place

if TYPE_CHECKING:
    from t2ibench.evaluation.compare import ComparedColumn, Comparison

_DIGITS = 2
_LUCK = (
    "The verdicts know the luck of captions and noise. A trained row is one training, whose own luck they do not know: "
    "`t2ibench bench claims` decides over trainings."
)


@click.command("compare")
@click.argument("first", metavar="A")
@click.argument("second", metavar="B")
@measured_options
@metrics_option
@json_option
@seed_option
@place_options("device", "batch_size", "data_root", "weights_dir", "workers")
def command(first: str, second: str, as_json: bool, place: Place, **asked: Any) -> None:
    """Say whether A is better than B, pairing their images by caption.

    A and B are models as in `eval --models`, control rows (ground-truth, noise ...) or folders of images. A
    difference is called clear where its interval lies wholly on one side of 0. Works on stored features, so asking
    again is quick. Leaves with status 1 if a column could not be compared.
    """
    from t2ibench.evaluation.compare import compare
    from t2ibench.evaluation.request.request import EvaluateRequest

    found = compare(first, second, EvaluateRequest(models=(), **asked), place)
    if not place.workers.leads:
        return
    if as_json:
        print_json([one.describe() for one in found])
    else:
        click.echo("\n".join(_text(one) for one in found))
    raise SystemExit(1 if any(column.first is None for one in found for column in one.columns) else 0)


def _text(found: Comparison) -> str:
    """Return a comparison as a table with its sentences."""
    names = _names(found)
    head = ["", *names, "difference", "verdict"]
    titles = _titles(found)
    rows = [_row(column, titles[column.column], names) for column in found.columns]
    lines = [
        f"{names[0]} against {names[1]}: {found.dataset}, protocol {found.protocol}, seed {found.seed}, "
        f"n {found.n:,}, paired by caption",
        "",
        *aligned([head, *rows], left=(0, 4)),
        "",
    ]
    for method in dict.fromkeys(column.interval.method for column in found.columns if column.interval is not None):
        of = [one for one in found.columns if one.interval is not None and one.interval.method == method]
        lines.append(f"  95% intervals of {', '.join(titles[one.column] for one in of)}: {method}.")
    lines += [f"  {titles[column.column]}: {column.subtitle}." for column in found.columns]
    lines += [f"  {titles[column.column]}: {column.reason.rstrip('.')}." for column in found.columns if column.reason]
    lines.append(f"  {_LUCK}")
    judged = sum(column.interval is not None for column in found.columns)
    if judged > 1:
        lines.append(
            f"  Each of the {judged} columns is judged by itself; one in twenty would seem clear by luck alone."
        )
    return "\n".join(lines) + "\n"


def _names(found: Comparison) -> tuple[str, str]:
    """Return what the two rows are called, made unlike where they are called alike."""
    first, second = found.first, found.second
    if first["name"] != second["name"]:
        return first["name"], second["name"]
    return f"{first['name']}@{first['identity'][:6]}", f"{second['name']}@{second['identity'][:6]}"


def _titles(found: Comparison) -> dict[str, str]:
    """Return column -> title; columns of one title, as of two judges, are told apart by their names."""
    titles = [column.title for column in found.columns]
    return {
        column.column: f"{column.title} {column.column}" if titles.count(column.title) > 1 else column.title
        for column in found.columns
    }


def _row(column: ComparedColumn, title: str, names: tuple[str, str]) -> list[str]:
    title = f"{title}{f' ({column.unit})' if column.unit else ''} {'↑' if column.higher_is_better else '↓'}"
    if column.first is None or column.second is None or column.difference is None:
        return [title, "-", "-", "-", column.verdict]
    decimals = _decimals(column)
    difference = f"{column.difference:+.{decimals}f}"
    if column.interval is not None:
        difference += f" [{column.interval.low:+.{decimals}f}, {column.interval.high:+.{decimals}f}]"
    verdict = {"first": f"{names[0]} is better", "second": f"{names[1]} is better"}.get(column.verdict, column.verdict)
    return [title, f"{column.first:.{decimals}f}", f"{column.second:.{decimals}f}", difference, verdict]


def _decimals(column: ComparedColumn) -> int:
    """Return how many decimals show two digits of the interval's half-width."""
    from math import floor, log10

    width = 0.0 if column.interval is None else (column.interval.high - column.interval.low) / 2
    return min(max(_DIGITS - 1 - floor(log10(width)), 0), 6) if width > 0 else _DIGITS
