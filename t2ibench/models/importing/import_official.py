"""Carrying out an import: files of the official code become model folders in the workspace."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from t2ibench.core.files import digest_of
from t2ibench.core.machine.provenance import environment
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.storage.folders import fault_of
from t2ibench.core.storage.named_tensors import under
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.models.folder import (
    EncoderDescription,
    ModelDescription,
    is_model_folder,
    read_model_folder,
    write_model_folder,
)
from t2ibench.models.folder.read import WEIGHTS
from t2ibench.models.importing.plan import ImportPlan, ImportRequest, Part
from t2ibench.models.importing.planner import plan_import
from t2ibench.models.importing.sources import Source
from t2ibench.models.official import convert, fit
from t2ibench.models.official.networks import Slot, slots_of

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.models.folder import ModelFolder

__all__ = ["ImportRequest", "Imported", "import_official"]


@dataclass
class Imported:
    """What came of an import.

    Attributes:
        facts: sentences about what was recognised, in order.
        warnings: sentences a user must see.
        folders: (label, model folder, whether it was there before), encoders first.
    """

    facts: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    folders: list[tuple[str, Path, bool]] = field(default_factory=list)


@dataclass(frozen=True)
class _Filled:
    """The networks of one part, fitted: name in the model folder -> state or file, and the part's own ones."""

    states: Mapping[str, Mapping[str, Tensor]]
    sources: Mapping[str, Source]
    own: frozenset[str]


def import_official(
    request: ImportRequest, benchmarks: Benchmarks, workspace: Workspace, *, dry_run: bool = False
) -> Imported:
    """Return what was imported. Asking again finds the folders and writes nothing.

    Args:
        request: what is asked.
        benchmarks: content of benchmarks.toml.
        workspace: where the model folders go.
        dry_run: check everything and write nothing.

    Raises:
        UserError: a file is not what it should be, files do not belong together, or one that is needed is nowhere.
    """
    plan = plan_import(request, benchmarks, workspace)
    imported = Imported([*plan.facts], [*plan.warnings])
    encoders: dict[str, EncoderDescription] = {}
    judges: list[ModelFolder] = []
    for name, encoder in plan.encoders.items():
        folder = encoder.folder
        if folder is None and encoder.needed and encoder.complete:
            filled = _filled(encoder, plan, imported)
            folder = _write(encoder, plan, filled, {}, (), workspace, imported, dry_run=dry_run)
        if folder is None:
            encoders[name] = _described(encoder, plan)
        else:
            judges.append(folder)
            encoders[name] = EncoderDescription(
                plugin=encoder.plugin_name,
                parameters=folder.parameters,
                trained=folder.identity,
                identity=folder.identity,
                weights=folder.weights,
            )
    filled = _filled(plan.target, plan, imported)
    seen = tuple(digest for folder in judges for digest in (folder.weights, folder.identity))
    _write(plan.target, plan, filled, encoders, seen, workspace, imported, dry_run=dry_run)
    return imported


def _filled(part: Part, plan: ImportPlan, imported: Imported) -> _Filled:
    """Return the states of all networks in a part's folder, each converted and fitted."""
    encoders = {}
    if part is plan.target:
        encoders = {name: (encoder.plugin, encoder.parameters) for name, encoder in plan.encoders.items()}
    slots = slots_of(part.plugin, part.parameters, plan.words, encoders)
    states, sources = {}, {}
    for name, slot in slots.items():
        owner = plan.encoders[slot.owner] if slot.owner else part
        if owner.folder is not None:
            states[name] = _from_folder(owner.folder, slot.network)
            continue
        source = sources[name] = owner.sources[slot.network]
        given = convert(owner.plugin, slot.network, source.tensors, source.where)
        fitted = fit(slot.state, given, source.where, source.known.text)
        states[name] = fitted.state
        fact = _fact(source, slot, fitted.filled)
        if fact not in imported.facts:  # a text encoder fills a folder of its own and the model's
            imported.facts.append(fact)
            if fitted.rounded:
                kinds = ", ".join(f"{count} in {kind}" for kind, count in fitted.rounded.items())
                imported.warnings.append(
                    f"{source.where} holds weights of half precision ({kinds}): images may differ from those of the "
                    "original weights."
                )
            if fitted.not_finite:
                imported.warnings.append(
                    f"{len(fitted.not_finite)} tensors of {source.where} hold NaN or infinity "
                    f"({', '.join(fitted.not_finite[:3])}): what is made with them will not be finite."
                )
    return _Filled(states, sources, frozenset(name for name, slot in slots.items() if not slot.owner))


