"""Files of the results folder that a report reads beside the records, checked before anything is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ConfigDict

from t2ibench.core.errors import UserError


class Kept(BaseModel):
    """Base of what such files hold; entries that another version wrote besides are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)


Form = TypeVar("Form", bound=Kept)


def read_kept(results: Path, pattern: str, form: type[Form], what: str) -> tuple[list[tuple[Path, Form]], list[str]]:
    """Return (files with what they hold, in the order of their names; sentences about those that hold something else).

    Args:
        results: the results folder.
        pattern: of the files in it, as in "validity/*.json".
        form: what each holds.
        what: the same in words, as in "table of claims".
    """
    found, faults = [], []
    for path in sorted(results.glob(pattern)):
        try:
            found.append((path, form.model_validate_json(path.read_bytes())))
        except (OSError, ValueError):
            faults.append(f"{path.relative_to(results).as_posix()} is no {what}; it was left out.")
    return found, faults


def require_kept(found: Sequence[object], faults: Sequence[str], nothing: str, advice: str) -> None:
    """Raise a UserError where nothing was found: what there is not, the first fault, what to do."""
    if not found:
        raise UserError(f"{nothing}{f' ({faults[0]})' if faults else ''}. {advice}")
