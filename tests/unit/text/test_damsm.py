from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from pydantic import ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext, HasSchedule, Trainable
from t2ibench.core.noise import Noise
from t2ibench.core.types import Caption, TrainBatch
from t2ibench.text.damsm import DAMSM, DAMSMParameters
from t2ibench.text.damsm.image_encoder import SmallImageEncoder
from t2ibench.text.damsm.inception_encoder import InceptionImageEncoder
from t2ibench.text.damsm.text_encoder import TextEncoder
from t2ibench.text.vocabulary import Vocabulary

TEXTS = ("a small red bird with a black head", "this bird is blue", "a bird", "the green bird has long wings")
VOCABULARY = Vocabulary.from_captions(TEXTS)
CAPTIONS = tuple(Caption(f"t/{row}", text) for row, text in enumerate(TEXTS))
SMALL = DAMSMParameters(trunk="small", resolution=32, width=8, embedding=32, word_embedding=16, batch_size=4)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(threads)


def build(purpose: str = "train", parameters: DAMSMParameters = SMALL) -> DAMSM:
    return DAMSM.build(parameters, BuildContext(purpose, VOCABULARY.words))  # type: ignore[arg-type]


def batch(step: int = 0) -> TrainBatch:
    generator = torch.Generator().manual_seed(1)
    images = torch.rand(4, 3, 32, 32, generator=generator) * 2 - 1
    return TrainBatch(step, "train", CAPTIONS, {32: images}, torch.arange(4))


def test_official_key_sets() -> None:
    text = TextEncoder(5450)
    assert len(text.state_dict()) == 9
    assert sum(parameter.numel() for parameter in text.parameters()) == 2_075_320
    image = InceptionImageEncoder()
    assert len(image.state_dict()) == 567
    assert sum(key.endswith("num_batches_tracked") for key in image.state_dict()) == 94
    assert sum(parameter.numel() for parameter in image.parameters()) == 22_506_720
    assert sum(parameter.numel() for parameter in image.head_parameters()) == 721_152


def test_it_is_a_trainable_with_a_schedule() -> None:
    model = build()
    assert isinstance(model, Trainable)
    assert isinstance(model, HasSchedule)
    assert DAMSM.requirements(SMALL) == ()
    assert DAMSM.card().title == "DAMSM"


def test_captions_do_not_depend_on_their_batch() -> None:
    model = build()
    model.text_encoder.eval()
    together = model.encode_text(CAPTIONS)
    assert together.words.shape == (4, 32, 8)
    assert together.sentence.shape == (4, 32)
    assert together.text[2] == ("a", "bird")
    assert together.padding.sum(dim=1).tolist() == [0, 4, 6, 2]
    assert together.words.masked_select(together.padding[:, None]).abs().max() == 0
    for row, caption in enumerate(CAPTIONS):
        alone = model.encode_text([caption])
        torch.testing.assert_close(alone.sentence[0], together.sentence[row], atol=1e-6, rtol=0)
        torch.testing.assert_close(alone.words[0], together.words[row, :, : alone.words.shape[2]], atol=1e-6, rtol=0)


@pytest.mark.parametrize("resolution", [32, 64, 128])
def test_small_encoder_has_a_grid_of_eight(resolution: int) -> None:
    encoder = SmallImageEncoder(resolution=resolution)
    images = torch.rand(3, 3, 48, 48) * 2 - 1
    regions, codes = encoder.eval()(images)
    assert regions.shape == (3, 256, 8, 8)
    assert codes.shape == (3, 256)
    alone, _ = encoder(images[:1])
    torch.testing.assert_close(alone[0], regions[0], atol=1e-5, rtol=1e-4)
    assert sum(parameter.numel() for parameter in encoder.parameters()) < 1_300_000


