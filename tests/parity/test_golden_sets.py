"""Our networks, losses and training steps against the official code's, by golden sets made with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from tests.parity.kinds import compared, left_out, outputs_of
from tests.parity.recipe import GoldenSet

GOLDEN = Path(__file__).parents[2].parent / "shared" / "golden"
SETS = (
    "attngan_losses_unit",
    "attngan_bird_text",
    "attngan_bird_cnn",
    "attngan_bird_g_eval",
    "attngan_bird_g_eval_short",
    "attngan_bird_g_train",
    "attngan_bird_d",
    "attngan_bird_losses",
    "attngan_bird_train2",
    "dmgan_bird_g_eval",
    "dmgan_bird_g_train",
    "dmgan_bird_d",
    "dmgan_bird_losses",
    "second/dmgan_bird_train1_h",
    "stackgan2_bird_g_eval",
    "second/stackgan2_bird_losses",
    "second/attndcgan_bird_g_eval",
    "second/dfgan_bird",
)


@pytest.fixture(autouse=True)
def two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("name", SETS)
def test_set_is_matched(name: str) -> None:
    sidecar = GOLDEN / f"{name}.json"
    if not sidecar.is_file():
        pytest.skip(f"the golden set {name} is not at hand (looked for ../shared/golden beside the repository)")
    golden = GoldenSet(sidecar)
    outputs = outputs_of(golden)
    assert outputs is not None
    comparisons = compared(golden, outputs)
    assert left_out(golden, comparisons) == []
    beyond = [comparison for comparison in comparisons if not comparison.share <= 1]
    assert beyond == []
