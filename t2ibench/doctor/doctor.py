"""What is installed, which weights, data and models are here, what is missing and where it comes from. No torch."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Any, Final, Literal

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, LoadedBenchmarks
from t2ibench.core.storage.folders import fault_of
from t2ibench.core.version import VERSION
from t2ibench.core.workspace import Workspace
from t2ibench.data.adapter import DrawnDataset, how_to_bring
from t2ibench.data.manifest import FILE_NAME, read_manifest
from t2ibench.data.open import adapter_of
from t2ibench.evaluation.request.open_table import extractor_for
from t2ibench.evaluation.request.request import protocol_for
from t2ibench.features.context import FeatureContext, find_weights, peek_identity
from t2ibench.models.folder import ModelFolder, read_model_folder
from t2ibench.models.shipped import is_shipped, shipped_models

_REQUIREMENT: Final = re.compile(r"(?P<name>[A-Za-z0-9._-]+)[^;]*")
_EXTRA: Final = re.compile(r"extra == ['\"](?P<extra>[^'\"]+)")

State = Literal["ok", "missing", "note", "broken"]
"""A thing is here; is not, and need not be; is here but not as recorded; must be repaired."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        name: what it is called.
        state: see State.
        text: a sentence, or a version or path.
    """

    name: str
    state: State
    text: str


@dataclass
class Diagnosis:
    """Section title -> findings, in the order they are read."""

    sections: dict[str, list[Finding]] = field(default_factory=dict)

    @property
    def broken(self) -> list[Finding]:
        """What must be repaired."""
        return [one for found in self.sections.values() for one in found if one.state == "broken"]

    def as_json(self) -> dict[str, Any]:
        """Return the diagnosis as JSON values."""
        sections = {title: [asdict(one) for one in found] for title, found in self.sections.items()}
        return {"healthy": not self.broken, **sections}


def diagnose(loaded: LoadedBenchmarks, workspace: Workspace, *, weights_dir: Path | None = None) -> Diagnosis:
    """Return what was found. Nothing is fetched, drawn or written.

    Args:
        loaded: benchmarks.toml.
        workspace: whose data, models and results are looked at.
        weights_dir: folder of weights files that the user brought.
    """
    benchmarks = loaded.content
    sections = {
        "program": list(_program(loaded, workspace)),
        "packages": list(_packages()),
        "device and plug-ins": list(_probe()),
        "weights": list(_weights(benchmarks, weights_dir)),
        "data sets": list(_datasets(Place(benchmarks, workspace))),
        "models": list(_models(Place(benchmarks, workspace))),
        "what would run": list(_tables(Place(benchmarks, workspace, device="cpu", weights_dir=weights_dir))),
    }
    return Diagnosis(sections)


def _program(loaded: LoadedBenchmarks, workspace: Workspace) -> Iterator[Finding]:
    yield Finding("t2ibench", "ok", f"{VERSION}, Python {platform.python_version()}, {platform.platform()}")
    yield Finding("benchmarks.toml", "ok", str(loaded.path))
    existing = next(parent for parent in (workspace.root, *workspace.root.parents) if parent.exists())
    state: State = "ok" if existing.is_dir() else "broken"
    there = "" if workspace.root.exists() else ", made on first use"
    yield Finding("workspace", state, f"{workspace.root}{there}" if state == "ok" else f"{existing} is no folder")


def _packages() -> Iterator[Finding]:
    """Yield the packages that t2ibench's own metadata names; those of an extra may be missing."""
    for text in requires("t2ibench") or ():
        named = _REQUIREMENT.match(text)
        extra = _EXTRA.search(text)
        if named is None or named["name"] == "t2ibench" or (extra is not None and extra["extra"] == "dev"):
            continue
        try:
            yield Finding(named["name"], "ok", version(named["name"]))
        except PackageNotFoundError:
            if extra is not None:
                yield Finding(named["name"], "missing", f"`pip install 't2ibench[{extra['extra']}]'` brings it")
            else:
                yield Finding(named["name"], "broken", f"not installed; `pip install '{named[0].strip()}'` brings it")


def _probe() -> Iterator[Finding]:
    """Yield what a child process that imports torch says."""
    run = [sys.executable, "-m", "t2ibench.doctor.torch_facts"]
    try:
        done = subprocess.run(run, capture_output=True, text=True, timeout=600, check=False)
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        lines = done.stderr.strip().splitlines() if isinstance(error, ValueError) else []
        yield Finding("torch", "broken", f"cannot be imported: {lines[-1] if lines else error}")
        return
    gpus = said["gpus"]
    yield Finding(
        "GPU", "ok" if gpus else "missing", ", ".join(gpus) or "none that torch sees; everything runs on the CPU"
    )
    yield Finding("CPU", "ok", f"{said['cores']} cores, torch uses {said['threads']} threads")
    for name, fault in said["plugin_faults"].items():
        yield Finding(name, "broken", fault)
    if not said["plugin_faults"]:
        yield Finding("plug-ins", "ok", "all can be loaded")


