"""Errors planted in DM-GAN's layers are seen by the golden sets: what would a parity test be worth otherwise?"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.discriminators.spectral_normalisation import NormalisedWeights
from t2ibench_baselines.dmgan.discriminator import Discriminator
from t2ibench_baselines.dmgan.generator import Generator, MemoryStage
from tests.parity.entries import Entry, attention_entries, map_entries, spectral_entries
from tests.parity.networks import staged_generator
from tests.parity.recipe import GoldenSet
from tests.parity.test_golden_sets import GOLDEN


def opened(name: str) -> GoldenSet:
    sidecar = GOLDEN / f"{name}.json"
    if not sidecar.is_file():
        pytest.skip(f"the golden set {name} is not at hand (looked for ../shared/golden beside the repository)")
    return GoldenSet(sidecar)


def beyond(golden: GoldenSet, entries: list[Entry]) -> set[str]:
    """Return the arrays that are not matched; some must be in the set."""
    comparisons = [golden.compare(name, value) for name, value in entries if name in golden]
    assert comparisons
    return {comparison.array for comparison in comparisons if not comparison.share <= 1}


@pytest.fixture(scope="module")
def first_stage() -> tuple[GoldenSet, MemoryStage, Tensor]:
    """Return the set, the filled second stage and the features it is given."""
    golden = opened("dmgan_bird_g_eval")
    generator = staged_generator(golden).eval()
    assert isinstance(generator, Generator)
    with torch.no_grad():
        condition = generator.ca_net(golden.tensor("in.sent_emb"), golden.tensor("in.eps"))
        features = generator.h_net1(torch.cat((condition.code, golden.tensor("in.z")), dim=1))
    return golden, generator.get_submodule("h_net2"), features  # type: ignore[return-value]


class Open(nn.Module):
    def forward(self, joined: Tensor) -> Tensor:
        return torch.ones_like(joined[:, :1])


def open_response_gate(stage: MemoryStage, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(stage._modules, "response_gate", Open())


def drop_a_relu(stage: MemoryStage, patch: pytest.MonkeyPatch) -> None:
    patch.setitem(stage.value._modules, "1", nn.Identity())


def halve_the_writing_gate(stage: MemoryStage, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stage.A.weight, "data", torch.zeros_like(stage.A.weight))


def mask_correctly(stage: MemoryStage, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(stage, "settings", stage.settings.model_copy(update={"official_mask": False}))


PLANTED: dict[str, tuple[Callable[[MemoryStage, pytest.MonkeyPatch], None] | None, set[str]]] = {
    "nothing": (None, set()),
    "response gate": (open_response_gate, {"mid.h_net2.slice"}),
    "relu": (drop_a_relu, {"mid.h_net2.slice"}),
    "writing gate": (halve_the_writing_gate, {"mid.h_net2.slice", "out.att1.slice"}),
    "own mask": (mask_correctly, {"mid.h_net2.slice", "out.att1.slice"}),
}


@pytest.mark.parametrize("name", PLANTED)
def test_errors_in_the_memory(
    name: str, first_stage: tuple[GoldenSet, MemoryStage, Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden, stage, features = first_stage
    plant, expected = PLANTED[name]
    if plant is not None:
        plant(stage, monkeypatch)
    with torch.no_grad():
        refined = stage(features, torch.empty(0), golden.tensor("in.words_embs"), golden.tensor("in.mask"))
    entries = [*map_entries("mid.h_net2", refined.features), *attention_entries("out.att1", refined.attention)]
    failed = beyond(golden, entries)
    assert expected <= failed if expected else not failed


@pytest.mark.parametrize("planted", [False, True])
def test_power_iterations_in_training_only_are_seen(planted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    golden = opened("dmgan_bird_d")
    discriminator = Discriminator(64, golden.setting("GAN.DF_DIM"), golden.setting("TEXT.EMBEDDING_DIM")).eval()
    golden.fill(discriminator, "D_NET64")
    if planted:
        moving = NormalisedWeights.forward

        def still(weights: NormalisedWeights) -> Tensor:
            u = weights.weight_u.clone()
            made = moving(weights)
            weights.weight_u.copy_(u)
            return made

        monkeypatch.setattr(NormalisedWeights, "forward", still)
    failed = set()
    sentence = golden.tensor("in.sent_emb")
    with torch.no_grad():
        for call in ("call1", "call2"):
            features = discriminator.features(golden.images("img64", len(sentence)))
            entries = [(f"out.D64.eval.{call}.features", features)]
            entries += [(f"out.D64.eval.{call}.cond_presig", discriminator.COND_DNET(features, sentence))]
            failed |= beyond(golden, [*entries, *spectral_entries(f"out.D64.eval.{call}.state", discriminator)])
    assert ("out.D64.eval.call2.features" in failed) == planted
    assert bool(failed) == planted
