"""What an extractor is opened with, and where its weights file is found."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from pydantic import ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import FeatureExtractor, FeatureIdentity
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import FeatureEntry, Frozen, describe

if TYPE_CHECKING:
    from torch import Tensor

OptionsType = TypeVar("OptionsType", bound=Frozen)

CHUNK: Final = 32
"""Images that pass through a network at once; features do not depend on it."""

CPU_CHUNK: Final = 8
"""The same on a CPU for large networks: what one layer writes is then still in the cache when the next one reads it."""


@dataclass(frozen=True)
class FeatureContext:
    """Which extractor is wanted and what may be used for it.

    Attributes:
        name: as in benchmarks.toml.
        entry: its table there.
        device: where its network goes.
        weights_dir: folder of weights files that the user brought; None for none.
        encoder: model folder of the data set's trained DAMSM, for the judge.
        download: whether a missing file may be fetched from the entry's URL.
        others: the entries of benchmarks.toml, for an extractor that is made of others.
    """

    name: str
    entry: FeatureEntry
    device: str = "cpu"
    weights_dir: Path | None = None
    encoder: Path | None = None
    download: bool = False
    others: Mapping[str, FeatureEntry] = field(default_factory=dict)

    def named(self, name: str) -> FeatureContext:
        """Return the context of another entry."""
        return replace(self, name=name, entry=self.others[name])


@dataclass(frozen=True)
class WeightsFile:
    """A weights file that was found.

    Attributes:
        path: where it is.
        sha256: of its bytes.
        recorded: whether that begins with the digest recorded in benchmarks.toml.
        brought: whether it lies in the folder the user named.
    """

    path: Path
    sha256: str
    recorded: bool
    brought: bool


def open_extractor(context: FeatureContext) -> FeatureExtractor:
    """Return the extractor of a context, its network on the device.

    Raises:
        UserError: the plug-in is unknown, or its weights are missing, damaged or of another network.
    """
    return cast(FeatureExtractor, _plugin(context).open(context))


def peek_identity(context: FeatureContext) -> FeatureIdentity:
    """Return the identity that `open_extractor(context)` would have, without building a network.

    Raises:
        UserError: the plug-in is unknown, or its weights are missing.
    """
    return cast(FeatureIdentity, _plugin(context).peek(context))


def options_of(context: FeatureContext, options: type[OptionsType]) -> OptionsType:
    """Return the entry's options, checked; a plug-in that has any names their class `Options`.

    Raises:
        UserError: an option is unknown or has a wrong value.
    """
    try:
        return options.model_validate(dict(context.entry.options))
    except ValidationError as error:
        raise UserError(f"[features.{context.name}.options] in benchmarks.toml: {describe(error)}") from error


def installed(package: str, otherwise: str) -> Any:
    """Return an optional package. Raises UserError: `otherwise`, as it is not installed."""
    try:
        return import_module(package)
    except ImportError as error:
        raise UserError(otherwise) from error


def find_weights(context: FeatureContext) -> WeightsFile:
    """Return the extractor's weights file: the user's folder first, then torch hub's, then (if allowed) the source.

    Raises:
        UserError: it is nowhere, or fetching failed; the text names file, source, digest and `--weights-dir`.
    """
    entry = context.entry
    if not entry.file:
        raise UserError(f"[features.{context.name}] in benchmarks.toml names no weights file; add `file = ...` there.")
    places = [] if context.weights_dir is None else [context.weights_dir / entry.file]
    places.append(hub_folder() / entry.file)
    for place, path in enumerate(places):
        if path.is_file():
            return _found(path, entry, brought=place < len(places) - 1)
    if context.download and entry.url:
        return _found(_fetched(context), entry, brought=False)
    raise _missing(context)


def chunks(pixels: Tensor, device: str = "") -> Iterator[Tensor]:
    """Yield the images, N x 3 x H x W, in order, at most CHUNK at once, CPU_CHUNK on a CPU; nothing for none of them.

    `device` is where the network is; not naming it means that it is small.

    Raises:
        UserError: they are no uint8 images of three channels; floats of [0, 1] would be read as black.
    """
    if str(pixels.dtype) != "torch.uint8" or pixels.ndim != 4 or pixels.shape[1] != 3:
        raise UserError(
            f"An extractor was given {str(pixels.dtype).removeprefix('torch.')} of shape {list(pixels.shape)}: it "
            "reads uint8 images N x 3 x H x W, with values from 0 to 255."
        )
    size = CPU_CHUNK if device.startswith("cpu") else CHUNK
    for start in range(0, len(pixels), size):
        yield pixels[start : start + size]


def hub_folder() -> Path:
    """Return the folder in which torch hub keeps weights, following its environment variables."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache"))
    return Path(os.environ.get("TORCH_HOME", cache / "torch")).expanduser() / "hub" / "checkpoints"


def _plugin(context: FeatureContext) -> Any:
    """Return the plug-in, its entry's options checked: one that nobody reads is a mistake."""
    plugin = registry("features")[context.entry.plugin]
    options_of(context, getattr(plugin, "Options", Frozen))
    return plugin


def _found(path: Path, entry: FeatureEntry, *, brought: bool) -> WeightsFile:
    sha256 = digest_of_file(path)
    return WeightsFile(path, sha256, bool(entry.sha256) and sha256.startswith(entry.sha256), brought)


def _missing(context: FeatureContext, reason: str = "") -> UserError:
    entry = context.entry
    digest = f" (SHA-256 {'' if len(entry.sha256) == 64 else 'beginning '}{entry.sha256})" if entry.sha256 else ""
    source = f"download {entry.url}{digest}" if entry.url else f"bring {entry.file}{digest}"
    return UserError(
        f"The weights of {context.name}, {entry.file}, {reason or 'are not on this machine'}: {source} and name its "
        "folder with --weights-dir."
    )


def _fetched(context: FeatureContext) -> Path:
    """Return the file fetched from its source into torch hub's folder, its recorded digest checked."""
    import pooch

    entry = context.entry
    digest = f"sha256:{entry.sha256}" if len(entry.sha256) == 64 else None
    try:
        path = Path(pooch.retrieve(entry.url, known_hash=digest, fname=entry.file, path=hub_folder()))
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; ValueError: another digest
        reason = " ".join(str(error).split())[:160]
        raise _missing(context, f"could not be fetched ({reason})") from error
    if entry.sha256 and not digest_of_file(path).startswith(entry.sha256):
        path.unlink()
        raise _missing(context, "came with another SHA-256 than recorded and were thrown away")
    return path
