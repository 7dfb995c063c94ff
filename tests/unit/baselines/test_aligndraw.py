"""alignDRAW: published sizes, closed forms, windows, both reading directions, masks, and the bound's floor."""

import math

import pytest
import torch
from pydantic import ValidationError
from torch.distributions import Normal
from torch.distributions import kl_divergence as kl_of_distributions

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext, HasBound
from t2ibench.core.noise import Noise
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.spec.recipes import settings_for
from t2ibench.core.types import Caption, Trace
from t2ibench_baselines.aligndraw import AlignDRAW, SharpenedDRAW
from t2ibench_baselines.aligndraw.caption_encoder import CaptionEncoder
from t2ibench_baselines.aligndraw.drawer import Drawer, Gaussian, _Fused, kl_divergence, reconstruction
from t2ibench_baselines.aligndraw.film import to_values
from t2ibench_baselines.aligndraw.optimisation import RMSProp
from t2ibench_baselines.aligndraw.parameters import AlignDRAWParameters
from t2ibench_baselines.aligndraw.sharpened import SharpenedDRAWParameters
from t2ibench_baselines.aligndraw.windows import window_of

WORDS = ("<end>", "<unk>", "a", "red", "blue", "square", "on", "white")
SMALL = {
    **{"resolution": 12, "steps": 3, "patch": 4, "latent": 5, "language_features": 6, "alignment_features": 7},
    **{"encoder_features": 8, "decoder_features": 8, "batch_size": 2},
}


def model(**changes):
    torch.manual_seed(0)
    made = AlignDRAW.build(AlignDRAWParameters(**{**SMALL, **changes}), BuildContext("train", WORDS))
    for parameter in made.drawer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return made


def captions(*texts):
    return [Caption(str(index), text) for index, text in enumerate(texts)]


def noise(count):
    return Noise(0).bind([(str(index), 0) for index in range(count)])


def test_published_configurations_have_their_numbers_of_parameters():
    coco = Drawer(AlignDRAWParameters(), 25323)
    assert sum(one.numel() for one in coco.parameters()) == 33_098_147
    entry = load_benchmarks().content.models["aligndraw"]
    _, parameters = settings_for(entry, "mnist-captions", "mnist")
    mnist = Drawer(AlignDRAWParameters(**parameters), 23)
    assert sum(one.numel() for one in mnist.parameters()) == 2_371_746


def test_the_loss_before_learning_is_that_of_grey():
    torch.manual_seed(0)
    drawer = Drawer(AlignDRAWParameters(), 40)
    drawer.initialise()
    with torch.no_grad():
        words = drawer.read_captions(torch.randint(1, 40, (2, 7)), torch.tensor([7, 7]))
        values = torch.rand(2, 3, 32, 32)
        drawn = drawer(words, torch.randn(2, 32, 275), values)
        loss = float((reconstruction(drawn.logits, values) + drawn.kl_divergence).mean())
    assert loss == pytest.approx(3072 * math.log(2), rel=1e-3)


