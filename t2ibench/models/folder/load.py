"""Model folder to model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import ValidationError
from safetensors import SafetensorError

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext, TextToImage
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import describe
from t2ibench.core.storage.folders import MANIFEST
from t2ibench.core.storage.named_tensors import under
from t2ibench.data.manifest import stamp_of
from t2ibench.models.folder.description import EncoderDescription, WrappedDescription
from t2ibench.models.folder.read import DESCRIPTION, VOCABULARY, WEIGHTS, WRAPPED, ModelFolder, read_model_folder

if TYPE_CHECKING:
    import torch
    from torch.nn import Module


_OTHERS: Final = {
    "model": "the encoder {}, which makes no images; name a model instead.",
    "encoder": "the model {}, not an encoder; name an encoder's folder.",
}


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to make images, and the folder it came from."""

    model: TextToImage
    folder: ModelFolder


@dataclass(frozen=True)
class LoadedEncoder:
    """A trained encoder and the folder it came from. Its class is the plug-in's own."""

    encoder: Any
    folder: ModelFolder


def load_model(
    folder: ModelFolder | Path,
    device: torch.device | str = "cpu",
    *,
    data_root: Path | None = None,
    parameters: Mapping[str, Any] | None = None,
    compiled: bool = False,
) -> LoadedModel:
    """Return the model of a folder, its networks on `device` and in eval mode. The global RNG is left as it was.

    Args:
        folder: the folder.
        device: where its networks go.
        data_root: folder of the data set's files, as in BuildContext.
        parameters: of the plug-in, instead of the folder's; only such as `generation_parameters` lets through.
        compiled: whether torch.compile makes its networks' kernels when they are first called.

    Raises:
        UserError: the folder is damaged, holds an encoder, or does not fit the installed plug-in.
    """
    model, found = _load("model", folder, device, data_root, parameters or {})
    for network in model.exported().values() if compiled else ():
        network.compile()
    return LoadedModel(model, found)


def load_encoder(
    folder: ModelFolder | Path,
    device: torch.device | str = "cpu",
    *,
    data_root: Path | None = None,
) -> LoadedEncoder:
    """Return the encoder of a folder, its networks on `device` and in eval mode. The global RNG is left as it was.

    Args:
        folder: the folder.
        device: where its networks go.
        data_root: as for `load_model`.

    Raises:
        UserError: the folder is damaged, holds a model, or does not fit the installed plug-in.
    """
    return LoadedEncoder(*_load("encoder", folder, device, data_root, {}))


def _load(
    kind: Literal["model", "encoder"],
    folder: ModelFolder | Path,
    device: torch.device | str,
    data_root: Path | None,
    parameters: Mapping[str, Any],
) -> tuple[Any, ModelFolder]:
    """Return a built model or encoder with its folder, whose files were the same before and after."""
    path = folder.path if isinstance(folder, ModelFolder) else folder
    stamp = _stamp(path)
    found = read_model_folder(path)
    if isinstance(folder, ModelFolder) and found.identity != folder.identity:
        raise UserError(f"The model in {path} has changed since it was found. Ask again when it is at rest.")
    if found.description.kind != kind:
        raise UserError(f"{path} holds {_OTHERS[kind].format(found.label)}")
    built = _build(found, device, data_root, parameters)
    if _stamp(path) != stamp:
        raise UserError(f"The model in {path} has changed while it was loaded. Ask again when it is at rest.")
    return built, found


def _stamp(path: Path) -> str:
    return stamp_of(path, (MANIFEST, DESCRIPTION, VOCABULARY, WEIGHTS))


def _build(
    folder: ModelFolder,
    device: torch.device | str,
    data_root: Path | None,
    parameters: Mapping[str, Any],
) -> Any:
    """Return the plug-in built after model.json and filled from the weights file."""
    import torch

    description = folder.description
    plugin = registry("models" if description.kind == "model" else "encoders")[description.plugin]
    # Building draws initial weights that are overwritten at once; a caller's random numbers must not notice.
    with torch.random.fork_rng(devices=[]):
        encoders = encoders_of(folder, description.encoders, data_root)
        wrapped = None if description.wrapped is None else _wrapped(folder, description.wrapped, data_root)
        context = BuildContext("generate", folder.vocabulary, encoders, data_root, wrapped)
        built = plugin.build(_parameters(plugin, {**description.parameters, **parameters}, folder.path), context)
        # Inside, too: an encoder may make a network only now that it is asked for.
        _fill(built.exported(), folder, device)
    return built


def encoders_of(
    folder: ModelFolder, described: Mapping[str, EncoderDescription], data_root: Path | None = None, prefix: str = ""
) -> dict[str, Any]:
    """Return the encoders of a model folder, of the right shapes, without its weights.

    Args:
        folder: the model.
        described: its encoders, or those of the model that it is made around.
        data_root: as for `load_model`.
        prefix: begins their vocabularies' names.

    Raises:
        UserError: one does not fit the installed plug-in.
    """
    encoders = {}
    for name, encoder in described.items():
        encoder_class = registry("encoders")[encoder.plugin]
        context = BuildContext("generate", folder.encoder_vocabulary(f"{prefix}{name}"), data_root=data_root)
        encoders[name] = encoder_class.build(_parameters(encoder_class, encoder.parameters, folder.path), context)
    return encoders


def _wrapped(folder: ModelFolder, described: WrappedDescription, data_root: Path | None) -> Any:
    """Return the model within the model, of the right shapes; its weights come with the others."""
    plugin = registry("models")[described.plugin]
    encoders = encoders_of(folder, described.encoders, data_root, WRAPPED)
    context = BuildContext("generate", folder.encoder_vocabulary(WRAPPED), encoders, data_root)
    return plugin.build(_parameters(plugin, described.parameters, folder.path), context)


def _parameters(plugin: Any, values: Mapping[str, Any], path: Path) -> Any:
    try:
        return plugin.Parameters.model_validate(dict(values))
    except ValidationError as error:
        raise UserError(
            f"The model in {path} was made with another version of {plugin.__qualname__}: {describe(error)} "
            "Install that version, or train the model again."
        ) from error


def _fill(networks: Mapping[str, Module], folder: ModelFolder, device: torch.device | str) -> None:
    """Load every network's state from the weights file and move it; names and shapes must agree."""
    from safetensors.torch import load_file

    try:
        tensors = load_file(folder.path / WEIGHTS)
        for name, network in networks.items():
            network.load_state_dict(under(f"{name}/", tensors))
            network.to(device).eval()
    except (RuntimeError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:300]
        raise UserError(
            f"The weights in {folder.path} do not fit the installed plug-in {folder.description.plugin!r}: {reason}. "
            "Install the version that wrote them, or train the model again."
        ) from error
