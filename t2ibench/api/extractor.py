"""A feature extractor by name, for metrics in somebody's own loop."""

from __future__ import annotations

from typing import Unpack

from t2ibench.api.place import PlaceOptions, place_at
from t2ibench.core.errors import require_known
from t2ibench.core.interfaces import FeatureExtractor
from t2ibench.evaluation.request.open_table import extractor_for


def load_extractor(name: str, *, data: str = "", **place: Unpack[PlaceOptions]) -> FeatureExtractor:
    """Return a feature extractor: `.extract` takes uint8 images N x 3 x H x W and gives float32 N x d by layer.

    Args:
        name: of [features.*] in benchmarks.toml, as in "simnet" or "inception-tf".
        data: the data set, for an extractor that is a trained encoder (DAMSM).
        place: see `PlaceOptions`.

    Raises:
        UserError: the name is unknown (near names are given), or its weights are missing.
    """
    at = place_at(**place)
    require_known("feature extractor", at.benchmarks.features, name, hint="`t2ibench list features` shows them all.")
    return extractor_for(name, data, at).opened()
