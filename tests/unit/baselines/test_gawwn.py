"""GAWWN: geometry of boxes, the remembered boxes, numbers of parameters, losses, conditions, boxes in batches."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from t2ibench.core.errors import UserError
from t2ibench.core.noise import Noise
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.core.types import DataRequest, Trace, TrainBatch
from t2ibench.data.batches.batches import TrainingData
from t2ibench.models.conditions import Conditions, check_known, generate_under
from t2ibench.sampling.framed_box import conditions_of, framed_tile, parse_box, parse_keypoints, pinned_tile
from t2ibench.testing.squares import Squares, with_boxes, write_parts
from t2ibench_baselines.gawwn import GAWWN
from t2ibench_baselines.gawwn.boxes import MIDDLE, BoxPrior, crop, paste
from t2ibench_baselines.gawwn.discriminator import Discriminator
from t2ibench_baselines.gawwn.generator import Generator
from t2ibench_baselines.gawwn.keypoints import KeypointDiscriminator, KeypointGenerator, keypoint_maps
from t2ibench_baselines.gawwn.model import discriminator_loss
from t2ibench_baselines.gawwn.parameters import GAWWNParameters
from tests.unit.baselines.builders import CAPTIONS, attngan, context, noise_of

PARAMETERS = [69_343_040, 15_136_257]
"""Of generator and discriminator at the official sizes, counted by hand; there is no official count."""


def gan(purpose: str = "generate", **given: Any) -> GAWWN:
    small = {
        "resolution": 32,
        "generator_features": 4,
        "discriminator_features": 4,
        "batch_size": 4,
        "remembered_boxes": 6,
    }
    return GAWWN.build(GAWWNParameters(**{**small, "latent": 10, **given}), context(purpose))


def test_the_whole_image_as_a_box_changes_nothing() -> None:
    maps, whole = torch.randn(2, 3, 16, 16), torch.tensor([[0.0, 0, 1, 1]]).expand(2, -1)
    assert torch.allclose(paste(maps, whole), maps, atol=1e-5)
    assert torch.allclose(crop(maps, whole), maps, atol=1e-5)


def test_a_box_of_half_the_side_holds_means_of_four_and_the_rest_is_empty() -> None:
    maps = torch.randn(1, 2, 16, 16)
    pasted = paste(maps, torch.tensor([[0.5, 0.25, 0.5, 0.5]]))  # right, a quarter from the top
    expected = torch.zeros_like(maps)
    expected[:, :, 4:12, 8:] = functional.avg_pool2d(maps, 2)
    assert torch.allclose(pasted, expected, atol=1e-5)


def test_what_is_cut_out_is_what_was_there() -> None:
    maps = torch.zeros(1, 1, 16, 16)
    maps[:, :, 2:6, 8:16] = 1  # top 1/8, left 1/2, width 1/2, height 1/4
    cut = crop(maps, torch.tensor([[0.5, 0.125, 0.5, 0.25]]))
    assert cut[:, :, 2:-2, 1:-1].min() == pytest.approx(1, abs=1e-5)
    assert crop(maps, torch.tensor([[0.0, 0.5, 0.5, 0.5]])).abs().max() < 1e-5


@given(st.tuples(*[st.floats(0.0, 0.4)] * 2, *[st.floats(0.1, 0.6)] * 2))
@settings(max_examples=25, deadline=None)
def test_boxes_warp_as_torch_samples_grids(box: tuple[float, ...]) -> None:
    maps, boxes = torch.randn(1, 2, 16, 16, generator=torch.Generator().manual_seed(0)), torch.tensor([box])
    (x, y, w, h) = box
    theta = torch.tensor([[[w, 0, 2 * x + w - 1], [0, h, 2 * y + h - 1]]])
    inverse = torch.tensor([[[1 / w, 0, -(2 * x + w - 1) / w], [0, 1 / h, -(2 * y + h - 1) / h]]])
    for made, affine in ((crop(maps, boxes), theta), (paste(maps, boxes), inverse)):
        places = functional.affine_grid(affine.float(), [1, 2, 16, 16], align_corners=False)
        assert torch.allclose(made, functional.grid_sample(maps, places, align_corners=False), atol=1e-3)


def test_pasting_then_cutting_out_brings_smooth_maps_back() -> None:
    line = torch.linspace(0, 1, 16)
    maps = (line[:, None] + line)[None, None]
    boxes = torch.tensor([[0.25, 0.125, 0.5, 0.75]])
    back = crop(paste(maps, boxes), boxes)
    assert (back - maps)[:, :, 2:-2, 2:-2].abs().max() < 0.02


def test_every_remembered_box_is_drawn_equally_often() -> None:
    prior = BoxPrior(4)
    assert prior(torch.randn(3, 1)).tolist() == [pytest.approx(MIDDLE)] * 3
    seen = torch.rand(6, 4)
    prior.remember(seen[:3])
    prior.remember(seen[3:])  # the first two make room
    numbers = torch.randn(4000, 1, generator=torch.Generator().manual_seed(0))
    drawn = prior(numbers)
    shares = [(drawn == box).all(dim=1).float().mean().item() for box in seen]
    assert shares == pytest.approx([0, 0, 0.25, 0.25, 0.25, 0.25], abs=0.03)
    assert torch.equal(prior(torch.tensor([[-9.0], [9.0]])), prior.boxes[[0, 3]])


def test_numbers_of_parameters() -> None:
    networks = Generator(GAWWNParameters(), 1024), Discriminator(GAWWNParameters(), 1024)
    counts = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert counts == PARAMETERS


def test_the_sides_have_their_layers() -> None:
    boxes = torch.tensor([[0.1, 0.2, 0.5, 0.5]] * 2)
    for resolution in (32, 64, 128):
        sizes: dict[str, Any] = {"resolution": resolution, "generator_features": 4, "discriminator_features": 4}
        parameters = GAWWNParameters(**sizes, latent=5, remembered_boxes=2)
        made = Generator(parameters, 6)(torch.randn(2, 5), torch.randn(2, 6), boxes)
        assert made.shape == (2, 3, resolution, resolution)
        assert Discriminator(parameters, 6)(made, torch.randn(2, 6), boxes).shape == (2,)


class FirstNumbers(nn.Module):
    """A discriminator whose logits are an image's first number plus its sentence's plus its box's."""

    def forward(self, images: Tensor, sentence: Tensor, boxes: Tensor) -> Tensor:
        return images.flatten(1)[:, 0] + sentence[:, 0] + boxes[:, 0]


