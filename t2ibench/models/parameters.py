"""From benchmarks.toml and the command line to a plug-in's checked parameters."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import ValidationError

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.spec.benchmarks import describe


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
