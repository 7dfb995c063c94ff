"""The schema of benchmarks.toml, how it is found, and the resolved training spec that gives a run its identity.

Everything that can change a number stands in a frozen value here; nothing that does is a global, an environment
variable or a default inside a function.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from t2ibench.errors import UserError, unknown_name
from t2ibench.files import digest_of

FILE_NAME = "benchmarks.toml"
TRAINING_VERSION = 1
"""Raised by hand whenever a change to the training loop or data order could move a weight."""

Value = bool | int | float | str | list[int] | list[str]
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$", max_length=60)]


class Frozen(BaseModel):
    """Base of every spec: immutable, unknown keys refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Setting(Frozen):
    """Overrides for one data set or one variant. `steps` None keeps the outer value."""

    title: str = ""
    steps: int | None = Field(default=None, ge=1)
    parameters: Mapping[str, Value] = Field(default_factory=dict)


class TrainableEntry(Frozen):
    """A model or an encoder: which plug-in, how long, with which parameters, where they differ."""

    plugin: Name
    title: str = ""
    steps: int = Field(ge=1)
    parameters: Mapping[str, Value] = Field(default_factory=dict)
    on: Mapping[Name, Setting] = Field(default_factory=dict)
    variants: Mapping[Name, Setting] = Field(default_factory=dict)


class SourceFile(Frozen):
    """A file that has to be fetched or brought by hand. `sha256` "" means: recorded on first use, checked after."""

    url: str
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    note: str = ""


class DatasetEntry(Frozen):
    """A data set: its adapter, the protocol it is judged by, its adapter's options and expected counts."""

    adapter: Name
    title: str = ""
    protocol: Name
    options: Mapping[str, Value] = Field(default_factory=dict)
    splits: Mapping[Name, int] = Field(default_factory=dict)
    captions_per_image: int = Field(default=10, ge=1)
    files: Mapping[str, SourceFile] = Field(default_factory=dict)


class FeatureEntry(Frozen):
    """A feature extractor with the weights it needs; `url` and `sha256` go into the error for a missing file."""

    plugin: Name
    file: str = ""
    url: str = ""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{8,64})?$")


class MetricEntry(Frozen):
    """A column: a metric on the features of one extractor, with the metric's options."""

    metric: Name
    features: Name
    options: Mapping[str, Value] = Field(default_factory=dict)


class ProtocolEntry(Frozen):
    """How models are judged. Everything here is hashed into every number.

    Attributes:
        split: whose captions are used.
        samples: pictures a row; 0 means every caption of the split once.
        captions: "spread": captions in a keyed order that visits every image before any twice.
        seed: of the keyed noise, the caption order and the negatives.
        quantise: float picture to uint8: "round" to nearest, or "truncate" as the official code.
        resolution: side in pixels that all rows' pictures are judged at; others are resized.
        negatives: mismatching captions a query is ranked against.
        exclude: captions that may not serve as negatives: those of the query's class, or of its image alone.
        metrics: columns.
        controls: rows every table of this protocol carries.
    """

    title: str = ""
    split: Name = "test"
    samples: int = Field(default=0, ge=0)
    captions: Literal["spread"] = "spread"
    seed: int = 100
    quantise: Literal["round", "truncate"] = "round"
    resolution: int = Field(default=256, ge=16)
    negatives: int = Field(default=99, ge=1)
    exclude: Literal["class", "image"] = "class"
    metrics: tuple[Name, ...]
    controls: tuple[Name, ...] = ()


class SuiteEntry(Frozen):
    """Models (with variants as "model:variant") to train, evaluate and report on one data set.

    `shipped` are evaluated beside them as they came with the package, without training.
    """

    title: str = ""
    data: Name
    models: tuple[str, ...]
    shipped: tuple[str, ...] = ()
    report: Name = "leaderboard"


