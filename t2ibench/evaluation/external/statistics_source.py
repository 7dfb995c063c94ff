"""A statistics file in a table: as a row, or as the reference that FID compares with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import ModelCard, Origin, PlanItem
from t2ibench.evaluation.external.statistics_file import StatisticsFile
from t2ibench.evaluation.images.negatives import has_own_reference
from t2ibench.evaluation.images.sources import Source
from t2ibench.evaluation.measuring.measure import Column

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

LAYER = "pool"
"""The layer that statistics files are made from."""


class StatisticsSource(Source):
    """A row without images: the mean and covariance of somebody's features."""

    def __init__(self, file: StatisticsFile, *, name: str = "") -> None:
        self.file = file
        self.name = name or file.name.removesuffix(".npz")
        self.caption_linked = False
        self.warnings = (file.doubt,) if file.doubt else ()
        self.identity = digest_of({"statistics": file.digest})
        note = f"Precomputed statistics from {file.name}; there are no images to look at."
        self.card = ModelCard(self.name, "", "", Origin.EXTERNAL_IMAGES, notes=(note,))

    def reads(self, column: Column) -> bool:
        """Return whether a column can be had from the file at all."""
        metric = column.metric
        if metric.caption_linked or metric.layer != LAYER:
            return False
        return self.file.features is not None or bool(getattr(metric, "reads_statistics", False))

    def input_for(
        self,
        column: Column,
        reference: MetricInput,
        *,
        seed: int,
    ) -> MetricInput:
        """Return what a column's metric reads.

        Args:
            column: one that `reads`.
            reference: holds the reference's features or statistics.
            seed: of the interval.

        Raises:
            UserError: the file was made with another extractor than the column's.
        """
        width = None
        if column.metric.layer in reference.reference:
            width = int(reference.reference[column.metric.layer].shape[1])
        if misfit := self.file.misfit(column.extractor.describe(), width):
            raise UserError(misfit)
        features: dict[str, np.ndarray] = {} if self.file.features is None else {LAYER: self.file.features}
        return replace(
            reference,
            features=features,
            statistics=self.file.statistics if self.file.features is None else None,
            seed=seed,
        )

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Raise UserError: there are none."""
        raise UserError(f"{self.file.name} holds statistics and no images.")


def with_reference(columns: Sequence[Column], file: StatisticsFile) -> list[Column]:
    """Return the columns with a file in the place of the reference images, in their identity and head too."""
    changed = []
    for column in columns:
        if not column.metric.needs_reference or has_own_reference(column.metric):
            changed.append(column)
            continue
        parts = column.record.subtitle.split(" · ")
        doubt = ", preprocessing not known" if file.doubt else ""
        parts = [f"ref {file.name}{doubt}" if part.startswith("ref ") else part for part in parts]
        record = column.record.model_copy(update={"reference": file.digest, "subtitle": " · ".join(parts)})
        changed.append(replace(column, record=record))
    return changed
