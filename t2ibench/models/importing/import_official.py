"""Carrying out an import: files of the official code become model folders in the workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from t2ibench.core.files import digest_of, digest_of_file
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
from t2ibench.models.importing.plan import Imported, ImportPlan, ImportRequest, Part
from t2ibench.models.importing.planner import Planner
from t2ibench.models.importing.sources import Source
from t2ibench.models.official import Fitted, convert, fit
from t2ibench.models.official.networks import Slot, slots_of

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.models.folder import ModelFolder

__all__ = ["ImportRequest", "Imported", "import_official"]


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
    imported = Imported()
    plan = Planner(request, benchmarks, workspace, imported).plan()
    writer = _Writer(plan, workspace, imported, dry_run)
    encoders: dict[str, EncoderDescription] = {}
    seen: list[str] = []
    for name, encoder in plan.encoders.items():
        folder = encoder.folder
        if folder is None and encoder.needed and encoder.complete:
            folder = writer.write(encoder)
        if folder is None:
            encoders[name] = _described(encoder, plan)
        else:
            seen += [folder.weights, folder.identity]
            encoders[name] = EncoderDescription(
                plugin=encoder.plugin_name,
                parameters=folder.parameters,
                trained=folder.identity,
                identity=folder.identity,
                weights=folder.weights,
            )
    writer.write(plan.target, encoders, tuple(seen))
    return imported


@dataclass(frozen=True)
class _Writer:
    """Makes model folders of a plan's parts."""

    plan: ImportPlan
    workspace: Workspace
    imported: Imported
    dry_run: bool

    def write(
        self, part: Part, encoders: Mapping[str, EncoderDescription] | None = None, seen: tuple[str, ...] = ()
    ) -> ModelFolder | None:
        """Return the part's model folder, written now unless it is there; None in a dry run that would write it."""
        plan, encoders = self.plan, encoders or {}
        slots, tensors, sources = self._filled(part)
        own = sorted(name for name, slot in slots.items() if not slot.owner)
        files = {source.path.name: source.sha256 for source in sources.values()}
        if plan.captions is not None:
            files[plan.captions.name] = digest_of_file(plan.captions)
        parameters = part.parameters.model_dump(mode="json")
        content = {
            "import": 1,
            "kind": part.kind,
            "plugin": part.plugin_name,
            "parameters": parameters,
            "encoders": {name: encoder.model_dump(mode="json") for name, encoder in encoders.items()},
            "networks": {name: [sources[name].sha256, sources[name].place] for name in own},
            "words": list(plan.words),
            "licence": part.licence,
        }
        run = self.workspace.runs / part.label.replace(":", "--") / plan.dataset / digest_of(content)[:12]
        path = run / "model" / "step-000000"
        there = is_model_folder(path) and not fault_of(path, deep=False)
        self.imported.folders.append((part.label, path, there))
        if there:
            return read_model_folder(path, verify=False)
        if self.dry_run:
            return None
        name, _, variant = part.label.partition(":")
        card = part.plugin.card()
        description = ModelDescription(
            kind=part.kind,
            plugin=part.plugin_name,
            name=name,
            variant=variant,
            parameters=parameters,
            dataset=plan.dataset,
            steps=0,
            encoders=encoders,
            originals=files,
            card=replace(
                card,
                title=part.title,
                licence=part.licence,
                origin=Origin.OFFICIAL_WEIGHTS,
                trained_with=seen,
                notes=(*card.notes, f"Converted from the official {', '.join(files)}."),
            ),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            environment=environment("cpu"),
        )
        return write_model_folder(path, description, tensors, plan.words)

    def _filled(self, part: Part) -> tuple[dict[str, Slot], dict[str, Tensor], dict[str, Source]]:
        """Return the networks of a part's folder, all their tensors, converted and fitted, and network -> file."""
        plan, imported = self.plan, self.imported
        encoders = {}
        if part is plan.target:
            encoders = {name: (encoder.plugin, encoder.parameters) for name, encoder in plan.encoders.items()}
        slots = slots_of(part.plugin, part.parameters, encoders, plan.words)
        tensors: dict[str, Tensor] = {}
        sources: dict[str, Source] = {}
        for name, slot in slots.items():
            owner = plan.encoders[slot.owner] if slot.owner else part
            if owner.folder is not None:
                state = _from_folder(owner.folder, slot.network)
            else:
                source = sources[name] = owner.sources[slot.network]
                given = convert(owner.plugin, slot.network, source.tensors, source.where)
                fitted = fit(slot.state, given, source.where, source.known.text)
                state = fitted.state
                fact = _fact(source, slot, fitted.filled)
                if fact not in imported.facts:  # a text encoder fills a folder of its own and the model's
                    imported.facts.append(fact)
                    imported.warnings += _flaws(source, fitted)
            tensors |= {f"{name}/{key}": value for key, value in state.items()}
        return slots, tensors, sources


def _from_folder(folder: ModelFolder, network: str) -> Mapping[str, Tensor]:
    from safetensors.torch import load_file

    return under(f"{network}/", load_file(folder.path / WEIGHTS))


def _flaws(source: Source, fitted: Fitted) -> list[str]:
    """Return sentences about weights that are rounded or not finite."""
    flaws = []
    if fitted.rounded:
        kinds = ", ".join(f"{count} in {kind}" for kind, count in fitted.rounded.items())
        flaws.append(
            f"{source.where} holds weights of half precision ({kinds}): images may differ from those of the "
            "original weights."
        )
    if fitted.not_finite:
        flaws.append(
            f"{len(fitted.not_finite)} tensors of {source.where} hold NaN or infinity "
            f"({', '.join(fitted.not_finite[:3])}): what is made with them will not be finite."
        )
    return flaws


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


def _described(encoder: Part, plan: ImportPlan) -> EncoderDescription:
    """Return the description of an encoder of which no folder is made, as a file of it is lacking."""
    files = {network: source.sha256 for network, source in encoder.sources.items()}
    parameters = encoder.parameters.model_dump(mode="json")
    digest = digest_of({"plugin": encoder.plugin_name, "parameters": parameters, "files": files, "words": plan.words})
    weights = next(iter(files.values()), "")
    return EncoderDescription(
        plugin=encoder.plugin_name, parameters=parameters, trained=digest, identity=digest, weights=weights
    )
