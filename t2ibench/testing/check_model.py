"""The conformance kit: run it on your own plug-in before you trust a number it gives.

from t2ibench.testing import check_model
check_model("mygan", tmp_path, {"features": 8}, {"damsm": {...}})
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

from t2ibench.core.interfaces import Trainable
from t2ibench.models.wrapping import WrapsModel
from t2ibench.testing import generation_checks, training_checks
from t2ibench.testing.subject import Subject

Check = Callable[[Subject], None]

GENERATION: Final[Mapping[str, Check]] = {
    "images": generation_checks.check_images,
    "independence": generation_checks.check_independence,
    "repeatable": generation_checks.check_repeatable,
    "inputs matter": generation_checks.check_inputs_matter,
    "capabilities": generation_checks.check_capabilities,
}
"""Checks of models alone."""

EVERY: Final[Mapping[str, Check]] = {
    "card": generation_checks.check_card,
    "requirements": training_checks.check_requirements,
    "export": training_checks.check_export,
}
"""Checks of models and encoders."""

TRAINING: Final[Mapping[str, Check]] = {
    "optimizers": training_checks.check_optimizers,
    "gradients": training_checks.check_gradients,
    "learning": training_checks.check_learning,
    "resume": training_checks.check_resume,
}
"""Checks of models and encoders that learn."""


def check_model(
    plugin: str,
    folder: Path,
    parameters: Mapping[str, Any] | None = None,
    encoders: Mapping[str, Mapping[str, Any]] | None = None,
    wraps: tuple[str, Mapping[str, Any]] | None = None,
) -> None:
    """Run every check on a registered model.

    Args:
        plugin: registered name.
        folder: an empty folder to write to.
        parameters: small ones, so that the checks take seconds.
        encoders: parameters of the encoders it needs, by registered name.
        wraps: registered name and parameters of the model it is made around, with the same encoders; None for none.

    Raises:
        AssertionError: a check failed; the text says which and how.
    """
    _run(Subject(plugin, folder, parameters or {}, encoders or {}, wraps=wraps))


def check_encoder(plugin: str, folder: Path, parameters: Mapping[str, Any] | None = None) -> None:
    """Run the checks that are not about images on a registered encoder; arguments and errors as in `check_model`."""
    _run(Subject(plugin, folder, parameters or {}, kind="encoder"))


def checks_of(plugin: Any, kind: Literal["model", "encoder"]) -> dict[str, Check]:
    """Return the checks that a plug-in class must pass: some encoders, and models around others, learn nothing."""
    learns = isinstance(plugin, Trainable) or (kind == "model" and not isinstance(plugin, WrapsModel))
    return {**(GENERATION if kind == "model" else {}), **EVERY, **(TRAINING if learns else {})}


def _run(subject: Subject) -> None:
    for name, check in checks_of(subject.plugin_class, subject.kind).items():
        try:
            check(subject)
        except AssertionError as error:
            raise AssertionError(f"{subject.plugin} fails the check {name!r}: {error}") from error
