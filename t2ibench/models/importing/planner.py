"""From a request to import to its plan: which file is which network, with which parameters, words and encoders.

Nothing is written here; what is missing or does not belong together is told before anything is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from t2ibench.core.errors import UserError, unknown_name
from t2ibench.core.files import digest_of_file
from t2ibench.core.official import ImportsOfficial
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, Name, TrainableEntry
from t2ibench.core.spec.recipes import settings_for
from t2ibench.core.workspace import Workspace
from t2ibench.models.find import find_models
from t2ibench.models.importing.plan import ImportPlan, ImportRequest, Part
from t2ibench.models.importing.sources import (
    Source,
    agreed_dataset,
    by_network,
    find_encoders_near,
    read_sources,
)
from t2ibench.models.importing.words import TEXT_ENCODER, find_words
from t2ibench.models.official.networks import Slot, placeholder_words, slots_of
from t2ibench.models.parameters import checked_parameters

_NAME: Final = TypeAdapter(Name)


def plan_import(request: ImportRequest, benchmarks: Benchmarks, workspace: Workspace) -> ImportPlan:
    """Return the plan of an import.

    Raises:
        UserError: see `import_official`.
    """
    return _Planner(request, benchmarks, workspace).plan()


class _Planner:
    """One import being planned."""

    def __init__(self, request: ImportRequest, benchmarks: Benchmarks, workspace: Workspace) -> None:
        self.request = request
        self.benchmarks = benchmarks
        self.workspace = workspace
        self.facts: list[str] = []
        self.warnings: list[str] = []
        self._files: dict[Path, list[Source]] = {}
        base, _, variant = benchmarks.spelled(request.model).partition(":")
        if variant and request.variant:
            raise UserError(f"Both {request.model!r} and --variant {request.variant} name a variant; give one of them.")
        self.name = base
        self.variant = variant or request.variant
        self.kind, self.plugin_name, self.entry = _named(base, benchmarks)
        self.plugin = registry(f"{self.kind}s")[self.plugin_name]
        if not isinstance(self.plugin, ImportsOfficial):
            raise UserError(
                f"{base} has no import of official files: its class lacks `recognise` and `official_state`."
            )
        if request.dataset is not None and request.dataset not in benchmarks.datasets:
            raise unknown_name("data set", request.dataset, benchmarks.datasets)
        self.label = _checked_label(request.name, self.name, benchmarks)

    def plan(self) -> ImportPlan:
        """Return the plan."""
        sources = self._named_sources()
        own = by_network(source for source in sources if self._is_own(source))
        others = [source for source in sources if not self._is_own(source)]
        self._refuse_strangers(own, others)
        dataset = agreed_dataset(sources, self.request.dataset)
        encoders = self._encoders(own, others, dataset)
        slots = self._slots(own, encoders, dataset)
        needed = _networks(slots, "")
        if self.kind == "encoder":
            own |= self._find_near(own, needed, dataset)
        self._require_own(own, needed)
        own = {network: source for network, source in own.items() if self._kept(source, needed)}
        for name, encoder in encoders.items():
            wanted = _networks(slots, name)
            found = self._find_near(encoder.sources, wanted, dataset) if wanted else {}
            encoders[name] = replace(encoder, sources={**encoder.sources, **found})
        every = [*own.values(), *(source for encoder in encoders.values() for source in encoder.sources.values())]
        dataset = agreed_dataset(every, self.request.dataset)
        if not dataset:
            raise UserError(
                f"The shapes in {', '.join(source.where for source in every)} do not tell which data set the model "
                "belongs to. Name it, as in --data cub or --data coco."
            )
        encoders = {
            name: self._settled(name, encoder, _networks(slots, name), dataset) for name, encoder in encoders.items()
        }
        variant = self._variant(own, dataset)
        target = self._part(self.name, self.kind, self.entry, self.plugin_name, own, dataset, variant)
        if self.request.name is not None:
            target = replace(target, label=self.label)
        target = replace(target, needed=needed, licence=self.request.licence or target.licence)
        words = find_words(self.request, [target, *encoders.values()], dataset, self.workspace)
        self.facts += words.facts
        self.warnings += words.warnings
        sha256 = digest_of_file(words.captions) if words.captions else ""
        return ImportPlan(
            target, encoders, dataset, words.words, words.captions, sha256, tuple(self.facts), tuple(self.warnings)
        )

    def _named_sources(self) -> list[Source]:
        """Return the networks in the files that the user named, each file once."""
        roles = {TEXT_ENCODER: self.request.text_encoder, "image_encoder": self.request.image_encoder}
        for role, path in roles.items():
            if path is not None and role not in {source.network for source in self._read(path)}:
                is_rather = self._read(path)[0].known.text
                option = "--" + role.replace("_", "-")
                raise UserError(f"{option} {path} is {is_rather}, not {'an' if role[0] == 'i' else 'a'} {role}.")
        paths = [*self.request.files, *(path for path in roles.values() if path is not None)]
        if not paths:
            raise UserError("No file was named: give the .pth file of the weights.")
        unique = {path.resolve(): path for path in paths}
        return [source for path in unique.values() for source in self._read(path)]

    def _read(self, path: Path) -> list[Source]:
        """Return the networks in a file, read once."""
        if path not in self._files:
            self._files[path] = read_sources(path, [(f"{self.kind}s", self.plugin_name)])
        return self._files[path]

    def _is_own(self, source: Source) -> bool:
        return (source.known.kind, source.known.plugin) == (f"{self.kind}s", self.plugin_name)

    def _refuse_strangers(self, own: Mapping[str, Source], others: Sequence[Source]) -> None:
        """Raise the error for another model's networks, and for encoders without the model."""
        for source in others:
            if source.known.kind == "models":
                raise UserError(
                    f"{source.where} is {source.known.text}, not one of {self.name}'s networks. "
                    f"`t2ibench import {source.known.plugin} {source.path}` imports it."
                )
        if not own and others:
            names = " and ".join(f"{source.where} ({source.known.text})" for source in others)
            paths = " ".join(str(source.path) for source in others)
            raise UserError(
                f"Of {self.name} itself there is nothing in {names}. Name its generator's file too, or import the "
                f"encoders alone with `t2ibench import {others[0].known.plugin} {paths}`."
            )

    def _encoders(self, own: Mapping[str, Source], others: Sequence[Source], dataset: str) -> dict[str, Part]:
        """Return the encoders the target needs, with the files of theirs that the user named."""
        if self.kind == "encoder":
            if others:
                raise UserError(f"{others[0].where} is {others[0].known.text}, which has no part in {self.name}.")
            return {}
        names = self.plugin.requirements(self._parameters(own, dataset))
        encoders = {}
        for name in names:
            entry = self.benchmarks.encoders.get(name)
            plugin_name = entry.plugin if entry else name
            theirs = [source for source in others if source.known.plugin == plugin_name]
            encoders[name] = self._part(name, "encoder", entry, plugin_name, by_network(theirs), dataset, "")
        for source in others:
            if all(encoder.plugin_name != source.known.plugin for encoder in encoders.values()):
                raise UserError(f"{source.where} is {source.known.text}, which {self.name} does not use.")
        return encoders

    def _part(
        self,
        name: str,
        kind: Literal["model", "encoder"],
        entry: TrainableEntry | None,
        plugin_name: str,
        sources: Mapping[str, Source],
        dataset: str,
        variant: str,
    ) -> Part:
        plugin = registry(f"{kind}s")[plugin_name]
        told = _told(sources)
        settings = settings_for(entry, dataset, variant)[1] if entry else {}
        label = f"{name}:{variant}" if variant else name
        title = (entry.title if entry else "") or plugin.card().title
        if variant and entry:
            title = entry.variants[variant].title or f"{title}, {variant}"
        licence = getattr(plugin, "official_licence", None) or plugin.card().licence
        parameters = checked_parameters(plugin, label, settings | told)
        return Part(kind, plugin_name, plugin, label, title, licence, parameters, sources)

    def _parameters(self, own: Mapping[str, Source], dataset: str) -> Any:
        return self._part(self.name, self.kind, self.entry, self.plugin_name, own, dataset, "").parameters

    def _slots(self, own: Mapping[str, Source], encoders: Mapping[str, Part], dataset: str) -> dict[str, Slot]:
        """Return the networks that the target's folder will hold; sizes of vocabularies are made up."""
        needed = {name: (encoder.plugin, encoder.parameters) for name, encoder in encoders.items()}
        return slots_of(self.plugin, self._parameters(own, dataset), placeholder_words(2), needed)

    def _find_near(self, given: Mapping[str, Source], wanted: Sequence[str], dataset: str) -> dict[str, Source]:
        """Return encoder files found beside the user's, where one is wanted; what was taken becomes a fact."""
        if TEXT_ENCODER not in wanted:
            return {}
        files = [*self.request.files, *(source.path for source in given.values())]
        found = find_encoders_near(files, given, dataset, self._read)
        self.facts += [f"Found {source.path}: taken as {source.known.text}." for source in found.values()]
        return found

    def _require_own(self, own: Mapping[str, Source], needed: Sequence[str]) -> None:
        """Raise the error for a network of the target that no file holds."""
        missing = [network for network in needed if network not in own]
        if not missing:
            return
        names = " and ".join(f"{source.where} is {source.known.text}" for source in own.values())
        if self.kind == "model":
            kind = "a discriminator, which makes no images" if "discriminator" in names else "another network"
            raise UserError(f"{names}, {kind}: name the file of {self.name}'s {missing[0]}.")
        example = _encoder_file(next(iter(own.values())).dataset, missing[0])
        raise UserError(f"{names}; {self.name} needs its {missing[0]} as well, {example}: name that file too.")

    def _kept(self, source: Source, needed: Sequence[str]) -> bool:
        if source.network not in needed:
            self.facts.append(f"{source.where}: {source.known.text}, left out, as making images does not need it.")
        return source.network in needed

    def _settled(self, name: str, encoder: Part, wanted: Sequence[str], dataset: str) -> Part:
        """Return an encoder with its final parameters; one from the workspace where no file was named or found."""
        encoder = self._part(
            name, "encoder", self.benchmarks.encoders.get(name), encoder.plugin_name, encoder.sources, dataset, ""
        )
        every = _networks(slots_of(encoder.plugin, encoder.parameters, placeholder_words(2), {}), "") if wanted else ()
        encoder = replace(encoder, needed=every)
        missing = [network for network in wanted if network not in encoder.sources]
        if not missing:
            return encoder
        found = [one for one in find_models(self.workspace, name, dataset) if one.description.imported]
        if found and not encoder.sources:
            self.facts.append(f"No {missing[0]} was named: taking the imported {name} in {found[0].path}.")
            parameters = checked_parameters(encoder.plugin, name, found[0].parameters)
            return replace(encoder, folder=found[0], parameters=parameters)
        text, image = (_encoder_file(dataset, network) for network in (TEXT_ENCODER, "image_encoder"))
        raise UserError(
            f"{self.name} reads captions with the text encoder it was trained with, {text}, and none was named or "
            f"found beside {self.request.files[0]}: name that file too (beside it belongs {image}, whose name the "
            f"official code derives from it), or first import both with `t2ibench import {name}`."
        )

    def _variant(self, own: Mapping[str, Source], dataset: str) -> str:
        """Return the variant asked for, checked against the shapes, or the one that the shapes are of."""
        if self.entry is None:
            return ""
        told = _told(own)
        if self.variant:
            wanted = settings_for(self.entry, dataset, self.variant)[1]
            for key in self.entry.variants[self.variant].parameters:
                if key in told and told[key] != wanted[key]:
                    raise UserError(
                        f"The variant {self.variant} has {key} = {wanted[key]}, but the file has {told[key]}. Leave "
                        "--variant out, or name another file."
                    )
            return self.variant
        plain = self._parameters({}, dataset)
        differing = {key for key, value in told.items() if value != getattr(plain, key)}
        best, most = "", 0
        for name, setting in self.entry.variants.items():
            known = {key: value for key, value in setting.parameters.items() if key in told}
            if len(differing & known.keys()) > most and all(told[key] == value for key, value in known.items()):
                best, most = name, len(differing & known.keys())
        return best