def _weights(benchmarks: Benchmarks, weights_dir: Path | None) -> Iterator[Finding]:
    for name, entry in benchmarks.features.items():
        if not entry.file:
            continue
        try:
            found = find_weights(FeatureContext(name, entry, weights_dir=weights_dir))
        except UserError:
            yield _without_file(FeatureContext(name, entry, weights_dir=weights_dir))
            continue
        where = f"{found.path}, SHA-256 {found.sha256}"
        if found.recorded:
            yield Finding(name, "ok", where)
        elif entry.sha256:
            expected = f"recorded is {entry.sha256}: its numbers are shown and never ranked"
            yield Finding(name, "note", f"{where}; {expected}")
        else:
            yield Finding(name, "note", f"{where}; none is recorded in benchmarks.toml, so it cannot be checked")


def _without_file(context: FeatureContext) -> Finding:
    """Return what the plug-in itself says: some bring their weights in a package."""
    try:
        return Finding(context.name, "ok", f"weights {peek_identity(context).weights[:12]}, of an installed package")
    except UserError as error:
        return Finding(context.name, "missing", str(error))


def _datasets(place: Place) -> Iterator[Finding]:
    for name, entry in place.benchmarks.datasets.items():
        if entry.adapter not in registry("datasets"):
            yield Finding(name, "missing", f"no installed package offers its adapter {entry.adapter!r}")
            continue
        path = place.workspace.data / name / FILE_NAME
        try:
            if path.is_file():
                manifest = read_manifest(path)
                counts = ", ".join(f"{len(images):,} {split}" for split, images in manifest.splits.items())
                yield Finding(name, "ok", f"{counts} images in {manifest.root}, digest {manifest.digest[:12]}")
            elif isinstance(adapter_of(name, place.benchmarks), DrawnDataset):
                yield Finding(name, "ok", "drawn by code when it is first needed")
            else:
                yield Finding(name, "missing", f"not prepared. {how_to_bring(name, entry)}")
        except UserError as error:
            yield Finding(name, "broken", str(error))


def _models(place: Place) -> Iterator[Finding]:
    paths = sorted(place.workspace.runs.glob("*/*/*/model/step-*")) + [
        model.path for model in shipped_models(place.benchmarks)
    ]
    for path in paths:
        try:
            model = read_model_folder(path, verify=False)
        except UserError as error:
            fault = fault_of(path, deep=False)
            yield Finding(path.name, "broken", f"{path}: {fault or error}")
            continue
        if model.description.learned:
            yield Finding(f"{model.label} ({model.dataset})", "ok", _described(model))
    if not paths:
        yield Finding("models", "missing", "none; `t2ibench train attngan --data simbirds` trains one")


def _described(model: ModelFolder) -> str:
    if is_shipped(model):
        whence = f"came with the package, {model.steps:,} steps"
    else:
        whence = "imported official weights" if model.description.imported else f"trained here, {model.steps:,} steps"
    kind = "encoder, " if model.description.kind == "encoder" else ""
    return f"{kind}{whence}, {model.path}"


def _tables(place: Place) -> Iterator[Finding]:
    """Yield, a data set, which columns of its protocol can be had and why others cannot."""
    for name, entry in place.benchmarks.datasets.items():
        if entry.adapter not in registry("datasets"):
            continue  # said among the data sets
        protocol_name, protocol = protocol_for(name, place.benchmarks)
        faults: dict[str, str] = {}
        for column in protocol.metrics:
            extractor = extractor_for(place.benchmarks.metrics[column].features, name, place)
            if extractor.fault:
                faults[column] = extractor.fault
        can = [column for column in protocol.metrics if column not in faults]
        ready = (place.workspace.data / name / FILE_NAME).is_file() or isinstance(
            adapter_of(name, place.benchmarks), DrawnDataset
        )
        title = f"eval --data {name} (protocol {protocol_name})"
        if not ready:
            yield Finding(title, "missing", "the data set is not prepared")
        elif not can:
            yield Finding(title, "missing", f"no column can be had: {next(iter(faults.values()))}")
        else:
            lacking = "".join(f"; without {column}: {fault}" for column, fault in faults.items())
            yield Finding(title, "note" if faults else "ok", f"{', '.join(can)}{lacking}")