def test_divergence_is_the_closed_form_and_0_for_equals():
    generator = torch.Generator().manual_seed(0)
    a, b, c, d = (torch.randn(4, 6, generator=generator) for _ in range(4))
    expected = kl_of_distributions(Normal(a, b.exp()), Normal(c, d.exp())).sum(dim=1)
    torch.testing.assert_close(kl_divergence(Gaussian(a, b), Gaussian(c, d)), expected, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(kl_divergence(Gaussian(a, b), Gaussian(a, b)), torch.zeros(4), rtol=0, atol=1e-5)


def test_filters_sum_to_1_and_span_the_image():
    window = window_of(torch.zeros(1, 5), resolution=20, patch=5)
    for filters in (window.rows, window.columns):
        torch.testing.assert_close(filters.sum(-1), torch.ones(1, 5))
        assert filters[0].argmax(dim=1).tolist() == [0, 5, 9, 14, 19] or filters[0].argmax(dim=1).tolist() == [
            0, 5, 10, 14, 19,
        ]  # fmt: skip
    assert window.boxes[0].tolist() == pytest.approx([0, 0, 19, 19])
    off = window_of(torch.tensor([[9.0, 0, 0, 0, 0]]), resolution=20, patch=5)
    assert bool(torch.isfinite(off.columns).all()) and float(off.columns.sum()) < 1e-3  # nothing is written off it


@pytest.mark.parametrize("patch", [4, 5])
def test_as_coded_windows_are_the_official_formula(patch):
    controls = torch.tensor([[0.1, -0.3, -0.2, 0.4, 0.5]])
    window = window_of(controls, resolution=12, patch=patch, form="as-coded")
    stride, sigma = 11 / (patch - 1) * math.exp(-0.2), math.exp(0.2)
    for filters, place in ((window.columns, 0.1), (window.rows, -0.3)):
        for i in range(patch):
            centre = 13 / 2 * (place + 1) + stride * (i - patch // 2 - 0.5)
            raw = [math.exp(-((a - centre) ** 2) / (2 * sigma**2)) for a in range(12)]
            expected = torch.tensor([one / (sum(raw) + 1e-4) for one in raw])
            torch.testing.assert_close(filters[0, i], expected, rtol=1e-4, atol=1e-6)
    assert float(window.intensity) == pytest.approx(math.exp(0.5))


def test_columns_are_x_and_write_is_the_adjoint_of_read():
    generator = torch.Generator().manual_seed(1)
    window = window_of(torch.randn(3, 5, generator=generator) * 0.3, resolution=10, patch=4)
    image = torch.randn(3, 2, 10, 10, generator=generator)
    patch = torch.randn(3, 2, 4, 4, generator=generator)
    read = (window.read(image) * patch).sum(dim=(1, 2, 3))
    torch.testing.assert_close(read, (image * window.write(patch)).sum(dim=(1, 2, 3)), rtol=1e-4, atol=1e-4)
    right = window_of(torch.tensor([[0.8, 0.0, -2.0, -2.0, 0.0]]), resolution=21, patch=3).write(
        torch.ones(1, 1, 3, 3)
    )[0, 0]
    assert float(right[:, 11:].sum()) > 0.99 * float(right.sum())


def test_the_encoder_reads_each_caption_in_both_directions_of_time():
    torch.manual_seed(0)
    encoder = CaptionEncoder(9, 5)
    ids = torch.tensor([[1, 2, 3, 4], [5, 6, 7, 0]])
    mask = ids > 0
    states = encoder(ids, mask)
    assert float(states[1, 3].abs().sum().detach()) == 0
    # Backwards: the state at a word hangs on it and on later words of the same caption, and on nothing else. The
    # official code would fail here: its second half hangs on another caption of the batch, read forwards.
    for row, other in ((0, 1), (1, 0)):
        alone = encoder(ids[row : row + 1, : int(mask[row].sum())], torch.ones(1, int(mask[row].sum())).bool())
        torch.testing.assert_close(states[row, mask[row]], alone[0])
        changed = ids.clone()
        changed[other, 0] = 8
        torch.testing.assert_close(encoder(changed, mask)[row], states[row])
    first, last = ids.clone(), ids.clone()
    first[0, 0], last[0, 3] = 8, 8
    early, late = encoder(first, mask)[0], encoder(last, mask)[0]
    assert torch.equal(early[1:, 5:], states[0, 1:, 5:]) and not torch.equal(early[3, :5], states[0, 3, :5])
    assert torch.equal(late[:3, :5], states[0, :3, :5]) and not torch.equal(late[0, 5:], states[0, 0, 5:])
    # Reversed words through the other LSTM are the forward states, reversed.
    encoder.backwards.load_state_dict(encoder.forwards.state_dict())
    there, back = encoder(ids[:1], mask[:1]), encoder(ids[:1].flip(1), mask[:1])
    torch.testing.assert_close(there[0, :, :5], back[0].flip(0)[:, 5:])


def states_of(reading, ids):
    made = model(reading=reading)
    with torch.no_grad():
        states = made.drawer.read_captions(torch.tensor([ids]), torch.tensor([len(ids)])).states[0]
    assert states.shape == (len(ids), 12)
    return states


@pytest.mark.parametrize(
    ("reading", "moved"),
    [
        ("both", [True, True, True, True]),
        ("forwards", [False, True, True, True]),
        ("words", [False, True, False, False]),
    ],
)
def test_a_word_moves_the_states_that_have_seen_it(reading, moved):
    first, second = states_of(reading, [2, 3, 5, 6]), states_of(reading, [2, 4, 5, 6])
    assert [not torch.allclose(one, other) for one, other in zip(first, second, strict=True)] == moved


def test_the_words_place_is_in_its_state_without_an_lstm():
    states = states_of("words", [2, 2])
    assert not torch.allclose(states[0], states[1])


def test_the_rate_rises_then_falls_along_a_cosine_to_a_fiftieth():
    made = model(learning_rate=0.01, warmup_steps=10, decay_steps=1000)
    rates = [made.learning_rates(step, 100)["drawer"] for step in (0, 9, 500, 1000, 5000)]
    assert rates == pytest.approx([0.001, 0.01, 0.0051, 0.0002, 0.0002], rel=1e-3)


def test_steps_side_by_side_are_the_layers_one_by_one():
    made = model(channels=1)
    drawer = made.drawer
    hidden, look, seen = torch.randn(3, 8), torch.randn(3, 2 * 16), torch.randn(3, 8)
    fused = _Fused(drawer)
    told = fused.of_hidden(hidden)
    assert torch.allclose(told.controls[:, :5], drawer.read_window(hidden), atol=1e-5)
    assert torch.allclose(told.controls[:, 5:], drawer.write_window(hidden), atol=1e-5)
    assert torch.allclose(told.patch, drawer.patch(hidden), atol=1e-5)
    assert torch.allclose(told.prior, drawer.prior(hidden), atol=1e-5)
    assert torch.allclose(told.decoder, drawer.decoder.recurrent(hidden), atol=1e-5)
    assert torch.allclose(told.query, drawer.alignment.query(hidden), atol=1e-5)
    gates = fused.encoder(torch.cat((look, seen), dim=1)) + told.encoder
    apart = drawer.encoder.inputs(torch.cat((look, hidden), dim=1)) + drawer.encoder.recurrent(seen)
    assert torch.allclose(gates, apart, atol=1e-5)
    mean, deviation = fused.posterior(seen).chunk(2, dim=1)
    assert torch.allclose(mean, drawer.posterior_mean(seen), atol=1e-5)
    assert torch.allclose(deviation, drawer.posterior_deviation(seen), atol=1e-5)


def test_narrow_filters_have_no_exponent_that_underflows():
    window = window_of(torch.tensor([[0.0, 0.0, 0.0, -3.0, 0.0]]), 60, 8)
    assert float(window.rows.min()) > torch.finfo(torch.float32).tiny
    assert window.rows.sum(-1) == pytest.approx(torch.ones(1, 8), abs=1e-5)


def test_neither_padding_nor_other_captions_move_a_bound():
    made = model()
    images = torch.rand(2, 3, 12, 12) * 2 - 1
    texts = captions("a red square on white", "blue")
    both = made.bound(texts, images, noise(2))
    alone = [made.bound([texts[at]], images[at : at + 1], Noise(0).bind([(str(at), 0)])) for at in (0, 1)]
    torch.testing.assert_close(both, torch.cat(alone), rtol=1e-5, atol=1e-3)
    turned = made.bound(texts[::-1], images.flip(0), Noise(0).bind([("1", 0), ("0", 0)]))
    torch.testing.assert_close(both, turned.flip(0), rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_bound_is_never_better_than_minus_the_pixels_entropy(channels):
    made = model(channels=channels)
    assert isinstance(made, HasBound)
    images = torch.rand(2, 3, 12, 12) * 2 - 1
    values = to_values(images, channels)
    floor = -(values * values.log() + (1 - values) * (1 - values).log()).flatten(1).sum(1)
    texts = captions("a red square", "blue square")
    assert bool((-made.bound(texts, images, noise(2)) >= floor).all())
    with torch.no_grad():  # a drawer that knows the first image by heart reaches the floor
        for parameter in made.drawer.parameters():
            parameter.zero_()
        made.drawer.canvas.copy_(values[0].logit())
    found = -made.bound(texts, images, noise(2))
    assert float(found[0]) == pytest.approx(float(floor[0]), rel=1e-4)
    assert float(found[1]) > float(floor[1])


def test_the_first_prior_is_standard_normal():
    made = model()
    made.drawer.settings = made.parameters.model_copy(update={"steps": 1})
    texts = captions("a red square")
    words, _ = made.read(texts, noise(1))
    values, latent = torch.rand(1, 3, 12, 12), torch.zeros(1, 1, 5)
    drawn = made.drawer(words, latent, values)
    hidden = made.drawer.decoder_start.expand(1, -1)
    seen = made.drawer.encoder_start.expand(1, -1)
    canvas = made.drawer.canvas.expand(1, -1, -1, -1)
    controls = torch.cat((made.drawer.read_window(hidden), made.drawer.write_window(hidden)), dim=1)
    look = made.drawer._look(made.drawer._windows(controls)[0], values, canvas)
    state, _ = made.drawer.encoder(torch.cat((look, hidden), dim=1), (seen, torch.zeros_like(seen)))
    mean, deviation = made.drawer.posterior_mean(state), (0.5 * made.drawer.posterior_deviation(state)).exp()
    expected = kl_of_distributions(Normal(mean, deviation), Normal(0.0, 1.0)).sum()
    assert float(drawn.kl_divergence.detach()) == pytest.approx(float(expected.detach()), rel=1e-4)


def test_a_trace_holds_every_step():
    made = model()
    trace = Trace()
    images = made.generate(captions("a red square", "blue"), noise(2), trace=trace)
    drawing = trace.drawing
    assert drawing.canvases.shape == (2, 3, 3, 12, 12) and drawing.boxes.shape == (2, 3, 4)
    torch.testing.assert_close(drawing.canvases[:, -1], images)
    assert drawing.words == (("a", "red", "square"), ("blue",))
    torch.testing.assert_close(drawing.weights.sum(-1), torch.ones(2, 3))
    assert float(drawing.weights[1, :, 1:].abs().sum()) == 0
    assert model(attention="uniform").capabilities.attention is False


def test_rmsprop_has_its_epsilon_inside_the_root():
    weight = torch.nn.Parameter(torch.tensor([1.0, 2.0]))
    optimizer = RMSProp([weight], lr=0.1)
    square, value = [0.0, 0.0], [1.0, 2.0]
    for gradient in ([0.5, -1e-5], [0.1, 3.0]):
        weight.grad = torch.tensor(gradient)
        optimizer.step()
        for at, g in enumerate(gradient):
            square[at] = 0.9 * square[at] + 0.1 * g * g
            value[at] -= 0.1 * g / math.sqrt(square[at] + 1e-6)
    assert weight.tolist() == pytest.approx(value, rel=1e-5)


def sharpened(over=None, **given):
    parameters = {"resolution": 12, "channels": 3, "features": 4, "discriminator_features": 4, "batch_size": 4, **given}
    inner = over or model()
    return SharpenedDRAW.build(SharpenedDRAWParameters(**parameters), BuildContext("train", WORDS, wrapped=inner))


def test_a_sharpener_that_adds_nothing_leaves_images_and_bound_and_one_that_does_not():
    inner = model()
    made, texts = sharpened(inner), captions("a red square", "blue")
    drawn, images = inner.generate(texts, noise(2)), torch.rand(2, 3, 12, 12) * 2 - 1
    torch.nn.init.zeros_(made.sharpener.layers[-1].weight)
    torch.nn.init.zeros_(made.sharpener.layers[-1].bias)
    assert torch.allclose(made.generate(texts, noise(2)), drawn, atol=1e-6)
    bound = inner.bound(texts, images, noise(2))
    assert torch.allclose(made.bound(texts, images, noise(2)), bound, rtol=1e-4)
    torch.nn.init.constant_(made.sharpener.layers[-1].bias, 0.4)
    assert torch.allclose(made.generate(texts, noise(2)), (drawn + 0.8).clamp(max=1), atol=1e-6)
    assert (made.bound(texts, images, noise(2)) < bound).all()


def test_a_sharpener_wants_an_aligndraw_of_its_own_kind_of_images():
    with pytest.raises(UserError, match="resolution=12 and channels=3"):
        sharpened(channels=1)
    with pytest.raises(UserError, match="is no alignDRAW"):
        sharpened(over=object())


def test_models_of_before_the_sharpener_was_one_are_read():
    old = {"sharpener_features": 0, "sharpener_share": 0.25, "discriminator_features": 64}
    assert AlignDRAWParameters(**old) == AlignDRAWParameters()
    with pytest.raises(ValidationError):
        AlignDRAWParameters(sharpener_features=8)


def test_recipes_of_the_benchmark_are_sound():
    entry = load_benchmarks().content.models["aligndraw"]
    for dataset in ("mnist-captions", "simbirds", "coco"):
        for variant in ("", *entry.variants):
            _, parameters = settings_for(entry, dataset, variant)
            checked = registry("models")["aligndraw"].Parameters(**parameters)
            assert AlignDRAW.bound_of(checked) in ("60 x 60 grey", "32 x 32 RGB")