def test_it_learns_a_batch_by_heart() -> None:
    model = build(parameters=SMALL.model_copy(update={"dropout": 0.0}))
    optimizer = model.optimizers()["encoders"]
    losses = []
    for step in range(25):
        (update,) = model.updates(batch(step), Noise(0).bind_step(step, 4))
        assert update.optimizer == "encoders"
        assert set(update.clip_parameters) == set(model.text_encoder.parameters())
        assert update.clip_norm == 0.25
        optimizer.zero_grad()
        update.loss.backward()
        assert update.clip_norm is not None
        torch.nn.utils.clip_grad_norm_(update.clip_parameters, update.clip_norm)
        optimizer.step()
        losses.append(update.loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_every_parameter_learns() -> None:
    model = build()
    (update,) = model.updates(batch(), Noise(0).bind_step(0, 4))
    update.loss.backward()
    for network in model.networks().values():
        for name, parameter in network.named_parameters():
            assert parameter.grad is not None, name
    assert update.loss.item() == pytest.approx(sum(part.item() for part in update.parts.values()), rel=1e-5)


def test_a_frozen_trunk_needs_weights() -> None:
    parameters = DAMSMParameters(train_trunk=True, resolution=75)
    model = build(parameters=parameters)
    encoder = model.image_encoder
    assert isinstance(encoder, InceptionImageEncoder)
    assert all(parameter.requires_grad for parameter in encoder.parameters())
    with pytest.raises(UserError, match="trunk_weights"):
        build(parameters=DAMSMParameters())


def test_trunk_weights_come_from_a_file(tmp_path) -> None:  # type: ignore[no-untyped-def]
    source = InceptionImageEncoder()
    state = {key: value for key, value in source.state_dict().items() if not key.startswith("emb_")}
    state["fc.weight"] = torch.zeros(2)  # torchvision's file has a classifier too
    path = tmp_path / "inception.pth"
    torch.save(state, path)
    model = build(parameters=DAMSMParameters(trunk_weights=str(path)))
    key = "Mixed_6e.branch1x1.conv.weight"
    assert torch.equal(model.image_encoder.state_dict()[key], state[key])
    learning = [parameter for parameter in model.image_encoder.parameters() if parameter.requires_grad]
    assert sum(parameter.numel() for parameter in learning) == 721_152
    del state[key]
    torch.save(state, path)
    with pytest.raises(UserError, match="is not of Inception-v3"):
        build(parameters=DAMSMParameters(trunk_weights=str(path)))
    with pytest.raises(UserError, match="not at"):
        build(parameters=DAMSMParameters(trunk_weights=str(tmp_path / "none.pth")))
    path.write_bytes(b"rubbish")
    with pytest.raises(UserError, match="cannot be read"):
        build(parameters=DAMSMParameters(trunk_weights=str(path)))


def test_generation_makes_no_image_encoder_until_asked() -> None:
    model = build("generate")
    assert model._image_encoder is None
    model.encode_text(CAPTIONS)
    assert model._image_encoder is None
    trained = build()
    for name, network in model.exported().items():
        network.load_state_dict(trained.exported()[name].state_dict())
    images = torch.rand(2, 3, 32, 32)
    trained.image_encoder.eval()
    torch.testing.assert_close(model.encode_images(images)[1], trained.encode_images(images)[1])


def test_learning_rate_falls_to_its_floor() -> None:
    model = build(parameters=DAMSMParameters(trunk="small", resolution=32))
    rates = [model.learning_rates(epoch * 10 + 3, 10)["encoders"] for epoch in range(200)]
    assert rates[0] == 0.002
    assert rates[1] == pytest.approx(0.00196)
    assert rates[113] > 0.0002 > rates[114]
    assert rates[114] == rates[199] == pytest.approx(1.999e-4, rel=1e-3)


@pytest.mark.parametrize(
    "given",
    [
        {"trunk": "small", "resolution": 299},
        {"trunk": "small", "resolution": 64, "train_trunk": True},
        {"resolution": 64},
        {"colour": 3},
        {"batch_size": 1},
    ],
)
def test_bad_parameters_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        DAMSMParameters.model_validate(given)


def test_gradients_reach_the_images_but_not_a_frozen_encoder() -> None:
    model = build()
    model.image_encoder.requires_grad_(False)
    images = torch.zeros(2, 3, 64, 64, requires_grad=True)
    regions, codes = model.encode_images(images)
    (regions.sum() + codes.sum()).backward()
    assert images.grad is not None and images.grad.abs().sum() > 0


@pytest.mark.parametrize("lengths", [[5], [5, 5], [5, 3]])
def test_captions_are_read_in_bf16_where_the_cpu_has_no_lstm_for_it(lengths, monkeypatch):
    monkeypatch.setattr("t2ibench.text.damsm.text_encoder._LSTM_TAKES_BF16", False)
    encoder = TextEncoder(9, embedding=8, word_embedding=6).eval()
    ids = torch.arange(1, 6).repeat(len(lengths), 1)
    with torch.no_grad():
        expected = encoder(ids, torch.tensor(lengths))
        with torch.autocast("cpu", torch.bfloat16):
            found = encoder(ids, torch.tensor(lengths))
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)
