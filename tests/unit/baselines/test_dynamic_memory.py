"""DM-GAN's memory: closed gates, open gates, its formulas written out, and the components left out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor

from t2ibench.core.types import Trace
from t2ibench_baselines.dmgan.generator import MemoryStage
from t2ibench_baselines.dmgan.memory import DynamicMemory
from t2ibench_baselines.dmgan.parameters import DMGANParameters
from tests.unit.baselines.builders import CAPTIONS, dmgan, noise_of

LENGTHS = (5, 3, 1)
FIRM = 1e4  # a gate's sigmoid is exactly 0 or 1 there


def inputs(rows: slice = slice(None)) -> tuple[Tensor, Tensor, Tensor]:
    torch.manual_seed(1)
    padding = torch.arange(5) >= torch.tensor(LENGTHS)[:, None]
    return torch.randn(3, 6, 4, 4)[rows], torch.rand(3, 10, 5)[rows] + 0.1, padding[rows]


def memory(**given: Any) -> DynamicMemory:
    torch.manual_seed(0)
    return DynamicMemory(DMGANParameters(generator_features=6, **given), 10)


def held(gate: DynamicMemory, *, writing: float | None = None, response: float | None = None) -> DynamicMemory:
    """Hold gates at 0 (-1) or 1 (+1); words are positive, so A's sign decides."""
    with torch.no_grad():
        if writing is not None:
            gate.A.weight.fill_(FIRM * writing)
            gate.B.weight.zero_()
        if response is not None:
            gate.response_gate[0].weight.zero_()
            gate.response_gate[0].bias.fill_(FIRM * response)
    return gate


def test_a_closed_response_gate_returns_the_features() -> None:
    features, words, padding = inputs()
    response = held(memory(), response=-1).respond(features, words, padding)
    assert torch.equal(response.features, features)
    assert response.gates["response"].max() == 0


def test_an_open_response_gate_returns_what_was_read() -> None:
    features, words, padding = inputs()
    naive = memory(response_gate=False).respond(features, words, padding)
    assert naive.features.shape == (3, 12, 4, 4)
    assert torch.equal(naive.features[:, :6], features)
    # With the naive memory's weights the gated one reads the same.
    gated = memory()
    gated.load_state_dict(memory(response_gate=False).state_dict(), strict=False)
    response = held(gated, response=1).respond(features, words, padding)
    torch.testing.assert_close(response.features, naive.features[:, 6:])


def test_an_open_writing_gate_writes_the_words_alone() -> None:
    features, words, padding = inputs()
    words_alone = memory(writing_gate=False)
    gated = held(memory(), writing=1)
    gated.load_state_dict(words_alone.state_dict(), strict=False)
    one, other = gated.respond(features, words, padding), words_alone.respond(features, words, padding)
    torch.testing.assert_close(one.features, other.features)
    torch.testing.assert_close(one.attention, other.attention)
    assert set(other.gates) == {"response"}


def test_a_closed_writing_gate_makes_all_words_alike() -> None:
    features, words, padding = inputs()
    response = held(memory(), writing=-1).respond(features, words, padding)
    for row, length in enumerate(LENGTHS):
        torch.testing.assert_close(response.attention[row, :length], torch.full((length, 4, 4), 1 / length))
        assert response.attention[row, length:].abs().sum() == 0


@pytest.mark.parametrize("relu", [True, False])
def test_the_formulas_written_out(relu: bool) -> None:
    features, words, padding = inputs(slice(0, 1))
    dynamic = memory(memory_relu=relu)
    state = dynamic.state_dict()

    def mapped(name: str, codes: Tensor) -> Tensor:
        made = state[f"{name}.0.weight"][:, :, 0] @ codes + state[f"{name}.0.bias"][:, None]
        return made.relu() if relu else made

    h, w = features[0].flatten(1), words[0]  # c x Q, D x T
    r = h.mean(dim=1)
    gate = torch.sigmoid(state["A.weight"] @ w + state["B.weight"] @ r).flatten()  # T
    slots = gate * mapped("M_w", w) + (1 - gate) * mapped("M_r", r[:, None])
    weights = torch.softmax(mapped("key", slots).T @ h, dim=0)  # T x Q
    read = mapped("value", slots) @ weights
    joined = torch.cat((h, read))
    open_ = torch.sigmoid(state["response_gate.0.weight"][0, :, 0, 0] @ joined + state["response_gate.0.bias"])
    response = dynamic.respond(features, words, padding)
    torch.testing.assert_close(response.gates["writing"][0], gate)
    torch.testing.assert_close(response.attention[0].flatten(1), weights)
    torch.testing.assert_close(response.gates["response"][0].flatten(), open_)
    torch.testing.assert_close(response.features[0].flatten(1), (1 - open_) * h + open_ * read)


