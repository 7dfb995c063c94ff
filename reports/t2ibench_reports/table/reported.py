"""The component analyses of papers: what their rows are called and which figures they report."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from t2ibench.core.spec.frozen import Frozen
from t2ibench.core.spec.reported import Reported, printed_rows

if TYPE_CHECKING:
    from t2ibench.core.records import MetricRecord

_FILE = Path(__file__).with_name("reported.toml")
METRICS = (
    *("inception_score", "r_precision", "fid"),
    *("likelihood_bound", "bound_recall_1", "bound_recall_5", "bound_recall_10", "bound_recall_50"),
    *("bound_median_rank", "structural_similarity"),
)
"""Metrics of the papers' component tables, in their order, as `figure_name` names them."""


class VariantFacts(Frozen):
    """How a paper's table calls a variant, and what it reports of it."""

    variant: str
    architecture: str
    lambda_: float | None = Field(default=None, alias="lambda")
    lambda_on: Mapping[str, float] = Field(default_factory=dict)
    reported: tuple[Reported, ...] = ()

    def on(self, dataset: str) -> Reported | None:
        """Return what is reported on a data set, else on the first, where the paper's table stands; None for none."""
        found = {one.dataset: one for one in self.reported}
        elsewhere = None if dataset in ("coco", "coco-2017", "coco-karpathy") else next(iter(self.reported), None)
        return found.get(dataset) or elsewhere

    def weight(self, dataset: str) -> float | None:
        """Return lambda in the paper's terms, None for a model without it."""
        return self.lambda_on.get(dataset, self.lambda_)


class PaperFacts(Frozen):
    """A paper's component analysis.

    Attributes:
        title: of the table.
        paper: where it stands.
        across: whether it is of several models, whose labels stand in the place of variants ("aligndraw:noalign").
        lambda_factor: data set -> what its recipe multiplies lambda with.
        variants: the rows.
    """

    title: str
    paper: str
    across: bool = False
    lambda_factor: Mapping[str, float] = Field(default_factory=dict)
    variants: tuple[VariantFacts, ...]

    def place(self, variant: str) -> int:
        """Return where a variant stands in the paper's order; variants that it does not have come last."""
        names = [one.variant for one in self.variants]
        return names.index(variant) if variant in names else len(names)

    def of(self, variant: str) -> VariantFacts | None:
        """Return the facts of a variant, None where the paper has none."""
        return next((one for one in self.variants if one.variant == variant), None)


def figure_name(metric: MetricRecord) -> str:
    """Return what of METRICS a column's figures are called: its metric, with the number of places where it has one."""
    places = metric.options.get("k", "")
    return f"{metric.metric}_{places}" if places else metric.metric


@cache
def papers() -> Mapping[str, PaperFacts]:
    """Return model name -> its paper's component analysis."""
    content = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    own = {row.model: row.reported for row in printed_rows() if row.what == "paper"}
    for model, table in content.items():
        for variant in table["variants"]:
            if variant.pop("whole", False):
                variant["reported"] = own[model]
    return {name: PaperFacts.model_validate(table) for name, table in content.items()}
