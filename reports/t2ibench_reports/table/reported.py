"""Figures that papers report of their component analyses, with their source and how far each was verified."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_FILE = Path(__file__).with_name("reported.toml")
METRICS = ("inception_score", "r_precision", "fid")
"""Metrics of the papers' component tables, in their order."""


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Figure(_Fact):
    """A printed figure. `spread` is the paper's ±, which is no confidence interval."""

    value: float
    spread: float | None = None

    @property
    def text(self) -> str:
        """Return "4.36 ± 0.03"."""
        return f"{self.value:.2f}" + ("" if self.spread is None else f" ± {self.spread:.2f}")


class Reported(_Fact):
    """What is reported of one variant on one data set."""

    dataset: str
    source: str
    status: Literal["verified", "from memory"]
    inception_score: Figure | None = None
    r_precision: Figure | None = None
    fid: Figure | None = None

    def figure(self, metric: str) -> Figure | None:
        """Return the figure of a metric of METRICS, None where none is reported."""
        found: Figure | None = getattr(self, metric)
        return found


class VariantFacts(_Fact):
    """How a paper's table calls a variant, and what it reports of it."""

    variant: str
    architecture: str
    lambda_: float | None = Field(default=None, alias="lambda")
    lambda_on: Mapping[str, float] = Field(default_factory=dict)
    reported: tuple[Reported, ...] = ()

    def on(self, dataset: str) -> Reported | None:
        """Return what is reported on a data set, else on CUB, where the papers' tables stand; None for nothing."""
        found = {one.dataset: one for one in self.reported}
        return found.get(dataset) or (None if dataset in ("coco", "coco-2017", "coco-karpathy") else found.get("cub"))

    def weight(self, dataset: str) -> float | None:
        """Return lambda in the paper's terms, None for a model without it."""
        return self.lambda_on.get(dataset, self.lambda_)


class PaperFacts(_Fact):
    """A paper's component analysis. `lambda_factor`: data set -> what its recipe multiplies lambda with."""

    title: str
    paper: str
    lambda_factor: Mapping[str, float] = Field(default_factory=dict)
    variants: tuple[VariantFacts, ...]

    def place(self, variant: str) -> int:
        """Return where a variant stands in the paper's order; variants that it does not have come last."""
        names = [one.variant for one in self.variants]
        return names.index(variant) if variant in names else len(names)

    def of(self, variant: str) -> VariantFacts | None:
        """Return the facts of a variant, None where the paper has none."""
        return next((one for one in self.variants if one.variant == variant), None)


@cache
def papers() -> Mapping[str, PaperFacts]:
    """Return model name -> its paper's component analysis."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {name: PaperFacts.model_validate(table) for name, table in content.items()}
