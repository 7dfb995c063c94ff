"""The shipped conformance kit on DAMSM and both models."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from t2ibench.testing import check_encoder, check_model
from tests.unit.baselines.builders import TINY

DAMSM: dict[str, Any] = {
    "trunk": "small",
    "resolution": 32,
    "width": 8,
    "embedding": 32,
    "word_embedding": 16,
    "batch_size": 4,
}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_damsm(tmp_path: Path) -> None:
    check_encoder("damsm", tmp_path, DAMSM)


@pytest.mark.parametrize(
    ("model", "given"),
    [
        ("attngan", {}),
        ("attngan", {"attention": False, "words_maximum_generation": 4}),
        ("attngan", {"dcgan": True, "r1_weight": 1.0}),
        ("stackgan_v2", {"colour_weight": 1.0}),
    ],
)
def test_model(model: str, given: dict[str, Any], tmp_path: Path) -> None:
    check_model(model, tmp_path, {**TINY, **given}, {"damsm": DAMSM})
