"""Masks of birds' parts, words that name them, and what is read off planted traces."""

import json

import numpy as np
import pytest
import torch
from PIL import Image

from t2ibench.core.reading.part_table import PartTable
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import AttentionMap, Caption, GateMap, Trace
from t2ibench.features.context import FeatureContext
from t2ibench.metrics.inside.maps import boxes_of
from t2ibench.text.tokenizer import tokenize
from t2ibench_simulations.networks.asked_boxes import AskedBoxes
from t2ibench_simulations.networks.bird_insides import BirdInsides
from t2ibench_simulations.networks.simparts import SimParts, heads_in
from t2ibench_simulations.simbirds.appearance import appearance_of
from t2ibench_simulations.simbirds.attributes import PARTS
from t2ibench_simulations.simbirds.captions import captions_for
from t2ibench_simulations.simbirds.make import make_simbirds
from t2ibench_simulations.simbirds.masks import write_masks
from t2ibench_simulations.simbirds.named_parts import COLOUR_WORDS, named_parts
from t2ibench_simulations.simbirds.species import all_species
from t2ibench_simulations.simbirds.statements import statements_in
from t2ibench_simulations.simbirds.truth import write_part_tables


def test_masks_lie_where_the_parts_were_drawn(tmp_path):
    make_simbirds(tmp_path / "birds", images=12, size=96, processes=1)
    folder = write_masks(tmp_path / "birds")
    rows = [json.loads(line) for line in next((tmp_path / "birds").rglob("truth.jsonl")).read_text().splitlines()]
    assert len(list(folder.rglob("*.png"))) == len(rows) == 12
    write_part_tables(tmp_path / "birds")
    table = PartTable(tmp_path / "birds")
    assert table.names == tuple(PARTS)
    near = 0
    for row in rows:
        for part, (x, y, seen) in zip(PARTS, table.locations[row["file"]], strict=True):
            centre = row["parts"][part]["centre"]
            assert (seen == 1 and [x, y] == pytest.approx(centre, abs=0.06)) if centre else seen == 0
        mask = np.asarray(Image.open(folder / f"{row['file']}.png"))
        image = np.asarray(Image.open(next((tmp_path / "birds").rglob(f"{row['file']}.jpg"))).convert("RGB")).astype(
            float
        )
        assert mask.shape == image.shape[:2]
        for number, part in enumerate(PARTS, start=1):
            truth = row["parts"][part]
            inside = mask == number
            assert inside.sum() == (truth["area"] or 0)
            if truth["area"] and truth["area"] > 40:
                ys, xs = np.nonzero(inside)
                assert [xs.mean() + 0.5, ys.mean() + 0.5] == pytest.approx(truth["centre"], abs=0.2)
                near += np.abs(np.median(image[inside], axis=0) - truth["rgb"]).max() < 60
    assert near > 12 * 3, "most parts have their colour where their mask is"


def test_colours_are_given_to_the_parts_that_captions_state_them_of():
    wanted = found = agreed = 0
    for species in all_species()[:60]:
        for text in captions_for(appearance_of(species, 0, 0)):
            words = tokenize(text)
            stated = set()
            for subject, word in statements_in(text):
                parts = {"head": ("crown", "head"), "face": ("head",)}.get(subject, (subject,))
                if subject in (*PARTS, "head", "face") and word in COLOUR_WORDS:
                    stated |= {(part, word) for part in parts}
            said = {
                (part, {"gray": "grey"}.get(word, word))
                for word, parts in zip(words, named_parts(words), strict=True)
                for part in parts
                if word in COLOUR_WORDS
            }
            wanted, found, agreed = wanted + len(stated), found + len(said), agreed + len(stated & said)
    assert agreed / wanted > 0.97 and agreed / found > 0.97, (wanted, found, agreed)


def test_heads_are_pieces_that_are_large_enough():
    numbers = np.zeros((64, 64), np.uint8)
    head, crown, bill = (PARTS.index(part) + 1 for part in ("head", "crown", "bill"))
    assert heads_in(numbers) == 0
    numbers[10:14, 10:14], numbers[8:10, 10:14], numbers[14, 14] = head, crown, bill
    assert heads_in(numbers) == 1
    numbers[40:44, 40:44], numbers[60, 60] = head, head
    assert heads_in(numbers) == 2


@pytest.fixture(scope="module")
def birds():
    """Forty drawn birds of test species: (uint8 N x 3 x 64 x 64, their maps of parts)."""
    from t2ibench_simulations.training.train_simparts import BASE, SIDE, held_out, parts_of

    edge = (BASE - SIDE) // 2
    drawn = [parts_of(held_out(77_700_000 + number)) for number in range(40)]
    cut = [(image[edge:-edge, edge:-edge], parts[edge:-edge, edge:-edge]) for image, parts in drawn]
    images = torch.from_numpy(np.stack([image for image, _ in cut])).permute(0, 3, 1, 2).contiguous()
    return images, torch.from_numpy(np.stack([parts for _, parts in cut]))


