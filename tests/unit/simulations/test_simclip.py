"""SimCLIP places drawn birds of unseen species beside their own captions; its weights are what its card says."""

import json

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import CaptionJudge, MetricInput
from t2ibench.core.spec.benchmarks import FeatureEntry
from t2ibench.core.types import Caption
from t2ibench.data.batches.transforms import base_image, central_square
from t2ibench.features.context import FeatureContext, open_extractor, peek_identity
from t2ibench.metrics.alignment.r_precision import RPrecision
from t2ibench_simulations.networks import simclip
from t2ibench_simulations.simbirds.appearance import appearance_for
from t2ibench_simulations.simbirds.captions import captions_for
from t2ibench_simulations.simbirds.drawing import draw_bird
from t2ibench_simulations.simbirds.species import all_species

CONTEXT = FeatureContext("simclip", FeatureEntry(plugin="simclip"))
COUNT = 150


@pytest.fixture(scope="module")
def judge():
    return open_extractor(CONTEXT)


@pytest.fixture(scope="module")
def birds():
    """Three birds of every test species, cut as evaluation cuts them: (uint8 N x 3 x 64 x 64, captions)."""
    test = [species for species in all_species() if species.split == "test"]
    seen, captions = [], []
    for number in range(COUNT):
        appearance = appearance_for(test[number % len(test)].attributes, 880_000 + number)
        drawing = draw_bird(appearance, 96)
        seen.append(np.asarray(central_square(base_image(drawing.image, drawing.box, 64), 64)))
        captions.append(Caption(str(number), captions_for(appearance)[0]))
    return torch.from_numpy(np.stack(seen)).permute(0, 3, 1, 2).contiguous(), captions


def r_precision(judge, pixels, captions, shift):
    """R-precision of images with the captions `shift` images further on; negatives are of other species."""
    rows = np.arange(COUNT)
    others = np.stack([[other for other in rows if (other - row) % 50 != 0][:99] for row in rows])
    given = MetricInput(
        {"image": judge.extract(pixels)["image"].numpy()},
        caption_codes=judge.read(captions).numpy(),
        queries=(rows + shift) % COUNT,
        negatives=np.where(others == (rows[:, None] + shift) % COUNT, rows[:, None], others),
    )
    return RPrecision().estimate(given).value


def test_it_is_a_caption_judge_with_the_identity_of_its_weights(judge):
    assert isinstance(judge, CaptionJudge)
    assert peek_identity(CONTEXT) == judge.identity
    assert judge.identity.weights == digest_of_file(simclip.SimCLIP.weights)
    assert judge.identity.standing == "stand-in"


def test_the_card_speaks_of_these_weights():
    card = json.loads(simclip.SimCLIP.weights.with_name("card.json").read_text())
    assert card["weights_sha256"] == digest_of_file(simclip.SimCLIP.weights)
    assert card["own_caption_first_of_100"] > 0.8


def test_birds_of_unseen_species_are_nearest_to_their_own_captions(judge, birds):
    assert r_precision(judge, *birds, shift=0) > 75


def test_captions_of_other_birds_are_not_nearest(judge, birds):
    assert r_precision(judge, *birds, shift=7) < 6


def test_codes_do_not_depend_on_the_batch(judge, birds):
    pixels, captions = birds
    together, texts = judge.extract(pixels[:9])["image"], judge.read(captions[:9])
    alone = torch.cat([judge.extract(pixels[row : row + 1])["image"] for row in range(9)])
    apart = torch.cat([judge.read([caption]) for caption in captions[:9]])
    assert torch.allclose(together, alone, atol=1e-4)
    assert torch.allclose(texts, apart, atol=1e-4)


def test_one_word_changes_the_code_and_an_unknown_word_is_no_error(judge):
    said = ["a bird with a red belly", "a bird with a blue belly", "zyzzyva", "", "\ufffd\ufffd"]
    codes = judge.read([Caption(str(at), text) for at, text in enumerate(said)])
    assert torch.isfinite(codes).all()
    assert not torch.allclose(codes[0], codes[1], atol=1e-2)
    assert torch.equal(codes[2], codes[3])  # both are the unknown word alone


def test_nothing_in_gives_nothing_out(judge):
    assert judge.extract(torch.zeros(0, 3, 64, 64, dtype=torch.uint8))["image"].shape == (0, 192)
    assert judge.read([]).shape == (0, 192)


@pytest.mark.parametrize("damage", [b"", b"no weights"])
def test_damaged_weights_are_a_sentence(monkeypatch, tmp_path, damage):
    file = tmp_path / "weights.safetensors"
    file.write_bytes(damage)
    monkeypatch.setattr(simclip.SimCLIP, "weights", file)
    with pytest.raises(UserError, match="SimCLIP's weights are damaged"):
        open_extractor(CONTEXT)
