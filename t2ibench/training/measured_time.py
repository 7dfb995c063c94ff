"""How long earlier trainings of a workspace took, by what their folders say of themselves."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from t2ibench.core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds a training step took, everything around it included, and the run that says so."""

    seconds: float
    source: str


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Steps that one session made, and the seconds it took for them."""

    first: int
    done: int
    seconds: float

    @property
    def pace(self) -> float:
        return self.seconds / (self.done - self.first)


def seconds_a_step(workspace: Workspace, name: str, variant: str, dataset: str) -> Pace | None:
    """Return the pace of the longest session of a model on a data set; None where no session is known.

    A run of the same variant counts, else one of any variant of the model.
    """
    for folder in _run_folders(workspace, name, variant, dataset):
        found = [(stretch, run) for run in folder for stretch in _stretches(run)]
        if found:
            longest, run = max(found, key=lambda one: one[0].done - one[0].first)
            return Pace(longest.pace, f"{run.parent.parent.name}/{run.name}")
    return None


def training_seconds(run: Path, steps: int) -> float | None:
    """Return how long a run took to its first `steps` steps, whoever stopped it on the way; None where it is not known.

    Steps that were lost by a kill and made again count once.
    """
    reached, seconds = 0, 0.0
    stretches = list(_stretches(run))
    for place, stretch in enumerate(stretches):
        if reached >= steps or stretch.first > reached:
            break
        # The session after it may have begun earlier than this one ended: at the last sound checkpoint.
        following = min((later.first for later in stretches[place + 1 :]), default=steps)
        end = min(stretch.done, max(following, stretch.first), steps)
        seconds += stretch.pace * max(end - reached, 0)
        reached = max(end, reached)
    return seconds if reached == steps else None


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


def _stretches(run: Path) -> Iterator[_Stretch]:
    """Yield what is known of a run's sessions, in order.

    A session notes its time with each checkpoint. Without that, as in runs of older versions, it is known if it began
    after a finished one (or at step 0) and ended in an exported model.
    """
    before: int | None = 0
    sessions = _read(run / "provenance.json").get("sessions", [])
    asked = Counter(session.get("steps", 0) for session in sessions if "done" not in session)
    for session in sessions:
        steps = session.get("steps", 0)
        if steps == 0:  # the untrained twin, which is made without training
            continue
        if "done" in session:
            if session["done"] > session["first"]:
                yield _Stretch(session["first"], session["done"], session["seconds"])
                before = session["done"]
            continue
        exported = _read(run / "model" / f"step-{steps:06d}" / "model.json").get("created")
        seconds = 0.0
        if exported is not None and asked[steps] == 1:  # else one was stopped, and asked for again
            seconds = (datetime.fromisoformat(exported) - datetime.fromisoformat(session["created"])).total_seconds()
        if before is not None and steps > before and seconds > 0:
            yield _Stretch(before, steps, seconds)
        before = None if exported is None else steps


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
