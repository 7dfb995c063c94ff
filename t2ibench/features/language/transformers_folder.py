"""A model of Hugging Face's in a local folder: found, named by its files, opened with nothing fetched or run."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, digest_of_file, read_json
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.features.context import FeatureContext, installed


def transformers_for(what: str) -> Any:
    """Return the package. Raises UserError: it is not installed."""
    return installed(
        "transformers",
        f"A {what} from a folder needs transformers, which is not installed: `pip install 't2ibench[captioner]'`.",
    )


def folder_identity(context: FeatureContext, folder: Path, what: str, captions: str, version: int) -> FeatureIdentity:
    """Return the identity of an extractor by the digests of a folder's files. Raises UserError: no transformers."""
    transformers_for(what)
    own = "the model's own processor"
    return FeatureIdentity(context.entry.plugin, version, folder_digest(folder), own, own, captions=captions)


def model_folder(context: FeatureContext, name: str, kinds: Collection[str], *, what: str, example: str) -> Path:
    """Return the folder of a model.

    Args:
        context: names the entry that asks, and the folder of weights.
        name: of the folder: a path, or a name below --weights-dir.
        kinds: of models, as config.json names them, that can be used.
        what: "captioner".
        example: a model that fits, for the error.

    Raises:
        UserError: it is nowhere, holds another kind of model, or weights in another form than .safetensors.
    """
    places = [Path(name), *([] if context.weights_dir is None else [context.weights_dir / name])]
    folder = next((place for place in places if place.is_dir()), None)
    if folder is None:
        raise UserError(
            f"There is no folder {name}: [features.{context.name}.options] in benchmarks.toml names a {what} there; "
            f"download one, as {example}, and name its parent folder with --weights-dir."
        )
    if kind_of(folder, what) not in kinds:
        raise UserError(
            f"{folder} holds a model of the kind {kind_of(folder, what)!r}, which is no {what} that is known here: "
            f"bring one of {', '.join(kinds)}."
        )
    if not any(folder.glob("*.safetensors")):
        raise UserError(
            f"{folder} has no weights as .safetensors: bring a {what} saved so (`save_pretrained` does); other forms "
            "are programs and are not opened."
        )
    return folder


def kind_of(folder: Path, what: str) -> str:
    """Return the kind of model that config.json names, "" for none. Raises UserError: there is no such file."""
    path = folder / "config.json"
    if not path.is_file():
        raise UserError(f"{folder} has no config.json: name the folder of a {what}, as `save_pretrained` writes one.")
    content = read_json(path, what=f"the {what}'s description")
    return str(content.get("model_type", "")) if isinstance(content, Mapping) else ""


def folder_digest(folder: Path) -> str:
    """Return the digest of the files that the model is made of."""
    files = sorted((*folder.glob("*.json"), *folder.glob("*.txt"), *folder.glob("*.safetensors")))
    return digest_of([[path.name, digest_of_file(path)] for path in files])


@contextmanager
def opening(transformers: Any, folder: Path, what: str) -> Iterator[None]:
    """Hold back what transformers logs, keep a caller's random numbers, and turn its errors into a sentence.

    Raises:
        UserError: the folder's files do not fit together.
    """
    import torch
    from safetensors import SafetensorError

    level = transformers.logging.get_verbosity()
    transformers.logging.set_verbosity(logging.ERROR)
    try:
        with torch.random.fork_rng(devices=[]):  # initial weights are overwritten at once
            yield
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise UserError(
            f"The {what} in {folder} cannot be opened ({reason}): bring the whole folder, with the weights as "
            ".safetensors, preprocessor_config.json and the tokenizer's files, as `save_pretrained` writes them."
        ) from error
    finally:
        transformers.logging.set_verbosity(level)


def loaded(build: Any, folder: Path) -> Any:
    """Return the network of a class's `from_pretrained`. Raises ValueError: the weights lack some of its tensors."""
    model, report = build(folder, use_safetensors=True, output_loading_info=True, local_files_only=True)
    if lacking := sorted(report["missing_keys"]):
        raise ValueError(f"the weights lack {lacking[0]} and {len(lacking) - 1} more")
    return model
