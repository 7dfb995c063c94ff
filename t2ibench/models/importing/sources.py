"""The files of an import: read once, told apart by their content, and those that belong to them found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.models.official import Recognised, find_states, read_official_file, recognise
from t2ibench.models.official.beside import encoder_beside, text_encoders_near

if TYPE_CHECKING:
    from torch import Tensor

CONFIGURATIONS = {"cub": "the bird configuration", "coco": "the COCO configuration"}
_SHOWN = 3


@dataclass(frozen=True)
class Source:
    """One network of the official code, as found in a file.

    Attributes:
        path: the file.
        sha256: of the file.
        place: where in the file, "" for a bare state dict.
        known: whose network it is.
        tensors: under the official names.
    """

    path: Path
    sha256: str
    place: str
    known: Recognised
    tensors: Mapping[str, Tensor]

    @property
    def where(self) -> str:
        """The file's name, and the place in it."""
        return f"{self.path.name} ({self.place})" if self.place else self.path.name

    @property
    def network(self) -> str:
        """The network's name among its plug-in's."""
        return self.known.official.network

    @property
    def dataset(self) -> str:
        """The data set that its shapes tell, "" for none."""
        return self.known.official.dataset

    @property
    def configuration(self) -> str:
        """The configuration in words, "" where its shapes tell none."""
        return CONFIGURATIONS.get(self.dataset, self.dataset)


def read_sources(path: Path, plugins: Sequence[tuple[str, str]]) -> list[Source]:
    """Return the networks in a file; state dicts nobody knows are passed over where another one is known.

    Args:
        path: the file.
        plugins: (kind, name) of the plug-ins to ask first.

    Raises:
        UserError: the file cannot be read as one of weights, or no registered plug-in knows anything in it.
    """
    sha256 = digest_of_file(path) if path.is_file() else ""
    states = find_states(read_official_file(path), path)
    if digest_of_file(path) != sha256:
        raise UserError(f"{path} has changed while it was read. Import it again when it is at rest.")
    found = []
    for state in states:
        try:
            known = recognise(state.shapes, plugins)
        except UserError as error:  # a plug-in knows it and has no use for it
            raise UserError(f"{path}: {error}") from error
        if known is not None:
            found.append(Source(path, sha256, state.place, known, state.tensors))
    if not found:
        keys = list(states[0].tensors)
        shown = ", ".join(keys[:_SHOWN]) + (", ..." if len(keys) > _SHOWN else "")
        raise UserError(
            f"{path} holds {len(keys)} tensors ({shown}) that no installed plug-in knows: it is no network of the "
            "official code, or its model has no import yet."
        )
    return found


def by_network(sources: Iterable[Source]) -> dict[str, Source]:
    """Return network -> source.

    Raises:
        UserError: two files hold the same network.
    """
    found: dict[str, Source] = {}
    for source in sources:
        other = found.setdefault(source.network, source)
        if other is not source:
            raise UserError(
                f"Both {other.where} and {source.where} are {source.known.text}. Name one of them, without the other."
            )
    return found


def agreed_dataset(sources: Iterable[Source], asked: str | None) -> str:
    """Return the data set the sources belong to, "" where neither they nor the user tell.

    Raises:
        UserError: two of them, or one and the user, tell different ones.
    """
    told = [source for source in sources if source.dataset]
    for source in told:
        if source.dataset != told[0].dataset:
            raise UserError(
                f"{told[0].where} is of {told[0].configuration} ({told[0].dataset}), but {source.where} is of "
                f"{source.configuration} ({source.dataset}). Name files of one configuration."
            )
        if asked in CONFIGURATIONS and source.dataset != asked:
            raise UserError(
                f"{source.where} is of {source.configuration} ({source.dataset}), but --data {asked} asks for "
                f"{CONFIGURATIONS[asked]}. Leave --data out, or name the other file."
            )
    return asked or (told[0].dataset if told else "")


def find_encoders_near(
    files: Sequence[Path], given: Mapping[str, Source], dataset: str, read: Callable[[Path], list[Source]]
) -> dict[str, Source]:
    """Return DAMSM networks found beside the files or in the official layout, those given already left out.

    Args:
        files: what the user named.
        given: network -> source, what there is already.
        dataset: only encoders of it.
        read: path -> its sources.

    Raises:
        UserError: several text encoders would do, or the one found cannot be read.
    """
    found: dict[str, Source] = {}
    text, image = given.get("text_encoder"), given.get("image_encoder")
    if text is None:
        derived = encoder_beside(image.path, "image_encoder", "text_encoder") if image else None
        candidates = [derived] if derived else text_encoders_near(files, dataset)
        fitting = [
            source
            for path in candidates
            for source in read(path)
            if source.network == "text_encoder" and source.dataset in ("", dataset or source.dataset)
        ]
        if len(fitting) > 1:
            names = " and ".join(str(source.path) for source in fitting[:_SHOWN])
            raise UserError(f"{names} would both do as the text encoder: name one with --text-encoder.")
        if fitting:
            text = found["text_encoder"] = fitting[0]
    if text is not None and image is None:
        path = encoder_beside(text.path, "text_encoder", "image_encoder")
        if path is not None:
            found |= {source.network: source for source in read(path) if source.network == "image_encoder"}
    return found
