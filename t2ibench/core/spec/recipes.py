"""How a model or an encoder is trained on a data set, as benchmarks.toml says."""

from __future__ import annotations

from typing import Any

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.spec.benchmarks import TrainableEntry, VariantEntry


def settings_for(entry: TrainableEntry, dataset: str, variant: str = "") -> tuple[int, dict[str, Any]]:
    """Return (steps, parameters) of an entry on a data set: the entry's own, then the data set's, then the variant's.

    A variant's own parameters on the data set come last.

    Raises:
        UserError: the variant is not known.
    """
    steps, parameters = entry.steps, dict(entry.parameters)
    layers = [entry.on[dataset]] if dataset in entry.on else []
    if variant:
        require_known(f"variant of {entry.plugin}", entry.variants, variant)
        layers.append(entry.variants[variant])
    for setting in layers:
        steps = setting.steps or steps
        parameters.update(setting.parameters)
        if isinstance(setting, VariantEntry):
            parameters.update(setting.on.get(dataset, {}))
    return steps, parameters


def title_for(entry: TrainableEntry, plain: str, variant: str = "") -> str:
    """Return the display name of an entry and its variant; `plain` is that of its plug-in."""
    title = entry.title or plain
    return title if not variant else entry.variants[variant].title or f"{title}, {variant}"


def named(model: str, variant: str = "") -> tuple[str, str]:
    """Return (name, variant) of "model" or "model:variant", the variant given apart otherwise.

    Raises:
        UserError: both name one.
    """
    base, _, own = model.partition(":")
    if own and variant:
        raise UserError(f"Both {model!r} and --variant {variant} name a variant; give one of them.")
    return base, own or variant


def seed_for(entry: TrainableEntry, dataset: str, variant: str = "") -> int:
    """Return the seed of an entry's training where none is asked for: the variant's, the data set's, else 0."""
    settings = [entry.variants.get(variant), entry.on.get(dataset)]
    return next((setting.seed for setting in settings if setting is not None and setting.seed is not None), 0)


def encoder_data_for(entry: TrainableEntry, dataset: str, variant: str = "") -> str:
    """Return the data set that the encoders of an entry learn from: the variant's, the data set's, else `dataset`."""
    settings = [entry.variants.get(variant), entry.on.get(dataset)]
    return next((setting.encoder_data for setting in settings if setting is not None and setting.encoder_data), dataset)
