"""A plug-in's parameters: from benchmarks.toml and the command line, of a trained model, for making images."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, describe
from t2ibench.core.spec.recipes import settings_for
from t2ibench.models.folder import ModelFolder


def parse_assignments(
    assignments: Iterable[str], *, option: str = "--set", example: str = "branches=2"
) -> dict[str, Any]:
    """Return key -> value of "key=value" texts; values are read as in benchmarks.toml, else as plain text.

    Args:
        assignments: the texts.
        option: that they were given with, for the error.
        example: of one, for the error.

    Raises:
        UserError: a text without "=" or without a key.
    """
    values: dict[str, Any] = {}
    for assignment in assignments:
        key, separator, text = (part.strip() for part in assignment.partition("="))
        if not separator or not key:
            raise UserError(f"{option} {assignment!r} is not of the form key=value, as in {option} {example}.")
        try:
            values[key] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            values[key] = text
    return values


def checked_parameters(plugin: Any, label: str, values: Mapping[str, Any]) -> Any:
    """Return the plug-in's `Parameters` of some values, defaults filled in.

    Raises:
        UserError: a key is not known (near names are given) or a value is not of the expected form.
    """
    fields = plugin.Parameters.model_fields
    require_known(f"parameter of {label}", fields, *values)
    try:
        return plugin.Parameters.model_validate(dict(values))
    except ValidationError as error:
        raise UserError(f"Parameters of {label}: {describe(error)}") from error


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


def generation_parameters(folder: ModelFolder, wanted: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return (those of `wanted` that the model has, names of those it has not).

    A plug-in names them in its Parameters, as a ClassVar `at_generation`.

    Raises:
        UserError: a parameter of the model belongs to its weights, or a value does not fit.
    """
    if not wanted:
        return {}, ()
    plugin = registry("models")[folder.description.plugin].Parameters
    allowed = frozenset(getattr(plugin, "at_generation", ()))
    taken = {name: value for name, value in wanted.items() if name in plugin.model_fields}
    for name in taken:
        if name not in allowed:
            known = f"may only set {', '.join(sorted(allowed))}" if allowed else "may set none of its parameters"
            raise UserError(
                f"{name} belongs to the weights of {folder.label}: a protocol {known}. Take it out of the protocol's "
                "generation.parameters."
            )
    try:
        plugin.model_validate({**folder.parameters, **taken})
    except ValidationError as error:
        raise UserError(f"The protocol's generation.parameters do not fit {folder.label}: {describe(error)}") from error
    return taken, tuple(name for name in wanted if name not in taken)