def _from_folder(folder: ModelFolder, network: str) -> Mapping[str, Tensor]:
    from safetensors.torch import load_file

    return under(f"{network}/", load_file(folder.path / WEIGHTS))


def _fact(source: Source, slot: Slot, filled: int) -> str:
    told = ", ".join(f"{key} {value}" for key, value in source.known.official.parameters.items() if value is not None)
    parts = [
        f"{len(source.tensors)} tensors, {slot.parameters:,} parameters",
        f"{filled} counters of batch normalisation were absent and are 0" if filled else "",
        told,
        f"SHA-256 {source.sha256}",
    ]
    configuration = f", {source.configuration}" if source.configuration else ""
    return f"{source.where}: {source.known.text}{configuration}; {'; '.join(part for part in parts if part)}."


def _write(
    part: Part,
    plan: ImportPlan,
    filled: _Filled,
    encoders: Mapping[str, EncoderDescription],
    seen: Sequence[str],
    workspace: Workspace,
    imported: Imported,
    *,
    dry_run: bool,
) -> ModelFolder | None:
    """Return the part's model folder, written now unless it is there; None in a dry run that would write it."""
    files = {source.path.name: source.sha256 for source in filled.sources.values()}
    if plan.captions is not None:
        files[plan.captions.name] = plan.captions_sha256
    content = {
        "import": 1,
        "kind": part.kind,
        "plugin": part.plugin_name,
        "parameters": part.parameters.model_dump(mode="json"),
        "encoders": {name: encoder.model_dump(mode="json") for name, encoder in encoders.items()},
        "networks": {name: [filled.sources[name].sha256, filled.sources[name].place] for name in sorted(filled.own)},
        "words": list(plan.words),
        "licence": part.licence,
    }
    run = workspace.runs / part.label.replace(":", "--") / plan.dataset / digest_of(content)[:12]
    path = run / "model" / "step-000000"
    there = is_model_folder(path) and not fault_of(path, deep=False)
    imported.folders.append((part.label, path, there))
    if there:
        return read_model_folder(path, verify=False)
    if dry_run:
        return None
    name, _, variant = part.label.partition(":")
    card = dataclasses.replace(
        part.plugin.card(),
        title=part.title,
        licence=part.licence,
        origin=Origin.OFFICIAL_WEIGHTS,
        trained_with=tuple(seen),
    )
    card = dataclasses.replace(card, notes=(*card.notes, f"Converted from the official {', '.join(files)}."))
    description = ModelDescription(
        kind=part.kind,
        plugin=part.plugin_name,
        name=name,
        variant=variant,
        parameters=part.parameters.model_dump(mode="json"),
        dataset=plan.dataset,
        steps=0,
        encoders=encoders,
        originals=files,
        card=card,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment("cpu"),
    )
    tensors = {f"{name}/{key}": value for name, state in filled.states.items() for key, value in state.items()}
    return write_model_folder(path, description, tensors, plan.words)


def _described(encoder: Part, plan: ImportPlan) -> EncoderDescription:
    """Return the description of an encoder of which no folder is made, as a file of it is lacking."""
    files = {network: source.sha256 for network, source in encoder.sources.items()}
    parameters = encoder.parameters.model_dump(mode="json")
    digest = digest_of({"plugin": encoder.plugin_name, "parameters": parameters, "files": files, "words": plan.words})
    weights = next(iter(files.values()), "")
    return EncoderDescription(
        plugin=encoder.plugin_name, parameters=parameters, trained=digest, identity=digest, weights=weights
    )