def test_the_discriminator_refuses_the_next_sentence_and_fakes() -> None:
    discriminator: Any = FirstNumbers()
    real, fake = torch.zeros(2, 3, 2, 2), torch.ones(2, 3, 2, 2)
    sentence, boxes = torch.tensor([[1.0], [3.0]]), torch.tensor([[0.5], [0.0]])
    loss, parts = discriminator_loss(discriminator, real, fake, sentence, boxes, GAWWNParameters(mismatch_weight=0.3))

    def pays(logit: float) -> float:
        return math.log(1 + math.exp(logit))

    wanted = {
        "real": (pays(-1.5) + pays(-3)) / 2,
        "wrong": (pays(3.5) + pays(1)) / 2,
        "fake": (pays(2.5) + pays(4)) / 2,
    }
    assert {name: part.item() for name, part in parts.items()} == pytest.approx(wanted, rel=1e-5)
    assert loss.item() == pytest.approx(wanted["real"] + 0.3 * wanted["wrong"] + 0.7 * wanted["fake"], rel=1e-5)


def test_a_box_given_is_taken_and_one_not_given_is_drawn() -> None:
    model, noise = gan(), noise_of(CAPTIONS)
    model.generator.prior.remember(torch.tensor([[0.0, 0.0, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5]]))
    left, right = (Conditions(torch.tensor([box] * 4)) for box in ([0.0, 0.2, 0.4, 0.4], [0.6, 0.2, 0.4, 0.4]))
    trace = Trace()
    first = generate_under(model, CAPTIONS, noise, left, label="gawwn", trace=trace)
    assert left.boxes is not None and trace.boxes is not None and torch.equal(trace.boxes, left.boxes)
    assert not torch.equal(first, generate_under(model, CAPTIONS, noise, right, label="gawwn"))
    drawn = Trace()
    model.generate(CAPTIONS, noise, trace=drawn)
    assert drawn.boxes is not None and set(drawn.boxes[:, 0].tolist()) <= {0.0, 0.5}


def test_models_without_boxes_refuse_them() -> None:
    box = Conditions(torch.tensor([MIDDLE]))
    with pytest.raises(UserError, match="cannot be given a box"):
        generate_under(attngan("generate"), CAPTIONS[:1], noise_of(CAPTIONS[:1]), box, label="attngan")
    check_known("attngan", attngan("generate").capabilities, Conditions())


