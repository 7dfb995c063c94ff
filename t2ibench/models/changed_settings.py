"""What a model was trained with that its recipe in benchmarks.toml has otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.spec.recipes import settings_for
from t2ibench.models.folder import ModelFolder
from t2ibench.models.parameters import checked_parameters


def changed_settings(model: ModelFolder, benchmarks: Benchmarks) -> Mapping[str, Any]:
    """Return parameter -> value, of those that differ from the recipe of the model's name, variant and data set.

    So `--set damsm_weight=3` shows in a table, beside a variant that is called after another weight. Nothing for
    imported weights, and for models whose name, variant or plug-in benchmarks.toml does not have. A parameter that the
    recipe leaves open (None, "", an empty list) is no difference.
    """
    entry = benchmarks.models.get(model.description.name)
    if entry is None or model.description.imported or not model.description.learned:
        return {}
    try:
        plugin = registry("models")[entry.plugin]
        _, settings = settings_for(entry, model.dataset, model.variant)
        recipe = checked_parameters(plugin, model.label, settings).model_dump(mode="json")
    except UserError:
        return {}
    given = model.parameters
    return {name: given[name] for name in recipe if name in given and recipe[name] not in (None, "", [], given[name])}
