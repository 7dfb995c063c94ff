"""Parameters of a trained model that may be set anew whenever it makes images, because no weight hangs on them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import describe
from t2ibench.models.folder.read import ModelFolder


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
