"""The PPGN-style sampler: its iteration against closed forms, and the climb over small generators."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import TrainableEntry, load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.training.request import TrainRequest, resolve
from t2ibench_baselines.ppgn import PPGNStyle
from t2ibench_baselines.ppgn.parameters import PPGNStyleParameters
from t2ibench_baselines.ppgn.sampler import Latents, improved
from tests.unit.baselines.builders import CAPTIONS, attngan, context, noise_of

ROOT = Path(__file__).parents[3]


def sampler(wrapped: Any = None, **given: Any) -> PPGNStyle:
    torch.manual_seed(0)
    around = BuildContext("train", encoders=context("train").encoders, wrapped=wrapped or attngan())
    return PPGNStyle.build(PPGNStyleParameters(**given), around)


def squares(latents: Latents) -> Tensor:
    """Minus half the squared distance from 3, whose gradient is 3 - h."""
    return -0.5 * (latents["z"] - 3).square().sum(dim=1)


def test_one_iteration_is_the_formula() -> None:
    p = PPGNStyleParameters(iterations=1, prior_weight=0.5, score_weight=2, noise_weight=0.1, step_size=0.3)
    h, noise = torch.tensor([[1.0, -2.0], [0.0, 4.0]]), torch.tensor([[[1.0, 2.0]], [[-1.0, 0.0]]])
    moved, scores = improved({"z": h}, squares, p, noise)
    d = -0.5 * h + 2 * (3 - h) + 0.1 * noise[:, 0]
    assert torch.allclose(moved["z"], h + 0.3 * d / d.abs().mean(dim=1, keepdim=True))
    assert torch.allclose(scores, squares({"z": h})[None])


def test_only_ratios_of_the_weights_matter() -> None:
    h = torch.randn(3, 4)
    ends = [
        improved({"z": h}, squares, PPGNStyleParameters(iterations=4, prior_weight=k, score_weight=3 * k))[0]["z"]
        for k in (0.01, 10.0)
    ]
    assert torch.allclose(*ends, atol=1e-5)


def test_steps_fall_linearly_and_the_score_rises() -> None:
    p = PPGNStyleParameters(iterations=3, step_size=0.4, final_step_size=0.2)
    assert [p.step_at(i) for i in range(3)] == pytest.approx([0.4, 0.3, 0.2])
    _, scores = improved({"z": torch.zeros(2, 5)}, squares, p)
    assert (scores[1:] > scores[:-1]).all()


def test_nothing_moves_where_nothing_pulls() -> None:
    h = torch.full((1, 3), 3.0)  # the score's maximum: d is 0
    moved, _ = improved({"z": h}, squares, PPGNStyleParameters(iterations=2, prior_weight=0.0))
    assert torch.equal(moved["z"], h)
    idle = {"z": torch.zeros(1, 2), "box": torch.ones(1, 1)}  # the score does not depend on "box"
    moved, _ = improved(idle, squares, PPGNStyleParameters(iterations=2, prior_weight=1.0))
    assert torch.equal(moved["box"], idle["box"]) and not torch.equal(moved["z"], idle["z"])


@pytest.mark.parametrize("given", [{"iterations": 0}, {"prior_weight": 0.0, "score_weight": 0.0}])
def test_without_weights_it_is_the_wrapped_generator(given: dict[str, Any]) -> None:
    wrapped, noise = attngan(), noise_of(CAPTIONS)
    assert torch.equal(sampler(wrapped, **given).generate(CAPTIONS, noise), wrapped.generate(CAPTIONS, noise))


def test_images_come_to_match_their_captions() -> None:
    made, noise = sampler(iterations=10, step_size=0.02), noise_of(CAPTIONS)
    for network in made.exported().values():  # fresh networks make grey images whatever the latents
        for parameter in network.parameters():
            parameter.add_(0.1 * torch.randn(parameter.shape))
    latents, scores = made.improve(CAPTIONS, noise)
    assert set(latents) == {"z", "ca"}
    assert scores.shape == (11, 4)
    assert (scores[-1] > scores[0]).all()
    apart = torch.cat([made.generate([one], noise_of((one,))) for one in CAPTIONS])
    with torch.inference_mode():
        together = made.generate(CAPTIONS, noise)
    assert torch.allclose(apart, together, atol=1e-4)
    assert not together.requires_grad


def test_it_is_made_around_a_trained_model_that_its_identity_names(tmp_path: Path) -> None:
    workspace, content = Workspace(tmp_path), load_benchmarks(ROOT / "benchmarks.toml").content
    job = resolve(TrainRequest.of("ppgn"), Place(content, workspace), "m")
    assert job.wrapped is not None and (job.wrapped.label, job.steps) == ("attngan", 0)
    assert job.spec.parameters["over_identity"] == job.wrapped.identity
    other = resolve(TrainRequest.of("ppgn", parameters={"over": "dmgan"}), Place(content, workspace), "m")
    assert other.spec.digest != job.spec.digest
    for over, message in (("damsm", "is an encoder"), ("dfgan:no-magp", "is not trained"), ("atngan", "attngan")):
        with pytest.raises(UserError, match=message):
            resolve(TrainRequest.of("ppgn", parameters={"over": over}), Place(content, workspace), "m")


def test_a_model_that_learns_needs_steps(tmp_path: Path) -> None:
    content = load_benchmarks(ROOT / "benchmarks.toml").content
    models = {**content.models, "gawwn": TrainableEntry(plugin="gawwn", steps=0)}
    with pytest.raises(UserError, match="set its steps"):
        resolve(
            TrainRequest.of("gawwn"), Place(content.model_copy(update={"models": models}), Workspace(tmp_path)), "m"
        )


def test_a_model_without_gradients_is_refused() -> None:
    class Flat:
        def __init__(self) -> None:
            self.inner = attngan()
            self.capabilities = self.inner.capabilities

        def exported(self) -> Any:
            return self.inner.exported()

        def generate(self, captions: Any, noise: Any, **rest: Any) -> Tensor:
            return self.inner.generate(captions, noise, **rest).detach()

    with pytest.raises(UserError, match="gives no gradient"):
        sampler(Flat()).generate(CAPTIONS, noise_of(CAPTIONS))
    known = context("train")
    for wrapped, refused in ((attngan(), False), (Flat(), True)):
        around = BuildContext("train", known.vocabulary, known.encoders, wrapped=wrapped)
        with pytest.raises(UserError, match="gives no gradient") if refused else nullcontext():
            PPGNStyle.build(PPGNStyleParameters(iterations=0), around)
