"""Which columns are asked of which rows, and why not of the others."""

from __future__ import annotations

from t2ibench.evaluation.external.statistics_source import StatisticsSource
from t2ibench.evaluation.images.sources import ModelSource, Source
from t2ibench.evaluation.measuring.measure import Column
from t2ibench.features.insides import LooksInside
from t2ibench.features.likelihood import Likelihood


def reason_not_asked(column: Column, source: Source) -> str:
    """Return why a column is not asked of a source, "" if it is: of a folder always, of controls what they can have."""
    if isinstance(source, StatisticsSource):
        return "" if source.reads(column) else f"{source.name} holds statistics only, and these do not tell it"
    if column.extractor.reads_model:
        return reason_without_bound(column, source)
    if source.caption_linked or source.unlinked_reason or not column.metric.caption_linked:
        return ""
    return f"{source.name}'s images belong to no captions"


def reason_without_bound(column: Column, source: Source) -> str:
    """Return why a source has no number in a column that asks models; "" where it has one, and of other columns."""
    if not column.extractor.reads_model:
        return ""
    judge = column.extractor.opened()
    if isinstance(judge, LooksInside):
        return "" if isinstance(source, ModelSource) else f"{source.name} does not show how its images come about"
    own = source.bound_of()
    if not own:
        return f"{source.name} has no likelihood bound"
    wanted = judge.options.of if isinstance(judge, Likelihood) else own
    if own == wanted:
        return ""
    return f"{source.name}'s bound is of {own}, not {wanted}"
