"""How long earlier trainings of a workspace took, by what their folders say of themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from t2ibench.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a training step took, everything around it included, and the run that says so."""

    seconds: float
    source: str


def seconds_a_step(workspace: Workspace, name: str, variant: str, dataset: str) -> Pace | None:
    """Return the pace of the longest session of a model on a data set; None where no session is known whole.

    A run of the same variant counts, else one of any variant of the model. A session is known whole if it began after
    a finished one (or at step 0) and ended in an exported model.
    """
    for folder in _run_folders(workspace, name, variant, dataset):
        found = [session for run in folder for session in _sessions(run)]
        if found:
            steps, seconds, run = max(found, key=lambda one: one[0])
            return Pace(seconds / steps, f"{run.parent.parent.name}/{run.name}")
    return None


def training_seconds(run: Path, steps: int) -> float | None:
    """Return how long a run took to its first `steps` steps; None where a session of it was stopped or is not known."""
    if steps == 0:
        return 0.0
    asked = [session.get("steps", 0) for session in _read(run / "provenance.json").get("sessions", [])]
    if len(asked) != len(set(asked)):  # one was stopped, and asked for again
        return None
    before, seconds = 0, 0.0
    for made, took, _ in _sessions(run):
        before, seconds = before + made, seconds + took
        if before == steps:
            return seconds
    return None


def folder_bytes(workspace: Workspace, name: str, variant: str, dataset: str) -> int | None:
    """Return the size of the largest run of a model on a data set; None where there is none."""
    for folder in _run_folders(workspace, name, variant, dataset):
        sizes = [sum(one.stat().st_size for one in run.rglob("*") if one.is_file()) for run in folder]
        if sizes:
            return max(sizes)
    return None


def _run_folders(workspace: Workspace, name: str, variant: str, dataset: str) -> Iterator[list[Path]]:
    """Yield the runs of the variant itself, then those of the model and all of its variants."""
    label = f"{name}--{variant}" if variant else name
    yield sorted((workspace.runs / label / dataset).glob("*"))
    yield sorted([*workspace.runs.glob(f"{name}/{dataset}/*"), *workspace.runs.glob(f"{name}--*/{dataset}/*")])


def _sessions(run: Path) -> Iterator[tuple[int, float, Path]]:
    """Yield (steps made, seconds, run) of each session that is known whole."""
    before: int | None = 0
    for session in _read(run / "provenance.json").get("sessions", []):
        steps = session.get("steps", 0)
        if steps == 0:  # the untrained twin, which is made without training
            continue
        exported = _read(run / "model" / f"step-{steps:06d}" / "model.json").get("created")
        if exported is None:
            before = None
            continue
        seconds = (datetime.fromisoformat(exported) - datetime.fromisoformat(session["created"])).total_seconds()
        if before is not None and steps > before and seconds > 0:
            yield steps - before, seconds, run
        before = steps


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