class Benchmarks(Frozen):
    """The whole of benchmarks.toml."""

    schema_: Literal[1] = Field(alias="schema")
    datasets: Mapping[Name, DatasetEntry]
    encoders: Mapping[Name, TrainableEntry] = Field(default_factory=dict)
    models: Mapping[Name, TrainableEntry]
    features: Mapping[Name, FeatureEntry] = Field(default_factory=dict)
    metrics: Mapping[Name, MetricEntry] = Field(default_factory=dict)
    protocols: Mapping[Name, ProtocolEntry] = Field(default_factory=dict)
    suites: Mapping[Name, SuiteEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_agree(self) -> Benchmarks:
        for name, dataset in self.datasets.items():
            _known(f"datasets.{name}.protocol", dataset.protocol, self.protocols)
        for name, metric in self.metrics.items():
            _known(f"metrics.{name}.features", metric.features, self.features)
        for name, protocol in self.protocols.items():
            for column in protocol.metrics:
                _known(f"protocols.{name}.metrics", column, self.metrics)
        for name, suite in self.suites.items():
            _known(f"suites.{name}.data", suite.data, self.datasets)
            for model in (*suite.models, *suite.shipped):
                base, _, variant = model.partition(":")
                _known(f"suites.{name}.models", base, self.models)
                if variant:
                    _known(f"suites.{name}.models", variant, self.models[base].variants)
        return self


@dataclass(frozen=True)
class LoadedBenchmarks:
    """benchmarks.toml as read: its content, where it was found, the SHA-256 of its bytes."""

    content: Benchmarks
    path: Path
    digest: str


def find_benchmarks(explicit: Path | None = None) -> Path:
    """Return the benchmarks.toml in force: `explicit`, else that of the working directory or a parent, else ours.

    Raises:
        UserError: `explicit` does not exist, or nothing was found.
    """
    if explicit is not None:
        if not explicit.is_file():
            raise UserError(f"{explicit} does not exist: --config wants a benchmarks.toml.")
        return explicit
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
    package = Path(str(files("t2ibench")))
    for candidate in (package / FILE_NAME, package.parent / FILE_NAME):
        if candidate.is_file():
            return candidate
    raise UserError(
        f"No {FILE_NAME} was found from {here} upwards nor in the package; reinstall t2ibench or use --config."
    )


def load_benchmarks(explicit: Path | None = None) -> LoadedBenchmarks:
    """Return the checked content of benchmarks.toml.

    Raises:
        UserError: the file is not TOML, or a key is unknown, missing or of the wrong form (all named).
    """
    path = find_benchmarks(explicit)
    try:
        text = path.read_bytes()
        content = Benchmarks.model_validate(tomllib.loads(text.decode("utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise UserError(f"{path}: {describe(error)}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    return LoadedBenchmarks(content, path, hashlib.sha256(text).hexdigest())


def describe(error: ValidationError) -> str:
    """Return the first fault of a pydantic error as a sentence: the key and what was expected."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        message = "this key is not known here"
    found = first.get("input")
    shown = f" (found {found!r})" if isinstance(found, str | int | float | bool) else ""
    more = error.error_count() - 1
    rest = f" {more} more fault{'s' if more > 1 else ''} follow{'s' if more == 1 else ''}." if more else ""
    return f"{f'key {key}: ' if key else ''}{message}{shown}.{rest}"


class TrainingSpec(Frozen):
    """A resolved request to train: its digest names the run folder, so that the same request resumes.

    Attributes:
        kind: "model" or "encoder".
        name: as in benchmarks.toml, without the variant.
        variant: "" for none.
        plugin: registered name.
        parameters: every parameter of the plug-in, defaults filled in.
        dataset: name of the data set.
        manifest: digest of the prepared data set's manifest.
        encoders: encoder name -> identity of the trained encoder used.
        seed: of initialisation, data order and noise.
        precision: of the arithmetic, as lightning-fabric names it.
        version: of the training loop.
    """

    kind: Literal["model", "encoder"]
    name: Name
    variant: str = ""
    plugin: Name
    parameters: Mapping[str, Any]
    dataset: Name
    manifest: str
    encoders: Mapping[str, str] = Field(default_factory=dict)
    seed: int = 0
    precision: str = "32-true"
    version: int = TRAINING_VERSION

    @property
    def digest(self) -> str:
        """SHA-256 of the spec. The number of steps is not part of it: a longer request continues the same run."""
        return digest_of(self.model_dump(mode="json"))

    @property
    def label(self) -> str:
        """The name with its variant, as in "attngan:attngan1"."""
        return f"{self.name}:{self.variant}" if self.variant else self.name


def settings_for(entry: TrainableEntry, dataset: str, variant: str = "") -> tuple[int, dict[str, Any]]:
    """Return (steps, parameters) of an entry on a data set: the entry's own, then the data set's, then the variant's.

    Raises:
        UserError: the variant is not known.
    """
    steps, parameters = entry.steps, dict(entry.parameters)
    layers = [entry.on[dataset]] if dataset in entry.on else []
    if variant:
        if variant not in entry.variants:
            raise unknown_name(f"variant of {entry.plugin}", variant, entry.variants)
        layers.append(entry.variants[variant])
    for setting in layers:
        steps = setting.steps or steps
        parameters.update(setting.parameters)
    return steps, parameters


def _known(key: str, name: str, names: Mapping[str, Any]) -> None:
    if name not in names:
        raise ValueError(f"{key}: {unknown_name('entry', name, names)}")
