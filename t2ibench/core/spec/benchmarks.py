"""The schema of benchmarks.toml, how it is found, and the resolved training spec that gives a run its identity.

Everything that can change a number stands in a frozen value here; nothing that does is a global, an environment
variable or a default inside a function.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, model_validator

from t2ibench.core.errors import UserError, unknown_name
from t2ibench.core.files import digest_of
from t2ibench.core.machine.arithmetic import Arithmetic
from t2ibench.core.spec.frozen import Frozen as Frozen
from t2ibench.core.spec.frozen import Name as Name
from t2ibench.core.spec.likeness import with_likeness
from t2ibench.core.spec.studies import ClaimEntry, ProbeEntry

FILE_NAME = "benchmarks.toml"
TRAINING_VERSION = 1
"""Raised by hand whenever a change to the training loop or data order could move a weight."""
Value = bool | int | float | str | list[int] | list[str]


class Setting(Frozen):
    """Overrides for a data set or a variant. `steps` and `seed` None keep the outer value; a seed asked for wins.

    `encoder_data` is the data set that the encoders it needs learn from instead of its own.
    """

    title: str = ""
    steps: int | None = Field(default=None, ge=1)
    seed: int | None = Field(default=None, ge=0)
    encoder_data: Name | None = None
    parameters: Mapping[str, Value] = Field(default_factory=dict)


class VariantEntry(Setting):
    """A variant. `on` are parameters that it has on one data set instead, as weights of a loss that is scaled there."""

    on: Mapping[Name, Mapping[str, Value]] = Field(default_factory=dict)


class TrainableEntry(Frozen):
    """A model or an encoder: which plug-in, how long, with which parameters, where they differ.

    `steps` is 0 for one that has nothing to learn.
    """

    plugin: Name
    title: str = ""
    steps: int = Field(ge=0)
    parameters: Mapping[str, Value] = Field(default_factory=dict)
    on: Mapping[Name, Setting] = Field(default_factory=dict)
    variants: Mapping[Name, VariantEntry] = Field(default_factory=dict)


class SourceFile(Frozen):
    """A file that has to be fetched or brought by hand. `sha256` "" means: recorded on first use, checked after.

    Attributes:
        mirrors: further addresses of the same file, tried in order.
        size: in bytes, 0 where it is not known.
        by_hand: whether only a person with a browser can fetch it.
        holds: paths that come out of it; where one is there already, it was unpacked before and is not fetched.
        instead_of: the file that it can stand in for; then it is not asked for, only taken.
    """

    url: str
    mirrors: tuple[str, ...] = ()
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{64})?$")
    size: int = Field(default=0, ge=0)
    by_hand: bool = False
    holds: tuple[str, ...] = ()
    instead_of: str = ""
    note: str = ""


class DatasetEntry(Frozen):
    """A data set: its adapter, the protocol it is judged by, its adapter's options and expected counts.

    Where models, encoders and protocols have nothing on it, they are on it as on the data set `like`.
    """

    adapter: Name
    like: str = ""
    title: str = ""
    protocol: Name
    options: Mapping[str, Value] = Field(default_factory=dict)
    splits: Mapping[Name, int] = Field(default_factory=dict)
    captions_per_image: int = Field(default=10, ge=1)
    files: Mapping[str, SourceFile] = Field(default_factory=dict)


class FeatureEntry(Frozen):
    """A feature extractor with the weights it needs; `url` and `sha256` go into the error for a missing file.

    `options` are the plug-in's own, as in { resize = "tensor" }; two entries that differ in them are two identities.
    `encoder` names the trained encoder that judges, as in "damsm:second", where it is not called like the plug-in,
    and `data` the data set that it was trained on, where that is not the one that is evaluated.
    """

    plugin: Name
    file: str = ""
    url: str = ""
    sha256: str = Field(default="", pattern=r"^([0-9a-f]{8,64})?$")
    encoder: str = ""
    data: str = ""
    options: Mapping[str, Value] = Field(default_factory=dict)


class MetricEntry(Frozen):
    """A column: a metric on the features of one extractor, with the metric's options.

    `profile` is the field's name for this way of measuring, as in "t2i-legacy"; it is shown in the column's head.
    `title` takes the place of the metric's own, where that would promise the field's usual network.
    """

    metric: Name
    features: Name
    options: Mapping[str, Value] = Field(default_factory=dict)
    profile: str = ""
    title: str = ""


class GenerationOptions(Frozen):
    """How a protocol has models make their images, where that is not their own way. All of it moves images.

    Attributes:
        parameters: plug-in parameters that may be set without other weights (the plug-in's `Parameters.at_generation`);
            given to the models that have them, noted in the records of those that have not.
        zero_latents: latents that are 0, their mean, instead of drawn: ("ca",) switches the noise of the conditioning
            augmentation off.
        batch_size: images made together, whatever --batch-size says; None leaves it free.
        batch_order: "longest-first": within a batch, captions of more words come first, as in the official loaders.
        precision: of the models' arithmetic, as lightning-fabric names it; judges compute in 32 bits always.
        compiled: whether torch.compile makes the models' kernels.
    """

    parameters: Mapping[str, Value] = Field(default_factory=dict)
    zero_latents: tuple[str, ...] = ()
    batch_size: int | None = Field(default=None, ge=1)
    batch_order: Literal["plan", "longest-first"] = "plan"
    precision: Literal["32-true", "bf16-mixed"] = "32-true"
    compiled: bool = False

    @model_validator(mode="after")
    def _batches_are_fixed(self) -> GenerationOptions:
        if self.batch_size is None and (self.batch_order != "plan" or self.parameters.get("official_mask")):
            raise ValueError("official_mask and batch_order make an image depend on its batch: set batch_size too")
        return self


class ProtocolEntry(Frozen):
    """How models are judged. Everything here is hashed into every number.

    Attributes:
        split: whose captions are used.
        samples: images a row; 0 means every caption of the split once.
        captions: "spread": captions in a keyed order that visits every image before any twice. "passes": the official
            loaders' order: passes over the shuffled images with one random caption each, what is left of a pass after
            its last full batch (`generation.batch_size`) is dropped, and a caption may come again in a later pass.
        seed: of the keyed noise, the caption order and the negatives.
        captions_each: images a caption gets before the next one's turn, each with its own noise; with "spread" only.
        quantise: float image to uint8: "round" to nearest, or "truncate" as the official code.
        resolution: side in pixels that all rows' images are judged at; others are resized.
        negatives: mismatching captions a query is ranked against.
        exclude: captions that may not serve as negatives: those of the query's class, or of its image alone.
        negatives_rule: "stored": one list a caption, without replacement, the same for all; "fresh": DM-GAN's, new for
            every image, a random image and one of its captions, with replacement. Both are keyed by the seed.
        generation: how models make their images, where that is not their own way.
        metrics: columns.
        controls: rows every table of this protocol carries.
        on: what differs on a data set; its tables and lists replace those above whole.
    """

    title: str = ""
    split: Name = "test"
    samples: int = Field(default=0, ge=0)
    captions: Literal["spread", "passes"] = "spread"
    captions_each: int = Field(default=1, ge=1)
    seed: int = 100
    quantise: Literal["round", "truncate"] = "round"
    resolution: int = Field(default=256, ge=16)
    negatives: int = Field(default=99, ge=1)
    exclude: Literal["class", "image"] = "class"
    negatives_rule: Literal["stored", "fresh"] = "stored"
    generation: GenerationOptions = GenerationOptions()
    metrics: tuple[Name, ...]
    controls: tuple[Name, ...] = ()
    on: Mapping[Name, Mapping[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _differences_fit(self) -> ProtocolEntry:
        if self.captions_each > 1 and self.captions != "spread":
            raise ValueError('captions_each above 1 goes with captions = "spread" only')
        for dataset in self.on:
            try:
                self.for_dataset(dataset)
            except ValidationError as error:
                raise ValueError(f"on.{dataset}: {describe(error)}") from error
        return self

    def for_dataset(self, name: str) -> ProtocolEntry:
        """Return the protocol as it is on one data set, without `on`."""
        if not self.on:
            return self
        kept = {key: value for key, value in self.model_dump(exclude_unset=True).items() if key != "on"}
        return ProtocolEntry.model_validate({**kept, **self.on.get(name, {})})

    @property
    def judged(self) -> dict[str, Any]:
        """Everything that can move a number besides the plan's images, as JSON values; its digest is in every record.

        Options that are younger than the first records are left out where they have their default, so that a number
        measured before they existed is still an answer to the same question.
        """
        values = self.model_dump(mode="json", exclude={"title", "metrics", "controls", "samples", "on"})
        own = Arithmetic(values["generation"].pop("precision"), values["generation"].pop("compiled"))
        for name, default in (
            ("negatives_rule", "stored"),
            ("captions_each", 1),
            ("generation", GenerationOptions().model_dump(mode="json", exclude={"precision", "compiled"})),
        ):
            if values[name] == default:
                del values[name]
        return {**values, **own.identity}


class BudgetEntry(Frozen):
    """How long a suite trains where that is not as long as its models' own recipes say.

    Attributes:
        steps: model -> training steps of it and of its variants; "model:variant" names one variant alone. What is not
            named keeps its own.
        encoder_steps: of the encoders that the models need; None leaves them their own.
    """

    steps: Mapping[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    encoder_steps: int | None = Field(default=None, ge=1)


class SuiteEntry(Frozen):
    """Models (with variants as "model:variant") to train, evaluate and report on one data set.

    Attributes:
        title: what it is for.
        data: name of the data set; `t2ibench bench --data` takes others.
        models: to train, in the order of the table.
        shipped: models evaluated beside them as they came with the package, without training.
        seeds: of training, a model each; empty for the models' own.
        budgets: name -> shorter (or longer) trainings; "full", the models' own recipes, is always there.
        snapshots: shares of a training after which the model is measured too, as in 0.5.
        report: what is rendered at the end.
        protocol: how all are judged; "" for the data set's own.
    """

    title: str = ""
    data: Name
    models: tuple[str, ...]
    shipped: tuple[str, ...] = ()
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = ()
    budgets: Mapping[Name, BudgetEntry] = Field(default_factory=dict)
    snapshots: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    report: Name = "leaderboard"
    protocol: str = ""

    @model_validator(mode="after")
    def _full_is_taken(self) -> SuiteEntry:
        if "full" in self.budgets:
            raise ValueError('a budget cannot be called "full": that is the models\' own recipes')
        return self


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
    probes: Mapping[Name, ProbeEntry] = Field(default_factory=dict)
    claims: Mapping[Name, ClaimEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_agree(self) -> Benchmarks:
        for name, dataset in self.datasets.items():
            _known(f"datasets.{name}.protocol", dataset.protocol, self.protocols)
            if dataset.like:
                _known(f"datasets.{name}.like", dataset.like, self.datasets)
        for name, metric in self.metrics.items():
            _known(f"metrics.{name}.features", metric.features, self.features)
        for name, protocol in self.protocols.items():
            for resolved in (protocol, *(protocol.for_dataset(dataset) for dataset in protocol.on)):
                for column in resolved.metrics:
                    _known(f"protocols.{name}.metrics", column, self.metrics)
        for name, suite in self.suites.items():
            _known(f"suites.{name}.data", suite.data, self.datasets)
            if suite.protocol:
                _known(f"suites.{name}.protocol", suite.protocol, self.protocols)
            budgeted = [model for budget in suite.budgets.values() for model in budget.steps]
            for model in (*suite.models, *suite.shipped, *budgeted):
                base, _, variant = model.partition(":")
                _known(f"suites.{name}.models", base, self.models)
                if variant:
                    _known(f"suites.{name}.models", variant, self.models[base].variants)
        return self

    def spelled(self, selector: str) -> str:
        """Return a model's or encoder's selector as it is written here: "stackgan_v2:brief" for "stackgan-v2:brief"."""
        base = re.split("[:@]", selector, maxsplit=1)[0]
        written = base.replace("-", "_")
        known = {*self.models, *self.encoders}
        return written + selector[len(base) :] if base not in known and written in known else selector


@dataclass(frozen=True)
class LoadedBenchmarks:
    """benchmarks.toml as read: its content, and where it was found."""

    content: Benchmarks
    path: Path


def find_benchmarks(explicit: Path | None = None) -> Path:
    """Return the benchmarks.toml in force: `explicit`, else that of the working directory or a parent, else ours.

    Raises:
        UserError: `explicit` does not exist, or nothing was found.
    """
    if explicit is not None:
        if not explicit.is_file():
            raise UserError(f"{explicit} does not exist: --config wants a benchmarks.toml.")
        return explicit
    here, package = Path.cwd(), Path(str(files("t2ibench")))
    for folder in (here, *here.parents, package, package.parent):
        if (folder / FILE_NAME).is_file():
            return folder / FILE_NAME
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
        content = Benchmarks.model_validate(tomllib.loads(path.read_bytes().decode("utf-8")))
        content = with_likeness(content, content.datasets)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{path} is not valid TOML: {error}.") from error
    except ValidationError as error:
        raise UserError(f"{path}: {describe(error)}") from error
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error
    return LoadedBenchmarks(content, path)


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


_YOUNGER: Final = ("processes", "batch_norm", "select", "compiled")
"""Fields that came after the first runs: at their default they are left out of the digest, which so stays the same."""


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
        processes: that share every batch. With several, BatchNorm's statistics and pairs made within a batch see the
            rows of one process; DAMSM's loss sees all.
        batch_norm: whose statistics BatchNorm takes: the batch's, or each process's rows'.
        select: which weights are exported: "" for the last ones, else those that did best in a quick metric.
        compiled: whether torch.compile makes the networks' kernels, which round differently.
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
    processes: int = Field(default=1, ge=1)
    batch_norm: Literal["whole batch", "per process"] = "whole batch"
    select: str = ""
    compiled: bool = False

    @property
    def digest(self) -> str:
        """SHA-256 of the spec. The number of steps is not part of it: a longer request continues the same run."""
        fields = type(self).model_fields
        usual = {name for name in _YOUNGER if getattr(self, name) == fields[name].default}
        return digest_of(self.model_dump(mode="json", exclude=usual))

    @property
    def label(self) -> str:
        """The name with its variant, as in "attngan:attngan1"."""
        return f"{self.name}:{self.variant}" if self.variant else self.name


def _known(key: str, name: str, names: Mapping[str, Any]) -> None:
    if name not in names:
        raise ValueError(f"{key}: {unknown_name('entry', name, names)}")
