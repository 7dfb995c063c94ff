"""The folder of one run: what was asked, where it was computed, and what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.files import read_json, remove_temporary_files, write_json
from t2ibench.core.spec.benchmarks import TrainingSpec
from t2ibench.core.storage.folders import fault_of
from t2ibench.core.workspace import Workspace


class RunFolder:
    """runs/<name with variant>/<data set>/<digest>/ of a spec.

    Holds spec.json, provenance.json, metrics.jsonl, checkpoints/, samples/, model/step-000600/.
    """

    def __init__(self, path: Path, spec: TrainingSpec) -> None:
        self.path = path
        self.spec = spec
        self._begun: float | None = None

    @classmethod
    def of(cls, spec: TrainingSpec, workspace: Workspace) -> RunFolder:
        """Return the folder a spec has in a workspace; nothing is created."""
        label = spec.label.replace(":", "--")
        return cls(workspace.runs / label / spec.dataset / spec.digest[:12], spec)

    @property
    def checkpoints(self) -> Path:
        """Folder of the checkpoints."""
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """Folder of the weights that did best in a quick metric, where they are to be exported."""
        return self.path / "best"

    @property
    def samples(self) -> Path:
        """Folder of the sample images."""
        return self.path / "samples"

    def model(self, steps: int) -> Path:
        """Return the exported model's folder after `steps` steps."""
        return self.path / "model" / f"step-{steps:06d}"

    def exported_steps(self) -> list[int]:
        """Return after how many steps a complete model was exported, ascending."""
        found = []
        for path in (self.path / "model").glob("step-*"):
            digits = path.name.removeprefix("step-")
            if digits.isdigit() and not fault_of(path, deep=False):
                found.append(int(digits))
        return sorted(found)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for a block; it is created if need be, and rid of what a killed process was writing.

        Raises:
            UserError: another process holds it, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            lock = FileLock(self.path / ".lock")
            lock.acquire(timeout=0)
        except Timeout as error:
            raise UserError(
                f"Another process is training {self.spec.label} on {self.spec.dataset} in {self.path}. "
                "Wait for it, or stop it and ask again."
            ) from error
        except OSError as error:
            raise UserError(f"Cannot write {self.path}: {error.strerror}. Choose another --workspace.") from error
        try:
            remove_temporary_files(self.path)
            yield
        finally:
            lock.release()

    def begin(self, session: Mapping[str, Any], encoders: Mapping[str, str]) -> None:
        """Write spec.json and add a session to provenance.json.

        Args:
            session: when, where and from which step this process trains.
            encoders: encoder name -> identity of the folder used.

        Raises:
            UserError: the run was begun with other encoder weights of the same spec.
        """
        write_json(self.path / "spec.json", self.spec.model_dump(mode="json"))
        path = self.path / "provenance.json"
        before: dict[str, Any] = {}
        if path.is_file():
            before = read_json(path, what="where a run was computed")
        if before.get("encoders", dict(encoders)) != dict(encoders):
            raise UserError(
                f"The run in {self.path} was begun with another copy of its encoder "
                f"({', '.join(sorted(encoders))}), trained on another machine perhaps. Delete the run's folder to "
                "train anew."
            )
        sessions = [*before.get("sessions", []), dict(session)]
        write_json(path, {"encoders": dict(encoders), "sessions": sessions})
        self._begun = time.monotonic()

    def note_time(self, first: int, done: int) -> None:
        """Write into provenance.json how long this session, which went on from step `first`, has taken so far.

        Call it before each checkpoint: so there is none whose time is not known, whoever kills the process and when.
        """
        path = self.path / "provenance.json"
        if self._begun is None or not path.is_file():
            return
        content = read_json(path, what="where a run was computed")
        content["sessions"][-1] |= {"first": first, "done": done, "seconds": round(time.monotonic() - self._begun, 1)}
        write_json(path, content)
