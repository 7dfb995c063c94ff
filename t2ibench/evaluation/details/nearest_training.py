"""The images of a row that lie nearest to training images, kept with those beside them: copies are seen, not argued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.evaluation.images.references import training_images
from t2ibench.metrics.memorisation.nearest import nearest_two, training_and

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.evaluation.images.sources import Source
    from t2ibench.evaluation.measuring.table import Table

SHOWN: Final = 8
"""Images kept of a row."""


def nearest_training(table: Table, source: Source) -> tuple[dict[str, Any], Tensor] | None:
    """Return (what a details file says, the training images, uint8 N x 3 x R x R); None where nobody asked.

    The file names the metric whose features were compared, the places of the images in the plan, nearest first, the
    training images' ids, and the distance to each over the mean of the row.
    """
    from t2ibench.data.images import RealImages

    column = next((one for one in table.columns if getattr(one.metric, "needs_training", False)), None)
    ids = training_images(table.manifest, table.protocol)
    # Images that depend on their batch, or on a folder's own choice, would be others when they are asked for again.
    fixed = source.together is None and source.plan_of(table.plan).digest == table.plan.digest
    if column is None or column.extractor.fault or not ids or not fixed:
        return None
    given = table.inputs(source, [column])[column.name]
    if not isinstance(given, MetricInput):
        return None
    try:
        features, training = training_and(column.metric, given)
    except UserError:  # its record says why
        return None
    index, first, _ = nearest_two(features, training)
    order = first.argsort(kind="stable")[:SHOWN].tolist()
    usual = float(first.mean()) or 1.0
    found: Mapping[str, Any] = {
        "metric": column.record.digest,
        "places": order,
        "training": [ids[int(index[place])] for place in order],
        "shares": [float(first[place]) / usual for place in order],
    }
    return dict(found), RealImages(table.manifest).load(found["training"], table.protocol.resolution)
