"""Figures that papers, READMEs and others print, with their source and how far each was verified."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

from t2ibench.core.spec.frozen import Frozen

_FILES = ("papers.toml", "released.toml", "tise.toml")
_FOLDER = Path(__file__).parent


class Figure(Frozen):
    """A printed figure.

    Attributes:
        value: as printed.
        spread: the source's ±, which is no confidence interval; None where it prints none.
        column: of benchmarks.toml that measures alike; "" where none does, or nobody says how it was measured.
        others: what others found who measured the same again.
    """

    value: float
    spread: float | None = None
    column: str = ""
    others: tuple[float, ...] = ()

    @property
    def text(self) -> str:
        """Return "4.36 ± 0.03"; a third decimal below 1, as of SSI."""
        return f"{self.value:.{2 if abs(self.value) >= 1 else 3}f}" + (
            "" if self.spread is None else f" ± {self.spread:.2f}"
        )


class Reported(Frozen):
    """What one source reports on one data set. `fid_tf` is an FID of the network of 2015 printed beside another."""

    dataset: str
    source: str
    status: Literal["verified", "from memory"]
    inception_score: Figure | None = None
    r_precision: Figure | None = None
    fid: Figure | None = None
    fid_tf: Figure | None = None
    likelihood_bound: Figure | None = None
    bound_recall_1: Figure | None = None
    bound_recall_5: Figure | None = None
    bound_recall_10: Figure | None = None
    bound_recall_50: Figure | None = None
    bound_median_rank: Figure | None = None
    structural_similarity: Figure | None = None

    @property
    def figures(self) -> Mapping[str, Figure]:
        """Metric -> figure, of all that is reported."""
        return {name: value for name, value in self if isinstance(value, Figure)}


class PrintedRow(Frozen):
    """One row of a printed table.

    Attributes:
        title: display name.
        model: registered model, "" for one that is not here.
        paper: who prints it.
        what: whose weights were measured, and by whom.
        talk: whether it stands in AttnGAN's table "Comparison with previous methods".
        reported: the figures, by data set and source.
    """

    title: str
    model: str = ""
    paper: str
    what: Literal["paper", "released weights", "measured by others"] = "paper"
    talk: bool = False
    reported: tuple[Reported, ...]


@cache
def printed_rows() -> tuple[PrintedRow, ...]:
    """Return all rows, papers' own first and oldest first, every figure with the column that measures alike."""
    tables = [tomllib.loads((_FOLDER / name).read_text(encoding="utf-8")) for name in _FILES]
    columns: Mapping[str, Mapping[str, str]] = tables[0]["columns"]
    for row in (row for table in tables for row in table["rows"]):
        for reported in row["reported"]:
            _name_columns(reported, columns[reported["dataset"]])
    return tuple(PrintedRow.model_validate(row) for table in tables for row in table["rows"])


def _name_columns(reported: Mapping[str, Any], columns: Mapping[str, str]) -> None:
    for metric, column in columns.items():
        if metric in reported:
            reported[metric].setdefault("column", column)
