"""Images of sentences that a user typed."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from t2ibench.core.errors import UserError
from t2ibench.core.machine.arithmetic import USUAL, Arithmetic
from t2ibench.core.machine.device import choose_device
from t2ibench.core.noise import Noise
from t2ibench.core.types import Caption, Trace
from t2ibench.models.conditions import check_known, generate_under
from t2ibench.models.folder import ModelFolder, load_model
from t2ibench.text.tokenizer import tokenize
from t2ibench.text.vocabulary import UNKNOWN, Vocabulary

if TYPE_CHECKING:
    import torch

    from t2ibench.core.interfaces import TextToImage


FILM: Final = ".gif"
"""Ending of a file that shows how images are drawn."""


def user_captions(texts: Sequence[str]) -> tuple[Caption, ...]:
    """Return captions of typed sentences. A sentence's noise hangs on its text alone.

    Raises:
        UserError: a sentence is empty.
    """
    captions = []
    for text in texts:
        tidy = " ".join(text.split())
        if not tidy:
            raise UserError('A caption is empty. Give a sentence, as in "a small bird with a red belly".')
        captions.append(Caption(f"user/{hashlib.sha256(tidy.encode()).hexdigest()}", tidy))
    return tuple(captions)


def require_known_words(model: TextToImage, captions: Sequence[Caption]) -> None:
    """Check that every caption holds a word of the vocabulary that the model or its encoder reads with, if it has one.

    A vocabulary with a word for unknown ones reads any caption. In captions of a data set that is wanted; but of a
    sentence without a single known word the image could only be of none of it.

    Raises:
        UserError: one holds none.
    """
    for reader in (model, getattr(model, "encoder", None)):
        vocabulary = getattr(reader, "vocabulary", None)
        if isinstance(vocabulary, Vocabulary) and UNKNOWN in vocabulary.words:
            known = Vocabulary(tuple(word for word in vocabulary.words if word != UNKNOWN))
            for caption in captions:
                known.encode(caption.text)


def unread_words(model: TextToImage, captions: Sequence[Caption]) -> tuple[str, ...]:
    """Return the words of captions that the vocabulary of a model or its encoder does not hold, in order, each once.

    They are left out or, where the vocabulary has a word for unknown ones, all read as that.
    """
    found: dict[str, None] = {}
    for reader in (model, getattr(model, "encoder", None)):
        vocabulary = getattr(reader, "vocabulary", None)
        if isinstance(vocabulary, Vocabulary):
            for word in (word for caption in captions for word in caption.text.split()):
                tokens = tokenize(word)
                found |= dict.fromkeys(token for token in tokens if token not in vocabulary.indices)
                if not tokens and any(letter.isalnum() for letter in word):  # in other letters
                    found[word] = None
    return tuple(found)


def check_output(path: Path) -> None:
    """Check that an image can be written to a path, before anything is computed.

    Raises:
        UserError: it is a folder, neither a .png nor a .gif, or lies where nothing can be written.
    """
    if path.is_dir():
        raise UserError(f"{path} is a folder; name a file in it, as in {path / 'image.png'}.")
    if path.suffix.lower() not in (".png", FILM):
        raise UserError(f"{path} does not end in .png or .gif, and nothing else is written.")
    existing = next(parent for parent in path.absolute().parents if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        raise UserError(f"Cannot write {path}: {existing} is not a folder one can write to. Choose another place.")


def draw_sheet(
    folder: ModelFolder,
    texts: Sequence[str],
    *,
    samples: int,
    seed: int,
    attention: bool,
    device: str,
    box: Sequence[float] | None = None,
    keypoints: Mapping[str, tuple[float, float]] | None = None,
    arithmetic: Arithmetic = USUAL,
) -> bytes:
    """Return a PNG sheet, a section a caption: its images, and with `attention` the stages and a map a word.

    Args:
        folder: the model.
        texts: the sentences.
        samples: images a sentence.
        seed: of the noise.
        attention: whether to show the model's inner life.
        device: where to compute.
        box: where the object is to be, (x, y, width, height) in fractions of the side; None leaves it to the model.
            Images of a model with boxes show theirs.
        keypoints: part -> (x, y), where the object's parts are to be; likewise.
        arithmetic: of the model.

    Raises:
        UserError: an empty sentence, one without a known word, a model that reads no text of a user's, attention asked
            of a model without it, or a box or keypoints of one that knows none.
    """
    from t2ibench.sampling.drawing_film import alignment_tile, legend, step_tiles
    from t2ibench.sampling.framed_box import conditions_of, framed_tile, pinned_tile
    from t2ibench.sampling.montage import Section, attention_tiles, image_tile, sheet
    from t2ibench.training.engine.compilation import computing
    from t2ibench.training.tracking.sample_images import png_of

    captions, model, place = _read(folder, texts, device, arithmetic)
    if attention and not model.capabilities.attention:
        raise UserError(f"{folder.label} has no attention to show. Ask without --attention.")
    conditions = conditions_of(samples, box=box, keypoints=keypoints, parts=model.capabilities.keypoints)
    check_known(folder.label, model.capabilities, conditions)
    traced = attention or bool(model.capabilities.conditions)
    noise = Noise(seed)
    sections: list[Section] = []
    for caption in captions:
        trace = Trace()
        bound = noise.bind([(caption.id, sample) for sample in range(samples)], place)
        asked = [caption] * samples
        shown = trace if traced else None
        with computing(arithmetic, place):
            images = generate_under(model, asked, bound, conditions, label=folder.label, trace=shown)
        tiles = tuple(map(image_tile, images) if trace.boxes is None else map(framed_tile, images, trace.boxes))
        if trace.keypoints is not None:
            tiles = tuple(map(pinned_tile, images, trace.keypoints))
        sections.append(Section(caption.text, () if attention else tiles, caption=True))
        for sample in range(samples) if attention else ():
            stages = {**trace.stages, model.capabilities.resolution: images}
            which = f"sample {sample + 1}: " if samples > 1 else ""
            tiles = tuple(image_tile(stages[resolution][sample], f"{resolution} px") for resolution in sorted(stages))
            sections.append(Section(f"{which}stages", tiles))
            for index, one in enumerate(trace.attention):
                maps = attention_tiles(stages[one.stage][sample], one, sample)
                heading = f"{which}attention {index + 1}, for {one.stage} px; bright = much; % = the word's range"
                sections.append(Section(heading, maps))
            if trace.drawing is not None:
                heading = f"{which}step by step: {legend(trace.drawing, sample)}"
                sections.append(Section(heading, step_tiles(trace.drawing, sample)))
                alignment = alignment_tile(trace.drawing, sample)
                sections += [Section(f"{which}alignment", (alignment,))] if alignment else []
    return png_of(sheet(sections))


def draw_film(
    folder: ModelFolder,
    texts: Sequence[str],
    *,
    samples: int,
    seed: int,
    device: str,
    arithmetic: Arithmetic = USUAL,
) -> bytes:
    """Return an animated GIF of images being drawn step by step; arguments as `draw_sheet`.

    Raises:
        UserError: a model that makes an image at once; an empty sentence, one without a known word.
    """
    from t2ibench.sampling.drawing_film import FilmRow, film
    from t2ibench.training.engine.compilation import computing

    captions, model, place = _read(folder, texts, device, arithmetic)
    noise, rows = Noise(seed), []
    for caption in captions:
        trace = Trace()
        ids = [(caption.id, sample) for sample in range(samples)]
        with computing(arithmetic, place):
            images = model.generate([caption] * samples, noise.bind(ids, place), trace=trace)
        if trace.drawing is None:
            raise UserError(f"{folder.label} makes an image at once, so there is no film of it: write a .png instead.")
        rows.append(FilmRow(caption.text, trace.drawing, images))
    return film(rows)


def _read(
    folder: ModelFolder, texts: Sequence[str], device: str, arithmetic: Arithmetic
) -> tuple[tuple[Caption, ...], TextToImage, torch.device]:
    """Return the captions, a model that reads them, and where it computes; unread words are told on stderr.

    Raises:
        UserError: it reads captions of its data set only, or knows no word of one.
    """
    captions, place = user_captions(texts), choose_device(device)
    model = load_model(folder, place, compiled=arithmetic.compiled).model
    require_any_text(folder.label, folder.dataset, model)
    require_known_words(model, captions)
    if words := unread_words(model, captions):
        print(f"{folder.label} does not know and did not read: {', '.join(map(repr, words))}.", file=sys.stderr)
    return captions, model, place


def require_any_text(label: str, dataset: str, model: TextToImage) -> None:
    """Raise a UserError unless a model reads any sentence."""
    if not model.capabilities.any_text:
        raise UserError(
            f"{label} cannot draw a sentence of yours: it was trained with sentence codes from files, which "
            f"hold the captions of {dataset} only. Take a model that reads text itself; `t2ibench eval` "
            "measures this one on its captions."
        )
