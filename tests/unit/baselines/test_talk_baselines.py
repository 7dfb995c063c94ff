"""The systems that the talk about alignDRAW compares with: sizes, closed forms, what they may and may not see."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch.distributions import Normal
from torch.distributions import kl_divergence as kl_of_distributions
from torch.nn.functional import softplus

from t2ibench.core.interfaces import BuildContext, HasBound
from t2ibench.core.noise import Noise
from t2ibench.core.types import Caption
from t2ibench.text.sentence_vectors import (
    HashedSentences,
    HashedSentencesParameters,
    SkipThoughts,
    SkipThoughtsParameters,
)
from t2ibench_baselines.aligndraw.drawer import Gaussian
from t2ibench_baselines.conv_vae import ConvVAE
from t2ibench_baselines.conv_vae.model import ConvVAEParameters
from t2ibench_baselines.lapgan import LAPGAN
from t2ibench_baselines.lapgan.networks import DetailDiscriminator, DetailGenerator, FirstDiscriminator, FirstGenerator
from t2ibench_baselines.lapgan.parameters import LAPGANParameters
from t2ibench_baselines.lapgan.pyramid import enlarged, halved, pyramid
from t2ibench_baselines.skipthoughtdraw import SkipThoughtDRAW
from t2ibench_baselines.skipthoughtdraw.parameters import SkipThoughtDRAWParameters
from t2ibench_baselines.vae import VAE
from t2ibench_baselines.vae.model import VAEParameters

WORDS = ("<end>", "<unk>", "a", "red", "blue", "square", "on", "white")
GREY = {"resolution": 60, "channels": 1}
MNIST = {"steps": 32, "patch": 8, "encoder_features": 300, "decoder_features": 300, "latent": 150, **GREY}


def count(module):
    return sum(one.numel() for one in module.parameters())


def captions(*texts):
    return [Caption(str(index), text) for index, text in enumerate(texts)]


def noise(size):
    return Noise(0).bind([(str(index), 0) for index in range(size)])


def hashed(dimension=4800):
    return HashedSentences(HashedSentencesParameters(dimension=dimension))


@pytest.mark.parametrize(
    ("made", "words", "whole"),
    [
        (lambda words: VAE.autoencoder_of(VAEParameters(), words), 25323, 33_136_076),
        (lambda words: VAE.autoencoder_of(VAEParameters(**GREY, latent=150, width=248), words), 23, 2_384_952),
        (lambda words: ConvVAE.autoencoder_of(ConvVAEParameters(), words), 25323, 33_133_555),
        (
            lambda words: ConvVAE.autoencoder_of(
                ConvVAEParameters(**GREY, latent=150, features=(32, 64, 128, 128), kernel=3, width=320), words
            ),
            23,
            2_380_697,
        ),
    ],
)
def test_vaes_are_as_large_as_aligndraw(made, words, whole):
    assert count(made(words)) == whole


@pytest.mark.parametrize(("changes", "whole"), [({}, 7_850_531), (MNIST, 3_159_330)])
def test_skipthoughtdraw_is_aligndraw_without_words(changes, whole):
    context = BuildContext("train", WORDS, {"hashed_sentences": hashed()})
    model = SkipThoughtDRAW.build(SkipThoughtDRAWParameters(**changes), context)
    assert sum(map(count, model.exported().values())) == whole


def test_lapgan_levels_have_their_numbers_of_parameters():
    p = LAPGANParameters()
    assert count(FirstGenerator(p, 256)) == 1_979_488 and count(FirstDiscriminator(p, 256)) == 586_697
    for side, generator, discriminator in (
        (16, 909_827, 175_745),
        (32, 1_107_203, 381_313),
        (64, 1_896_707, 1_211_777),
    ):
        assert count(DetailGenerator(p, 256, side)) == generator
        assert count(DetailDiscriminator(p, 256, side)) == discriminator
    assert count(DetailGenerator(p, 4800, 32)) == 5_760_259  # the released sharpener's


def test_a_pyramid_gives_its_image_back():
    images = torch.rand(2, 3, 60, 60)
    levels = pyramid(images, 3)
    assert [fine.shape[-1] for fine, _ in levels] == [15, 30, 60]
    for (below, _), (fine, coarse) in pairwise(levels):
        torch.testing.assert_close(below, halved(fine))
        torch.testing.assert_close(coarse, enlarged(below))
    (fine, coarse) = levels[-1]
    torch.testing.assert_close(coarse + (fine - coarse), images)
    flat = torch.full((1, 1, 8, 8), 0.3)  # nothing is lost of a flat image
    torch.testing.assert_close(enlarged(halved(flat)), flat)


def lapgan(purpose="train", **changes):
    torch.manual_seed(0)
    small = {"resolution": 16, "levels": 2, "first_features": 8, "first_discriminator_features": 8, "latent": 6}
    context = BuildContext(purpose, WORDS, {"hashed_sentences": hashed(32)})
    return LAPGAN.build(LAPGANParameters(**{**small, **changes}), context)


def test_lapgan_has_no_bound_and_needs_no_discriminator_to_draw():
    model = lapgan("generate")
    assert not isinstance(model, HasBound) and set(model.networks()) == {"generator/8", "generator/16"}
    assert model.capabilities.stages == (8, 16)


def test_a_generator_that_adds_nothing_leaves_the_coarse_image():
    model = lapgan(pixel_mean=0.2, pixel_deviation=0.1)
    for network in model.generators.values():
        last = [one for one in network.layers if isinstance(one, torch.nn.Linear | torch.nn.Conv2d)][-1]
        torch.nn.init.zeros_(last.weight)
        torch.nn.init.zeros_(last.bias)
    images = model.generate(captions("a red square"), noise(1))
    torch.testing.assert_close(images, torch.full((1, 3, 16, 16), 2 * 0.2 - 1))


def test_lapgan_counts_mismatched_sentences_as_fake_and_charges_the_slope():
    real, made, sentence = torch.rand(4, 3, 8, 8), torch.rand(4, 3, 8, 8), torch.rand(4, 32)
    held = {"dropout": 0.0, "mismatch_weight": 3.0, "r1_weight": 2.0, "r1_every": 5}
    model = lapgan(**held)
    right, wrong = (model.discriminators[8](images, sentence) for images in (real, made))
    mismatched = model.discriminators[8](real, sentence[[1, 2, 3, 0]])
    adversarial = softplus(-right).mean() + softplus(wrong).mean() / 4 + 3 * softplus(mismatched).mean() / 4
    torch.testing.assert_close(model._judged(8, real, made, sentence, step=4).loss, adversarial)
    slopes = torch.func.vmap(torch.func.grad(lambda image, text: model.discriminators[8](image[None], text[None])[0]))
    penalty = 2.0 * 5 * 0.5 * slopes(real, sentence).square().sum(dim=(1, 2, 3)).mean()
    torch.testing.assert_close(model._judged(8, real, made, sentence, step=10).loss, adversarial + penalty)
    published = lapgan(dropout=0.0)._judged(8, real, made, sentence, step=0).loss
    torch.testing.assert_close(published, softplus(-right).mean() + softplus(wrong).mean())


def test_a_pyramid_that_cannot_be_halved_is_refused():
    with pytest.raises(ValueError, match="halved 3 times"):
        LAPGANParameters(resolution=20, levels=4)


VAES = {
    "vae": (VAE, VAEParameters(resolution=16, latent=5, language_features=6, width=12)),
    "conv": (ConvVAE, ConvVAEParameters(resolution=16, latent=5, language_features=6, width=12, features=(4, 8))),
}


def vae(name, **changes):
    torch.manual_seed(0)
    plugin, parameters = VAES[name]
    return plugin.build(parameters.model_copy(update=changes), BuildContext("train", WORDS))


@pytest.mark.parametrize("name", VAES)
def test_a_bound_is_the_closed_form(name):
    model = vae(name)
    assert isinstance(model, HasBound) and model.bound_of(model.parameters) == "16 x 16 RGB"
    texts, images = captions("a red square on white", "blue square"), torch.rand(2, 3, 16, 16) * 2 - 1
    found = model.bound(texts, images, noise(2))
    network, values = model.autoencoder, (images + 1) / 2
    with torch.no_grad():
        sentence = model._read(texts, noise(2))
        posterior, prior = network.posterior(values, sentence), network.prior(sentence)
        latent = posterior.mean + posterior.log_deviation.exp() * noise(2).draw("z", (5,))
        chance = network.draw(latent, sentence).sigmoid()
    likelihood = (values * chance.log() + (1 - values) * (1 - chance).log()).flatten(1).sum(1)
    as_normal = [Normal(one.mean, one.log_deviation.exp()) for one in (posterior, prior)]
    torch.testing.assert_close(found, likelihood - kl_of_distributions(*as_normal).sum(1), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("name", VAES)
def test_neither_padding_nor_other_captions_move_a_bound(name):
    model = vae(name)
    texts, images = captions("a red square on white", "blue"), torch.rand(2, 3, 16, 16) * 2 - 1
    both = model.bound(texts, images, noise(2))
    alone = [model.bound([texts[at]], images[at : at + 1], Noise(0).bind([(str(at), 0)])) for at in (0, 1)]
    torch.testing.assert_close(both, torch.cat(alone), rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("name", VAES)
def test_the_first_image_is_the_mean_pixel_and_the_first_prior_standard(name):
    model = vae(name, output_start=-2.0)
    with torch.no_grad():
        for parameter in list(model.autoencoder.generate.parameters())[:-1]:
            parameter.zero_()
        sentence = model._read(captions("a red square"), noise(1))
        prior = model.autoencoder.prior(sentence)
    assert float(prior.mean.abs().max()) == 0 and float(prior.log_deviation.abs().max()) == 0
    expected = 2 / (1 + math.exp(2)) - 1
    torch.testing.assert_close(model.generate(captions("a"), noise(1)), torch.full((1, 3, 16, 16), expected))
    assert vae(name, prior="standard").autoencoder.prior_of is None


def test_a_bound_of_these_gaussians_lies_below_the_likelihood_of_a_linear_one():
    """log p(x) is known for x = z + noise: weighted draws reach it, the two terms of the bound stay below."""
    torch.manual_seed(0)
    prior, posterior = (
        Gaussian(torch.zeros(1, 1), torch.zeros(1, 1)),
        Gaussian(torch.full((1, 1), 0.6), torch.full((1, 1), -0.4)),
    )
    draws = posterior.sample(torch.randn(200_000, 1))
    x = 1.0  # x = z + N(0, 1): p(x) is N(0, 2)
    weights = Normal(draws, 1.0).log_prob(torch.tensor(x)) + Normal(0.0, 1.0).log_prob(draws)
    weights -= Normal(posterior.mean, posterior.log_deviation.exp()).log_prob(draws)
    assert float(weights.exp().mean().log()) == pytest.approx(
        float(Normal(0.0, math.sqrt(2)).log_prob(torch.tensor(x))), abs=0.01
    )
    from t2ibench_baselines.aligndraw.drawer import kl_divergence

    elbo = Normal(draws, 1.0).log_prob(torch.tensor(x)).mean() - kl_divergence(posterior, prior)[0]
    assert float(elbo) < float(Normal(0.0, math.sqrt(2)).log_prob(torch.tensor(x)))
    assert float(elbo) == pytest.approx(float(weights.mean()), abs=0.01)


def drawer_of(text, encoder):
    torch.manual_seed(0)
    small = {"resolution": 12, "steps": 3, "patch": 4, "latent": 5, "language_features": 6, "batch_size": 2}
    small |= {"encoder_features": 8, "decoder_features": 8, "text": text}
    name = {"hashed": "hashed_sentences", "skip-thoughts": "skip_thoughts"}[text]
    return SkipThoughtDRAW.build(SkipThoughtDRAWParameters(**small), BuildContext("train", WORDS, {name: encoder}))


def test_skipthoughtdraw_reads_one_state_and_the_same_at_every_step():
    model = drawer_of("hashed", hashed(32))
    words, _ = model.read(captions("a red square", "blue"), noise(2))
    assert words.states.shape == (2, 1, 12) and not model.capabilities.attention
    layer = model.drawer.captions
    torch.testing.assert_close(words.states[:, 0], layer(hashed(32).sentences(captions("a red square", "blue"))))
    assert model.capabilities.uses == {"sentence"} and model.capabilities.any_text


def test_skipthoughtdraw_with_vectors_of_a_file_reads_only_its_captions(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(2, 2, 8))
    vectors = (vectors / np.linalg.norm(vectors, axis=2, keepdims=True)).reshape(2, 16).astype(np.float32)
    np.savez(tmp_path / "skip-thoughts.npz", vectors=vectors, captions=np.array(["a red square", "blue"]))
    encoder = SkipThoughts(SkipThoughtsParameters(dimension=16), tmp_path)
    model = drawer_of("skip-thoughts", encoder)
    assert not model.capabilities.any_text
    images = model.generate(captions("a  red square", "blue"), noise(2))
    assert images.shape == (2, 3, 12, 12)
    from t2ibench.core.errors import UserError

    with pytest.raises(UserError, match="no skip-thought vector for 1 of 1 captions: 'green'"):
        model.generate(captions("green"), noise(1))
