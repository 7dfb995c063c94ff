"""What a protocol may ask of models: each option changes what it says, is in the identity, and touches no weight."""

import dataclasses

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import GenerationOptions
from t2ibench.core.types import Caption, SamplePlan
from t2ibench.evaluation.images import manner
from t2ibench.evaluation.images.sources import ModelSource
from tests.unit.evaluation.small_models import PLAN, TEXTS, small_model

MASKED = GenerationOptions(parameters={"official_mask": True}, batch_size=3)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Model folders by plug-in, made once."""
    made = {}

    def of(plugin):
        if plugin not in made:
            made[plugin] = small_model(plugin, tmp_path_factory.mktemp("models") / plugin)
        return made[plugin]

    return of


def source_of(folder, options=None, **rest):
    how = {"device": "cpu", "resolution": 32, "quantise": "round", **rest}
    return ModelSource(folder, generation=options or GenerationOptions(), **how)


def made(source, plan=PLAN, batch_size=7):
    return torch.cat([batch.pixels for batch in source.images(plan, batch_size=batch_size)]).int()


def difference(one, other):
    return int((one - other).abs().max())


@pytest.mark.parametrize("plugin", ["attngan", "dmgan"])
def test_the_official_mask_changes_images_of_mixed_batches_only(folder, plugin):
    plain, masked = source_of(folder(plugin)), source_of(folder(plugin), MASKED)
    assert masked.identity != plain.identity
    assert difference(made(plain), made(masked)) > 1
    alone = GenerationOptions(parameters={"official_mask": True}, batch_size=1)
    assert difference(made(plain), made(source_of(folder(plugin), alone))) <= 1  # one caption has its own mask


def test_under_the_official_mask_the_protocols_batch_is_made_whatever_is_asked(folder):
    source = source_of(folder("attngan"), MASKED)
    expected = made(source)
    for batch_size in (1, 2, 50):
        assert difference(made(source, batch_size=batch_size), expected) == 0
    late = dataclasses.replace(PLAN, items=PLAN.items[source.together :])
    batches = list(source.images(late, batch_size=2))
    assert [one for batch in batches for one in batch.ids] == [item.id for item in late.items]
    assert difference(torch.cat([batch.pixels for batch in batches]).int(), expected[source.together :]) == 0
    other = GenerationOptions(parameters={"official_mask": True}, batch_size=2)
    assert difference(made(source_of(folder("attngan"), other)), expected) > 1
    assert source_of(folder("attngan"), other).identity != source.identity


def test_a_model_with_the_official_mask_of_its_own_gets_whole_batches_too(tmp_path, monkeypatch):
    monkeypatch.setattr(manner, "TOGETHER", 3)
    own = small_model("attngan", tmp_path / "own", official_mask=True)
    source = source_of(own)
    assert source.together == 3 and "depends on its batch" in " ".join(source.card.notes)
    expected = made(source)
    for batch_size in (1, 2, 50):
        assert difference(made(source, batch_size=batch_size), expected) == 0
    off = source_of(own, GenerationOptions(parameters={"official_mask": False}))
    assert off.together is None and difference(made(off), expected) > 1
    assert difference(made(off, batch_size=2), made(off)) <= 1


def test_longest_captions_come_first_within_a_batch(folder):
    sorting = dataclasses.replace(manner.Manner.of(folder("attngan"), MASKED), longest_first=True)
    captions = [item.caption for item in PLAN.items]
    lengths = [len(TEXTS[place].split()) for place in sorting.order(captions)]
    assert lengths == sorted(lengths, reverse=True)
    equal = [Caption(str(row), "a bird") for row in range(4)]
    assert sorting.order(equal) == [0, 1, 2, 3]
    capped = dataclasses.replace(sorting, words_maximum=1)
    assert capped.order(captions) == list(range(len(captions)))
    ordered = MASKED.model_copy(update={"batch_order": "longest-first"})
    one, other = source_of(folder("attngan"), MASKED), source_of(folder("attngan"), ordered)
    assert one.identity != other.identity and difference(made(one), made(other)) > 1  # other places, other masks
    # Where nothing depends on the batch the order changes nothing, and every image stays at its caption.
    apart = GenerationOptions(batch_size=7, batch_order="longest-first")
    assert difference(made(source_of(folder("attngan"), apart)), made(source_of(folder("attngan")))) <= 1


@pytest.mark.parametrize("plugin", ["attngan", "dmgan", "stackgan_v2"])
def test_conditioning_noise_can_be_its_mean(folder, plugin):
    plain, still = source_of(folder(plugin)), source_of(folder(plugin), GenerationOptions(zero_latents=("ca",)))
    assert still.identity != plain.identity and "latent ca is 0" in " ".join(still.card.notes)
    assert difference(made(plain), made(still)) > 1
    none = GenerationOptions(zero_latents=("ca", "z"))
    moved = SamplePlan(PLAN.items, 5, "toy", "test")
    settled = source_of(folder(plugin), none)
    assert difference(made(settled), made(settled, moved)) == 0  # nothing is drawn any more
    assert difference(made(still), made(still, moved)) > 1  # z still is


@pytest.mark.parametrize("plugin", ["attngan", "dmgan", "stackgan_v2", "dfgan"])
def test_long_captions_can_be_thinned(folder, plugin):
    thin = GenerationOptions(parameters={"words_maximum_generation": 4})
    plain, thinned = source_of(folder(plugin)), source_of(folder(plugin), thin)
    before, after = made(plain), made(thinned)
    for row, text in enumerate(TEXTS):
        if len(text.split()) <= 4:
            assert difference(before[row], after[row]) <= 1
    assert difference(before, after) > 1 and plain.identity != thinned.identity
    assert difference(made(thinned), made(thinned, SamplePlan(PLAN.items, 5, "toy", "test"))) > 1


def test_dfgans_truncation(folder):
    short = source_of(folder("dfgan"), GenerationOptions(parameters={"truncation": 0.88}))
    assert difference(made(short), made(source_of(folder("dfgan")))) > 1


def test_what_a_model_has_not_is_told(folder):
    options = GenerationOptions(parameters={"official_mask": True, "words_maximum_generation": 25}, batch_size=4)
    source = source_of(folder("dfgan"), options)
    (note,) = [note for note in source.card.notes if "no such parameter" in note]
    assert "official_mask" in note and "words_maximum" not in note
    assert source.together == 4  # the protocol's batch all the same: one rule for all rows


def test_a_protocol_cannot_set_what_weights_hang_on(folder):
    for name, value in (("branches", 3), ("latent", 6), ("damsm_weight", 0.0)):
        with pytest.raises(UserError, match=rf"{name} belongs to the weights of attngan: a protocol may only set"):
            source_of(folder("attngan"), GenerationOptions(parameters={name: value}))
    with pytest.raises(UserError, match=r"do not fit attngan: key words_maximum_generation"):
        source_of(folder("attngan"), GenerationOptions(parameters={"words_maximum_generation": 0}))


def test_a_models_own_manner_leaves_its_identity_alone(folder):
    own = source_of(folder("attngan"))
    assert own.together is None and manner.Manner.of(folder("attngan"), GenerationOptions()).identity == {}
    assert own.card == folder("attngan").card


def test_the_weights_are_the_same_whatever_is_asked(folder):
    from t2ibench.models.folder import load_model

    model = folder("attngan")
    before = {path.name: path.read_bytes() for path in model.path.iterdir()}
    one = load_model(model, parameters={"official_mask": True, "words_maximum_generation": 3}).model
    other = load_model(model).model
    for name, network in one.exported().items():
        for key, value in network.state_dict().items():
            assert torch.equal(value, other.exported()[name].state_dict()[key])
    assert one.parameters.official_mask and not other.parameters.official_mask
    assert {path.name: path.read_bytes() for path in model.path.iterdir()} == before
