"""Sets of the DAMSM encoders alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

import torch

from tests.parity.entries import Entry
from tests.parity.networks import image_encoder, text_encoder
from tests.parity.recipe import GoldenSet


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


@torch.no_grad()
def image(golden: GoldenSet) -> Iterator[Entry]:
    """Yield the image encoder's outputs for every image of the set and both conventions of the resize."""
    inputs = golden.sidecar["inputs_from"]
    for align_corners in (False, True):
        encoder = image_encoder(golden, align_corners=align_corners)
        for name, source in inputs.items():
            begin, end = re.search(r"\[(\d*):(\d*)\]", source).groups()  # type: ignore[union-attr]
            shared = source.split()[1].split("[")[0]
            images = golden.images(shared)[int(begin or 0) : int(end) if end else None]
            regions, codes = encoder(images)
            yield f"out.{name}.align_corners_{align_corners}.features", regions
            yield f"out.{name}.align_corners_{align_corners}.cnn_code", codes