@pytest.mark.parametrize("box", [[-0.1, 0, 0.5, 0.5], [0.6, 0, 0.5, 0.5], [0, 0, 0, 0.5], [0, 0.8, 1, 0.3]])
def test_boxes_outside_the_image_are_refused(box: list[float]) -> None:
    with pytest.raises(UserError, match="does not lie in the image"):
        Conditions(torch.tensor([box]))


def test_boxes_are_read_and_framed() -> None:
    assert parse_box("0.25, 0,0.5,0.5") == (0.25, 0, 0.5, 0.5)
    for text in ("1,2,3", "a,b,c,d", ""):
        with pytest.raises(UserError, match="--box"):
            parse_box(text)
    image = np.asarray(framed_tile(torch.zeros(3, 128, 128), torch.tensor([0.25, 0.5, 0.5, 0.25])).image)
    yellow = np.argwhere((image == (255, 214, 0)).all(axis=2))
    assert (yellow.min(axis=0).tolist(), yellow.max(axis=0).tolist()) == ([64, 32], [95, 95])


def test_the_generator_of_keypoints_has_about_the_official_number_of_parameters() -> None:
    generator = KeypointGenerator(GAWWNParameters(parts=("part",) * 15), 1024)
    assert sum(one.numel() for one in generator.parameters()) == pytest.approx(26.5e6, rel=0.12)


def test_each_visible_part_has_its_cell() -> None:
    keypoints = torch.tensor([[[0.0, 0.0, 1.0], [0.999, 0.5, 1.0], [0.3, 0.3, 0.0]]])
    maps = keypoint_maps(keypoints)
    assert maps.nonzero().tolist() == [[0, 0, 0, 0], [0, 1, 8, 15]]
    assert maps.sum() == 2


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 15), st.integers(0, 15))
def test_without_parts_the_regional_way_is_the_same_wherever_they_would_be(row: int, column: int) -> None:
    sizes = GAWWNParameters(parts=("beak", "tail"), resolution=32, discriminator_features=4)
    discriminator = KeypointDiscriminator(sizes, 6)
    hidden = torch.tensor([[[column / 16, row / 16, 0.0], [0.5, 0.5, 0.0]]])
    assert (discriminator.looked_at(torch.randn(1, 8, 16, 16), hidden) == 0).all()
    seen = hidden.clone()
    seen[0, 0, 2] = 1
    looked = discriminator.looked_at(torch.ones(1, 8, 16, 16), seen)
    assert looked.nonzero()[:, 2:].unique(dim=0).tolist() == [[row, column]]


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "object"])
def test_keypoints_follow_crop_and_flip(tmp_path: Path, whole: bool) -> None:
    """Upper left and lower right corner; in a mirrored image left and right have changed places."""
    adapter = Squares("squares", DatasetEntry(adapter="squares", protocol="none"))
    adapter.draw(tmp_path, {}, replace=True)
    manifest = with_boxes(adapter.read(tmp_path))
    request = DataRequest((64,), 6, boxes=True, keypoints=True, whole=whole)
    with pytest.raises(UserError, match=r"part_locs.txt is missing"):
        TrainingData(manifest, request, 0)
    assert write_parts(manifest) == ("left corner", "right corner", "hidden")
    data, mirrored, compared = TrainingData(manifest, request, 0), 0, 0
    for step in range(6):
        batch = data.batch(step, "train")
        assert batch.keypoints is not None and batch.boxes is not None
        assert (batch.keypoints[:, 2] == 0).all()
        for points, (x, y, width, _) in zip(batch.keypoints, batch.boxes.tolist(), strict=True):
            if not (points[:2, 2] == 1).all():
                continue
            first, second = points[0], points[1]
            compared += 1
            mirrored += int(first[1] > second[1])
            assert first[0] < second[0], "the left one is on the left, flipped or not"
            assert abs(float(first[0]) - x) < 0.06 and abs(float(second[0]) - x - width) < 0.06
            assert abs(float(first[1].minimum(second[1])) - y) < 0.06
    assert 0 < mirrored < compared


