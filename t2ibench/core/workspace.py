"""The folder everything is written to: data, runs, artefacts, results, reports."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

VARIABLE = "T2IBENCH_WORKSPACE"


@dataclass(frozen=True, slots=True)
class Workspace:
    """One user's folder. Nothing in its path influences a number."""

    root: Path

    @classmethod
    def at(cls, explicit: Path | None = None) -> Workspace:
        """Return the workspace: `explicit`, else $T2IBENCH_WORKSPACE, else ./workspace."""
        return cls(Path(explicit or os.environ.get(VARIABLE) or "workspace").absolute())

    @property
    def data(self) -> Path:
        """Prepared data sets, a folder each: manifest.json, and the files of drawn ones."""
        return self.root / "data"

    @property
    def runs(self) -> Path:
        """Training runs: <name>/<data set>/<first 12 digits of the spec's digest>."""
        return self.root / "runs"

    @property
    def store(self) -> Path:
        """Content-addressed artefacts."""
        return self.root / "store"

    @property
    def results(self) -> Path:
        """Result records and gallery images."""
        return self.root / "results"

    @property
    def reports(self) -> Path:
        """Rendered reports."""
        return self.root / "reports"