def _named(name: str, benchmarks: Benchmarks) -> tuple[Literal["model", "encoder"], str, TrainableEntry | None]:
    """Return kind, plug-in and table of a name of benchmarks.toml, or of a plug-in alone."""
    if name in benchmarks.models:
        return "model", benchmarks.models[name].plugin, benchmarks.models[name]
    if name in benchmarks.encoders:
        return "encoder", benchmarks.encoders[name].plugin, benchmarks.encoders[name]
    if name in registry("models"):
        return "model", name, None
    if name in registry("encoders"):
        return "encoder", name, None
    known = {*benchmarks.models, *benchmarks.encoders, *registry("models"), *registry("encoders")}
    raise unknown_name("model", name, known, hint="`t2ibench list models` shows them all.")


def _checked_label(name: str | None, model: str, benchmarks: Benchmarks) -> str:
    """Return the name in the workspace."""
    if name is None:
        return model
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        raise UserError(
            f"--name {name!r} is no name: use small letters, digits, '-', '_' and '.', as in attngan-official."
        ) from error
    if name != model and (name in benchmarks.models or name in benchmarks.encoders):
        raise UserError(f"--name {name} is the name of another model; choose one that is free.")
    return name


def _told(sources: Mapping[str, Source]) -> dict[str, Any]:
    """Return the parameters that the shapes of all sources tell."""
    told: dict[str, Any] = {}
    for source in sources.values():
        told |= source.known.official.parameters
    return told


def _networks(slots: Mapping[str, Slot], owner: str) -> tuple[str, ...]:
    return tuple(slot.network for slot in slots.values() if slot.owner == owner)


def _encoder_file(dataset: str, network: str) -> str:
    """Return the official file of a DAMSM encoder, as in "text_encoder200.pth of DAMSMencoders/bird"."""
    if dataset == "coco":
        return f"{network}100.pth of DAMSMencoders/coco"
    return f"{network}200.pth of DAMSMencoders/bird"