def context(plugin):
    return FeatureContext(plugin, FeatureEntry(plugin=plugin))


def test_parts_and_heads_of_drawn_birds_are_found(birds):
    torch.set_num_threads(1)
    images, maps = birds
    network = SimParts.open(context("simparts"))
    wings = PARTS.index("wing") + 1
    found = network.parts(images)
    overlap = ((found == wings) & (maps == wings)).sum() / ((found == wings) | (maps == wings)).sum()
    assert overlap > 0.8
    assert (network.extract(images)["heads"] == 1).float().mean() >= 0.9


def test_what_a_planted_trace_shows_is_read(birds):
    torch.set_num_threads(1)
    images, _ = birds
    count, words = 10, ("this", "bird", "has", "blue", "wings")
    inside = BirdInsides.open(context("bird-insides"))
    numbers = inside._opened[0].parts(images[:count])
    on_wing = (numbers == PARTS.index("wing") + 1).float()
    assert (on_wing.mean(dim=(1, 2)) > 0.002).all()
    first = torch.zeros(count, 5, 64, 64)
    first[:, 4], first[:, 0] = on_wing, 1 - on_wing  # "wings" on the wing alone; "blue" nowhere
    flat = torch.full((count, 5, 64, 64), 0.2)
    everything = (words,) * count
    trace = Trace(
        attention=[AttentionMap(64, everything, first), AttentionMap(64, everything, flat)],
        gates=[GateMap("writing", 64, torch.tensor([[0.1, 0.5, 0.3, 0.9, 0.7]]).expand(count, -1), everything)],
    )
    captions = [Caption(str(number), " ".join(words)) for number in range(count)]
    floats = images[:count].float() / 127.5 - 1
    trace.stages = {64: floats}
    layers = inside.look(captions, floats, trace, trace)
    area = on_wing.mean(dim=(1, 2))
    assert layers["places-1"][:, 0] == pytest.approx(1 + area), "all of wings' attention, and blue has the area's"
    assert layers["places-1"][:, 1].tolist() == [2.0] * count and layers["places-1"][:, 2] == pytest.approx(2 * area)
    assert layers["places-2"][:, 0] == pytest.approx(layers["places-2"][:, 2], abs=1e-5), "flat attention is luck"
    apart = torch.stack([1 - area, area * 0, area * 0, area * 0, area], dim=1)
    assert layers["words"][:, 0] == pytest.approx((apart - 0.2).abs().sum(dim=1) / 2, abs=1e-5)
    assert (layers["words"][:, 2] == 0).all(), "the same noise twice"
    assert layers["gate"][0].tolist() == pytest.approx([0.8, 1, 0.2, 1])
    assert (layers["mended"] == 0).all(), "one stage mends nothing"


def test_parts_wrong_at_first_and_right_at_last_are_mended(birds):
    torch.set_num_threads(1)
    images, _ = birds
    inside = BirdInsides.open(context("bird-insides"))
    wings = inside._opened[1].describe(images)["wing"]
    right = next(place for place, word in enumerate(wings) if word != wings[0])
    captions = [Caption(str(number), f"this bird has {wings[right]} wings") for number in range(2)]
    stages = {16: images[[0, right]].float() / 127.5 - 1, 64: images[[right, right]].float() / 127.5 - 1}
    layers = inside.look(captions, stages[64], Trace(stages=stages), Trace())
    # the first image's wings are wrong at first and right at last; the second's were right before
    assert layers["mended"][:, :2].tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert (layers["mended"][:, 2:] == 0).all(), "the other caption says the same, so it is no other"


def test_real_birds_lie_in_their_own_boxes_and_not_beside_them(birds):
    torch.set_num_threads(1)
    images, maps = birds
    own = boxes_of(maps > 0)
    captions = [Caption(str(number), "a bird") for number in range(len(images))]
    inside, floats = AskedBoxes.open(context("asked-boxes")), images.float() / 127.5 - 1
    beside = own + torch.tensor([0.25, 0.0, 0.0, 0.0])
    layer = inside.look(captions, floats, Trace(boxes=own), Trace(boxes=beside))["boxes"]
    assert layer[:, 0].mean() > 0.9 and layer[:, 2].mean() < 0.6, layer.mean(dim=0)
    assert (layer[:, [1, 3]] == 1).all()
    none = inside.look(captions[:2], torch.zeros(2, 3, 64, 64), Trace(), Trace())["boxes"]
    assert (none == 0).all(), "a model without boxes has nothing to tell"
