"""The words of an import: found in captions.pickle, an imported encoder or the prepared data set, and checked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.workspace import Workspace
from t2ibench.data.manifest import FILE_NAME, read_manifest
from t2ibench.models.importing.plan import Imported, ImportRequest, Part
from t2ibench.models.importing.sources import Source
from t2ibench.models.official.beside import captions_near
from t2ibench.text.captions_pickle import CaptionsPickle, read_captions_pickle

TEXT_ENCODER: Final = "text_encoder"
_EMBEDDING: Final = "encoder.weight"
"""The tensor of a text encoder that has a row a word."""
_ARCHIVES: Final = {5450: "birds.zip", 27297: "coco.zip"}
"""Words of a released vocabulary, "<end>" included -> the archive of AttnGAN's metadata that holds its file."""


def find_words(
    request: ImportRequest, parts: Sequence[Part], dataset: str, workspace: Workspace, imported: Imported
) -> tuple[tuple[str, ...], Path | None]:
    """Return the words of the text encoder among the parts, checked against its size, and the file they are from.

    No words where no text encoder is imported; no file where they are from the workspace.

    Args:
        request: names captions.pickle, or nothing.
        parts: what is imported.
        dataset: data set they belong to.
        workspace: where prepared data sets lie.
        imported: told where they were found, and what is odd about them.

    Raises:
        UserError: no file says which the words are, or the file is another encoder's; the text says which is needed.
    """
    sources = [part.sources[TEXT_ENCODER] for part in parts if TEXT_ENCODER in part.sources]
    folders = [part.folder for part in parts if part.folder is not None]
    if not sources:
        words = folders[0].vocabulary if folders else ()
        if folders and request.captions is not None and read_captions_pickle(request.captions).words != words:
            raise UserError(
                f"The words of {request.captions} are not those of the encoder in {folders[0].path}, which was "
                "imported with its own. Leave --captions out, or name the text encoder that belongs to it."
            )
        return words, None
    source = sources[0]
    path = request.captions or captions_near([*request.files, source.path], dataset)
    if path is None:
        imported.facts.append(f"No --captions given: the words are those of the data set {dataset}.")
        return _words_of_data(source, dataset, workspace), None
    captions = read_captions_pickle(path)
    _check_size(captions.words, source, str(path))
    if path != request.captions:
        imported.facts.append(f"Found {path}: its words are taken.")
    imported.facts.append(f"{path.name}: {len(captions.words):,} words.")
    imported.warnings += _oddities(captions, path)
    return captions.words, path


def _words_of_data(source: Source, dataset: str, workspace: Workspace) -> tuple[str, ...]:
    """Return the words of the prepared data set, if they are released ones."""
    path = workspace.data / dataset / FILE_NAME
    manifest = read_manifest(path) if path.is_file() else None
    if manifest is None or manifest.vocabulary_origin != "released":
        rows = _rows(source)
        raise UserError(f"{source.where} knows {rows:,} words, and no file named says which they are. {_advice(rows)}")
    _check_size(manifest.vocabulary, source, f"the prepared data set {dataset}")
    return manifest.vocabulary


def _rows(source: Source) -> int:
    """Return how many words a text encoder knows."""
    if _EMBEDDING not in source.tensors:
        raise UserError(f"{source.where} does not hold {_EMBEDDING!r}, a row a word, so it is no text encoder.")
    return len(source.tensors[_EMBEDDING])


def _check_size(words: Sequence[str], encoder: Source, origin: str) -> None:
    """Raise UserError where a vocabulary, named `origin`, has not as many words as an encoder has rows."""
    rows = _rows(encoder)
    if len(words) != rows:
        raise UserError(
            f"{encoder.where} was trained with a vocabulary of {rows:,} words, but {origin} has {len(words):,}. "
            f"{_advice(rows)}"
        )


def _advice(rows: int) -> str:
    """Return the sentences that say which captions.pickle an encoder of `rows` words needs."""
    return (
        "A released encoder needs the captions.pickle released with it (5,450 words for birds, 27,297 for COCO), which "
        f"is in AttnGAN's metadata, {_ARCHIVES.get(rows, 'birds.zip or coco.zip')}, linked from the README of "
        "github.com/taoxugit/AttnGAN; give it with --captions. A vocabulary built anew from the captions is wrong even "
        "where its size is right, since its words have other numbers."
    )


def _oddities(captions: CaptionsPickle, path: Path) -> list[str]:
    """Return sentences about a vocabulary that was built anew, or a file that was repaired."""
    sentences = []
    if captions.repaired:
        sentences.append(f"{path} was changed by a transfer in text mode; its line ends were put right.")
    if captions.order:
        order = "in alphabetical order" if captions.order == "alphabetical" else "in the order of their first use"
        sentences.append(
            f"The words of {path} stand {order}, as in a vocabulary that was built anew. If the encoder is a "
            "released one, it will misread every caption: use the released captions.pickle."
        )
    return [" ".join(sentences)] if sentences else []