@pytest.mark.parametrize("detached", [True, False])
def test_the_pooled_features_have_a_gradient_only_where_asked(detached: bool) -> None:
    features, words, padding = inputs()
    features.requires_grad_()
    dynamic = memory(detached_pooling=detached)
    dynamic.respond(features, words, padding).gates["writing"].sum().backward()
    assert (features.grad is None) == detached
    assert dynamic.B.weight.grad is not None


def test_the_official_mask_mixes_the_captions() -> None:
    features, words, padding = inputs()
    own = memory().respond(features, words, padding).attention
    official = memory(official_mask=True).respond(features, words, padding).attention
    hidden = official[2].flatten(1) == 0  # T x Q; place q of image 2 has the mask of caption (2 * 16 + q) mod 3
    assert torch.equal(hidden, torch.stack([padding[(32 + place) % 3] for place in range(16)], dim=1))
    assert not torch.allclose(own, official)
    alone = memory(official_mask=True).respond(*inputs(slice(1, 2))).attention
    torch.testing.assert_close(alone, own[1:2])


@pytest.mark.parametrize(
    ("given", "width"),
    [({}, 12), ({"self_concatenation": False}, 6), ({"response_gate": False, "self_concatenation": False}, 12)],
)
def test_width_of_the_blocks_that_follow(given: dict[str, bool], width: int) -> None:
    stage = MemoryStage(DMGANParameters(generator_features=6, residual_blocks=1, **given), 10)
    seen: list[Tensor] = []
    stage.residual[0].register_forward_hook(lambda module, given, made: seen.append(given[0]))
    refined = stage(inputs()[0], torch.zeros(3, 4), *inputs()[1:])
    assert refined.features.shape == (3, 6, 8, 8)
    assert seen[0].shape[1] == width
    if not given:
        assert torch.equal(seen[0][:, :6], seen[0][:, 6:])


@pytest.mark.parametrize(
    ("given", "gates"),
    [
        ({}, {"writing", "response"}),
        ({"response_gate": False}, {"writing"}),
        ({"writing_gate": False, "response_gate": False}, set()),
        ({"memory": False, "writing_gate": False, "response_gate": False}, set()),
    ],
)
def test_trace_shows_the_gates(given: dict[str, bool], gates: set[str]) -> None:
    model = dmgan(branches=3, **given)
    trace = Trace()
    model.generate(CAPTIONS, noise_of(CAPTIONS), trace=trace)
    assert [attended.stage for attended in trace.attention] == [32, 64]
    assert {(gate.stage, gate.name) for gate in trace.gates} == {
        (resolution, name) for resolution in (32, 64) for name in gates
    }
    for gate in trace.gates:
        by_word = gate.name == "writing"
        assert tuple(gate.values.shape) == ((4, 8) if by_word else (4, gate.stage // 2, gate.stage // 2))
        assert bool(gate.words) == by_word
        assert float(gate.values.min()) > 0 and float(gate.values.max()) < 1


def test_the_baseline_is_attngans_refinement() -> None:
    keys = {
        key for key in dmgan(memory=False, writing_gate=False, response_gate=False).generator.state_dict()
        if key.startswith("h_net2.") and ".residual." not in key and ".upsample." not in key
    }  # fmt: skip
    assert keys == {"h_net2.att.conv_context.weight"}


def test_gates_need_a_memory() -> None:
    with pytest.raises(ValidationError, match="nothing to gate"):
        DMGANParameters(memory=False)


def test_defaults_are_the_official_configuration() -> None:
    parameters = DMGANParameters()
    assert (parameters.generator_features, parameters.discriminator_features, parameters.batch_size) == (64, 32, 10)
    assert parameters.resolutions == parameters.image_resolutions == (64, 128, 256)
    assert parameters.r1_weight == 0
