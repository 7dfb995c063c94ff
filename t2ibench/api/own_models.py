"""Models that are given as classes, in a notebook or a script, instead of by an installed package."""

from __future__ import annotations

from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, Name, TrainableEntry

_ADDED: Final[dict[str, TrainableEntry]] = {}


def add_model(name: str, model: type[Any], *, steps: int, title: str = "", **parameters: Any) -> None:
    """Make a class known as a model of this process: `train`, `evaluate` and `load_model` then take its name.

    Adding a name again replaces the class, as when a cell of a notebook is run again. A package would have an
    entry-point line and a table in benchmarks.toml instead.

    Args:
        name: small letters, digits, "-", "_" and ".".
        model: the class, see docs/how-to/add-a-model.md.
        steps: training steps; 0 for one with nothing to learn.
        title: in tables; the class's card says it if empty.
        parameters: over the defaults of its Parameters.

    Raises:
        UserError: the name is of another form or an installed package's, the class is none of a model, or a value is
            not of the form of benchmarks.toml.
    """
    missing = [what for what in ("Parameters", "card", "build", "generate", "exported") if not hasattr(model, what)]
    if not isinstance(model, type) or missing:
        lacks = f"lacks {', '.join(missing)}" if missing else "is no class"
        raise UserError(f"{model!r} is no model: it {lacks}. docs/how-to/add-a-model.md shows the form.")
    try:
        TypeAdapter(Name).validate_python(name)
        entry = TrainableEntry(plugin=name, title=title, steps=steps, parameters=parameters)
    except ValidationError as error:
        raise UserError(f"add_model({name!r}, ...): {error.errors()[0]['msg']}.") from error
    registry("models").add(name, model, again=name in _ADDED)
    _ADDED[name] = entry


def with_own_models(benchmarks: Benchmarks) -> Benchmarks:
    """Return benchmarks.toml's content with the models that were added; one that it has already stays its own."""
    return benchmarks.model_copy(update={"models": {**_ADDED, **benchmarks.models}}) if _ADDED else benchmarks
