"""From a request to import to its plan: which file is which network, with which parameters, words and encoders.

Nothing is written here; what is missing or does not belong together is told before anything is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import TypeAdapter, ValidationError

from t2ibench.core.errors import UserError, require_known, unknown_name
from t2ibench.core.official import ImportsOfficial
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, Name, TrainableEntry
from t2ibench.core.spec.recipes import named, settings_for, title_for
from t2ibench.core.workspace import Workspace
from t2ibench.models.find import find_models
from t2ibench.models.importing.plan import Imported, ImportPlan, ImportRequest, Part
from t2ibench.models.importing.sources import (
    Source,
    agreed_dataset,
    by_network,
    find_encoders_near,
    read_sources,
)
from t2ibench.models.importing.words import TEXT_ENCODER, find_words
from t2ibench.models.official.networks import Slot, slots_of
from t2ibench.models.parameters import checked_parameters

_NAME: Final = TypeAdapter(Name)


class Planner:
    """One import being planned; errors as `import_official`.

    Args:
        request: what is asked.
        benchmarks: content of benchmarks.toml.
        workspace: where imported encoders and prepared data sets lie.
        imported: told what was found where, and what a user must see.
    """

    def __init__(
        self, request: ImportRequest, benchmarks: Benchmarks, workspace: Workspace, imported: Imported
    ) -> None:
        self.request = request
        self.benchmarks = benchmarks
        self.workspace = workspace
        self.imported = imported
        self._files: dict[Path, list[Source]] = {}
        base, self.variant = named(request.model, request.variant)
        self.name = benchmarks.spelled(base)
        self.kind = _kind_of(self.name, benchmarks)
        self.plugin_name, self.entry = self._named(self.kind, self.name)
        self.plugin = registry(f"{self.kind}s")[self.plugin_name]
        if not isinstance(self.plugin, ImportsOfficial):
            raise UserError(
                f"{self.name} has no import of official files: its class lacks `recognise` and `official_state`."
            )
        if request.dataset is not None:
            require_known("data set", benchmarks.datasets, request.dataset)
        if request.name is not None:
            _check_name(request.name, self.name, benchmarks)

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
        for name, given in encoders.items():
            given |= self._find_near(given, _networks(slots, name), dataset)
        every = [source for given in (own, *encoders.values()) for source in given.values()]
        dataset = agreed_dataset(every, self.request.dataset)
        if not dataset:
            raise UserError(
                f"The shapes in {', '.join(source.where for source in every)} do not tell which data set the model "
                "belongs to. Name it, as in --data cub or --data coco."
            )
        parts = {name: self._settled(name, given, _networks(slots, name), dataset) for name, given in encoders.items()}
        target = self._part(self.kind, self.name, own, dataset, self._variant(own, dataset))
        target = replace(
            target,
            label=self.request.name or target.label,
            needed=needed,
            licence=self.request.licence or target.licence,
        )
        words, file = find_words(self.request, [target, *parts.values()], dataset, self.workspace, self.imported)
        return ImportPlan(target, parts, dataset, words, file)

    def _named(self, kind: Literal["model", "encoder"], name: str) -> tuple[str, TrainableEntry | None]:
        """Return plug-in and table of a name of benchmarks.toml; None for the table of a plug-in alone."""
        entry = (self.benchmarks.models if kind == "model" else self.benchmarks.encoders).get(name)
        return (entry.plugin if entry else name), entry

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

    def _encoders(
        self, own: Mapping[str, Source], others: Sequence[Source], dataset: str
    ) -> dict[str, dict[str, Source]]:
        """Return the encoders the target needs, with the files of theirs that the user named."""
        if self.kind == "encoder":
            if others:
                raise UserError(f"{others[0].where} is {others[0].known.text}, which has no part in {self.name}.")
            return {}
        needed = self.plugin.requirements(self._own_parameters(own, dataset))
        plugins = {name: self._named("encoder", name)[0] for name in needed}
        for source in others:
            if source.known.plugin not in plugins.values():
                raise UserError(f"{source.where} is {source.known.text}, which {self.name} does not use.")
        return {
            name: by_network(source for source in others if source.known.plugin == plugin)
            for name, plugin in plugins.items()
        }

    def _part(
        self,
        kind: Literal["model", "encoder"],
        name: str,
        sources: Mapping[str, Source],
        dataset: str,
        variant: str = "",
    ) -> Part:
        plugin_name, entry = self._named(kind, name)
        plugin = registry(f"{kind}s")[plugin_name]
        settings = settings_for(entry, dataset, variant)[1] if entry else {}
        label = f"{name}:{variant}" if variant else name
        card = plugin.card()
        title = title_for(entry, card.title, variant) if entry else card.title
        licence = getattr(plugin, "official_licence", None) or card.licence
        parameters = checked_parameters(plugin, label, settings | _told(sources))
        return Part(kind, plugin_name, plugin, label, title, licence, parameters, sources)

    def _own_parameters(self, own: Mapping[str, Source], dataset: str) -> Any:
        return self._part(self.kind, self.name, own, dataset).parameters

    def _slots(
        self, own: Mapping[str, Source], encoders: Mapping[str, Mapping[str, Source]], dataset: str
    ) -> dict[str, Slot]:
        """Return the networks that the target's folder will hold; sizes of vocabularies are made up."""
        parts = {name: self._part("encoder", name, given, dataset) for name, given in encoders.items()}
        needed = {name: (part.plugin, part.parameters) for name, part in parts.items()}
        return slots_of(self.plugin, self._own_parameters(own, dataset), needed)

    def _find_near(self, given: Mapping[str, Source], wanted: Sequence[str], dataset: str) -> dict[str, Source]:
        """Return encoder files found beside the user's, where one is wanted; what was taken becomes a fact."""
        if TEXT_ENCODER not in wanted:
            return {}
        files = [*self.request.files, *(source.path for source in given.values())]
        found = find_encoders_near(files, given, dataset, self._read)
        self.imported.facts += [f"Found {source.path}: taken as {source.known.text}." for source in found.values()]
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
            self.imported.facts.append(
                f"{source.where}: {source.known.text}, left out, as making images does not need it."
            )
        return source.network in needed

    def _settled(self, name: str, sources: Mapping[str, Source], wanted: Sequence[str], dataset: str) -> Part:
        """Return an encoder with its final parameters; one from the workspace where no file was named or found."""
        encoder = self._part("encoder", name, sources, dataset)
        every = _networks(slots_of(encoder.plugin, encoder.parameters, {}), "") if wanted else ()
        encoder = replace(encoder, needed=every)
        missing = [network for network in wanted if network not in sources]
        if not missing:
            return encoder
        found = [one for one in find_models(self.workspace, name, dataset) if one.description.imported]
        if found and not sources:
            self.imported.facts.append(f"No {missing[0]} was named: taking the imported {name} in {found[0].path}.")
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
        plain = self._own_parameters({}, dataset)
        differing = {key for key, value in told.items() if value != getattr(plain, key)}
        best, most = "", 0
        for name, setting in self.entry.variants.items():
            known = {key: value for key, value in setting.parameters.items() if key in told}
            if len(differing & known.keys()) > most and all(told[key] == value for key, value in known.items()):
                best, most = name, len(differing & known.keys())
        return best


def _kind_of(name: str, benchmarks: Benchmarks) -> Literal["model", "encoder"]:
    """Return what a name of benchmarks.toml, or of a plug-in alone, is."""
    places: tuple[tuple[Literal["model", "encoder"], Mapping[str, Any]], ...] = (
        ("model", benchmarks.models),
        ("encoder", benchmarks.encoders),
        ("model", registry("models")),
        ("encoder", registry("encoders")),
    )
    for kind, names in places:
        if name in names:
            return kind
    known = {one for _, names in places for one in names}
    raise unknown_name("model", name, known, hint="`t2ibench list models` shows them all.")


def _check_name(name: str, model: str, benchmarks: Benchmarks) -> None:
    """Check a name for the workspace."""
    try:
        _NAME.validate_python(name)
    except ValidationError as error:
        raise UserError(
            f"--name {name!r} is no name: use small letters, digits, '-', '_' and '.', as in attngan-official."
        ) from error
    if name != model and (name in benchmarks.models or name in benchmarks.encoders):
        raise UserError(f"--name {name} is the name of another model; choose one that is free.")


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
