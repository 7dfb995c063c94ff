"""Files as the official code wrote them, small ones and broken ones."""

from __future__ import annotations

import os
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from t2ibench.text.damsm.text_encoder import TextEncoder
from t2ibench.text.vocabulary import END
from t2ibench_baselines._stackgan.discriminators.sentence import SentenceDiscriminator
from t2ibench_baselines.attngan.generator import Generator
from t2ibench_baselines.attngan.parameters import AttnGANParameters

SIZES: dict[str, Any] = {
    "generator_features": 4, "branches": 3, "base_resolution": 16, "residual_blocks": 1, "latent": 6, "condition": 6
}  # fmt: skip
EMBEDDING = 16
WORDS = (END, "small", "bird", "a", "yellow", "red", "wing")
MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


def state_of(network: nn.Module, *, counters: bool = False) -> OrderedDict[str, Tensor]:
    """Return a network's state, without the counters of batch normalisation unless asked, as files of 2018 were."""
    return OrderedDict(
        (key, value)
        for key, value in network.state_dict().items()
        if counters or not key.endswith("num_batches_tracked")
    )


def generator(**changes: Any) -> OrderedDict[str, Tensor]:
    return state_of(Generator(AttnGANParameters(**{**SIZES, **changes}), EMBEDDING))


def discriminator(resolution: int = 64) -> OrderedDict[str, Tensor]:
    return state_of(SentenceDiscriminator(resolution, 4, EMBEDDING))


def text_encoder(words: int = len(WORDS)) -> OrderedDict[str, Tensor]:
    return state_of(TextEncoder(words, embedding=EMBEDDING, word_embedding=8))


def save(path: Path, content: Any, *, old: bool = True) -> Path:
    """Write a file in torch's old serialisation, or its zip format."""
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(content, path, _use_new_zipfile_serialization=not old)
    return path


def save_captions(path: Path, words: tuple[str, ...] = WORDS) -> Path:
    table = dict(enumerate(words))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps([[[2, 1]], [[3]], table, {word: index for index, word in table.items()}], 2))
    return path


def python_2(tensors: Mapping[str, np.ndarray], *, numbers: int | None = None) -> bytes:
    """Return a file as torch 0.3 wrote it under Python 2 on a GPU, opcode by opcode.

    Args:
        tensors: float32 arrays.
        numbers: how many numbers every storage claims to have, if not what it has.
    """

    def text(value: str) -> bytes:
        return b"U" + bytes([len(value)]) + value.encode()

    def whole(value: int) -> bytes:
        return b"J" + struct.pack("<i", value) if value < 1 << 31 else b"\x8a\x08" + struct.pack("<q", value)

    def sizes(values: tuple[int, ...]) -> bytes:
        return b"(" + b"".join(map(whole, values)) + b"t"

    items, keys, data = b"", b"", b""
    for index, (name, array) in enumerate(tensors.items()):
        claimed = array.size if numbers is None else numbers
        storage = b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text(str(index)) + text("cuda:0")
        strides = tuple(step // 4 for step in array.strides)
        items += b"](" + text(name) + b"ctorch._utils\n_rebuild_tensor\n(" + storage + whole(claimed) + b"NtQK\x00"
        items += sizes(array.shape) + sizes(strides) + b"tRe"
        keys += text(str(index))
        data += struct.pack("<q", claimed) + array.tobytes()
    machine = b"\x80\x02}(" + text("little_endian") + b"\x88u."
    content = b"\x80\x02ccollections\nOrderedDict\n](" + items + b"e\x85R."
    return MAGIC + b"\x80\x02M\xe9\x03." + machine + content + b"\x80\x02](" + keys + b"e." + data


class Touch:
    """Runs a command when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[str]]:
        return os.system, (f"touch {self.path}",)