def test_keypoints_are_read_given_and_drawn() -> None:
    assert parse_keypoints(["bill=0.3, 0.4", "left eye=0,1"]) == {"bill": (0.3, 0.4), "left eye": (0.0, 1.0)}
    for text in ("bill", "bill=1", "bill=a,b"):
        with pytest.raises(UserError, match="--keypoint"):
            parse_keypoints([text])
    with pytest.raises(UserError, match="does not lie in the image"):
        Conditions(keypoints=torch.tensor([[[0.5, 1.5, 1.0]]]))
    model = gan(condition="keypoints", parts=("bill", "tail"))
    given = conditions_of(2, keypoints={"tail": (0.75, 0.5)}, parts=model.capabilities.keypoints)
    assert given.keypoints is not None and given.keypoints[1].tolist() == [[0, 0, 0], [0.75, 0.5, 1]]
    with pytest.raises(UserError, match="bil"):
        conditions_of(1, keypoints={"bil": (0.1, 0.1)}, parts=("bill", "tail"))
    trace = Trace()
    images = generate_under(model, CAPTIONS[:2], noise_of(CAPTIONS[:2]), given, label="GAWWN", trace=trace)
    assert images.shape == (2, 3, 32, 32) and trace.keypoints is not None
    assert torch.equal(trace.keypoints, given.keypoints)
    with pytest.raises(UserError, match="cannot be given keypoints"):
        check_known("GAWWN", gan().capabilities, given)
    tile = np.asarray(pinned_tile(torch.zeros(3, 64, 64), given.keypoints[0]).image)
    yellow = np.argwhere((tile == (255, 214, 0)).all(axis=2))
    assert yellow.mean(axis=0).tolist() == [0.5 * tile.shape[0], 0.75 * tile.shape[1]]


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "object"])
def test_boxes_follow_crop_and_flip(tmp_path: Path, whole: bool) -> None:
    """The squares' own pixels say where they are."""
    adapter = Squares("squares", DatasetEntry(adapter="squares", protocol="none"))
    adapter.draw(tmp_path, {}, replace=True)
    manifest = with_boxes(adapter.read(tmp_path))
    with pytest.raises(UserError, match="no bounding boxes"):
        TrainingData(adapter.read(tmp_path), DataRequest((64,), 6, boxes=True), 0)
    data = TrainingData(manifest, DataRequest((64,), 6, boxes=True, whole=whole), 0)
    worst = 0.0
    for step in range(4):
        batch = data.batch(step, "train")
        assert batch.boxes is not None
        for image, box in zip(batch.images[64], batch.boxes, strict=True):
            coloured = (image.amax(dim=0) - image.amin(dim=0) > 0.5).nonzero()  # grounds are grey
            top, left = (coloured.amin(dim=0) / 64).tolist()
            bottom, right = ((coloured.amax(dim=0) + 1) / 64).tolist()
            found = torch.tensor([left, top, right - left, bottom - top])
            worst = max(worst, float((found - box).abs().max()))
    assert worst < 2.5 / 64


def test_a_step_remembers_the_batch(tmp_path: Path) -> None:
    model = gan("train")
    boxes = torch.rand(4, 4) * 0.4 + 0.1
    batch = TrainBatch(0, "train", CAPTIONS, {32: torch.rand(4, 3, 32, 32)}, torch.arange(4), boxes=boxes)
    names = [update.optimizer for update in model.updates(batch, Noise(0).bind_step(0, 4))]
    assert names == ["discriminator", "generator"]
    assert torch.equal(model.generator.prior.boxes[:4], boxes)
    assert int(model.generator.prior.seen) == 4
    assert model.data_request() == DataRequest((32,), 4, boxes=True, whole=True)


def test_several_processes_remember_the_boxes_that_one_does(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-m", "tests.boxes_run", str(tmp_path)], cwd=root, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    (one,) = found["1"]
    assert one["seen"] == 24 and MIDDLE not in map(tuple, one["boxes"])
    for count in (2, 4):
        assert found[str(count)] == [one] * count


def test_batch_normalisation_of_the_verdict_hides_what_a_batch_shares():
    torch.manual_seed(0)
    sentence, boxes = torch.zeros(8, 6), torch.tensor([[0.0, 0.0, 1.0, 1.0]]).expand(8, 4)
    shapes = {"scored": (8, 16), "whole": (8, 32, 4, 4), "region": (8, 8, 16, 16)}
    given = {name: torch.randn(shape) for name, shape in shapes.items()}
    for normalised in (True, False):
        sizes = GAWWNParameters(resolution=32, discriminator_features=8, normalised_verdict=normalised)
        discriminator = Discriminator(sizes, 6)
        assert discriminator(torch.randn(8, 3, 32, 32), sentence, boxes).shape == (8,)
        last = {
            "scored": discriminator.scored,
            "whole": discriminator.whole[3:],
            "region": discriminator.region[3:],
        }
        for name, layers in last.items():
            moved = float((layers(given[name] + 5) - layers(given[name])).detach().abs().max())
            assert moved < 1e-3 if normalised else moved > 1e-2, (name, normalised, moved)
