"""The words of an import: from captions.pickle, from an imported encoder, or from the prepared data set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.workspace import Workspace
from t2ibench.data.manifest import FILE_NAME, read_manifest
from t2ibench.models.importing.plan import ImportRequest, Part
from t2ibench.models.importing.sources import Source
from t2ibench.models.official.beside import captions_near
from t2ibench.models.official.words import EMBEDDING, advice, check_words, warning_of
from t2ibench.text.captions_pickle import read_captions_pickle

TEXT_ENCODER: Final = "text_encoder"


@dataclass(frozen=True)
class FoundWords:
    """A vocabulary that fits the text encoder.

    Attributes:
        words: by index; empty where no text encoder is imported.
        captions: the file they are from; None where they are from the workspace.
        facts: sentences about where they were found.
        warnings: sentences a user must see.
    """

    words: tuple[str, ...] = ()
    captions: Path | None = None
    facts: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def find_words(request: ImportRequest, parts: Sequence[Part], dataset: str, workspace: Workspace) -> FoundWords:
    """Return the words of the text encoder among the parts, checked against its size.

    Args:
        request: names captions.pickle, or nothing.
        parts: what is imported.
        dataset: data set they belong to.
        workspace: where prepared data sets lie.

    Raises:
        UserError: no file says which the words are, or the file is another encoder's; the text says which is needed.
    """
    sources = [part.sources[TEXT_ENCODER] for part in parts if TEXT_ENCODER in part.sources]
    folders = [part.folder for part in parts if part.folder is not None]
    if not sources:
        if not folders:
            return FoundWords()
        words = folders[0].vocabulary
        if request.captions is not None and read_captions_pickle(request.captions).words != words:
            raise UserError(
                f"The words of {request.captions} are not those of the encoder in {folders[0].path}, which was "
                "imported with its own. Leave --captions out, or name the text encoder that belongs to it."
            )
        return FoundWords(words)
    source = sources[0]
    path = request.captions or captions_near([*request.files, source.path], dataset)
    if path is None:
        return _words_of_data(source, dataset, workspace)
    captions = read_captions_pickle(path)
    check_words(captions.words, _rows(source), encoder=source.where, source=str(path))
    found = () if path == request.captions else (f"Found {path}: its words are taken.",)
    warning = warning_of(captions, str(path))
    facts = (*found, f"{path.name}: {len(captions.words):,} words.")
    return FoundWords(captions.words, path, facts, (warning,) if warning else ())


def _words_of_data(source: Source, dataset: str, workspace: Workspace) -> FoundWords:
    """Return the words of the prepared data set, if they are released ones."""
    rows = _rows(source)
    path = workspace.data / dataset / FILE_NAME
    if path.is_file():
        manifest = read_manifest(path)
        if manifest.vocabulary_origin == "released":
            check_words(manifest.vocabulary, rows, encoder=source.where, source=f"the prepared data set {dataset}")
            return FoundWords(
                manifest.vocabulary, facts=(f"No --captions given: the words are those of the data set {dataset}.",)
            )
    raise UserError(f"{source.where} knows {rows:,} words, and no file named says which they are. {advice(rows)}")


def _rows(source: Source) -> int:
    """Return how many words a text encoder knows."""
    if EMBEDDING not in source.tensors:
        raise UserError(f"{source.where} does not hold {EMBEDDING!r}, a row a word, so it is no text encoder.")
    return len(source.tensors[EMBEDDING])
