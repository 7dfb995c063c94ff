"""Sets of the DAMSM encoders alone."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from tests.parity.asked import mode_of
from tests.parity.entries import Entry
from tests.parity.inputs import sources_of
from tests.parity.networks import image_encoder, text_encoder
from tests.parity.recipe import GoldenSet
from tests.parity.understood import NotUnderstood


@torch.no_grad()
def text(golden: GoldenSet) -> Iterator[Entry]:
    """Yield the text encoder's outputs for every batch of the set ("", ".short", ".b1")."""
    encoder = text_encoder(golden)
    for name in golden.names:
        if name.startswith("in.captions"):
            suffix = name.removeprefix("in.captions")
            lengths = golden.tensor(f"in.cap_lens{suffix}")
            captions = golden.tensor(name)[:, : int(lengths.max())]
            words, sentence = encoder(captions, lengths)
            yield f"in.words_embs{suffix}", words
            yield f"in.sent_emb{suffix}", sentence
            yield f"in.mask{suffix}", captions == 0


def text_alone(golden: GoldenSet) -> Iterator[Entry]:
    """Yield the outputs of a set of the text encoder and nothing else, which must be of eval mode."""
    mode_of(golden, "eval")
    yield from text(golden)


@torch.no_grad()
def image(golden: GoldenSet) -> Iterator[Entry]:
    """Yield the image encoder's outputs for every image of the set and both conventions of the resize."""
    mode_of(golden, "eval")
    for align_corners in (False, True):
        encoder = image_encoder(golden, align_corners=align_corners)
        for name, source in sources_of(golden).items():
            if source.kind is None or source.resolutions is None or len(source.resolutions) != 1:
                raise NotUnderstood(golden.name, f"inputs_from.{name}", "does not name one array of images")
            images = golden.images(f"{source.kind}{source.resolutions[0]}")[source.rows]
            regions, codes = encoder(images)
            yield f"out.{name}.align_corners_{align_corners}.features", regions
            yield f"out.{name}.align_corners_{align_corners}.cnn_code", codes
