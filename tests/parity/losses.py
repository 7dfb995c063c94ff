"""Sets of the adversarial losses through full networks, with gradients and no optimiser step."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch

from tests.parity import encoders
from tests.parity.asked import mode_of
from tests.parity.entries import Entry, gradient_entries, map_entries, spectral_entries
from tests.parity.inputs import real_images
from tests.parity.models import GivenNoise, batch_of, stackgan_model, staged_model
from tests.parity.networks import family
from tests.parity.recipe import GoldenSet


def outputs(golden: GoldenSet) -> Iterator[Entry]:
    """Yield the losses, their parts and gradients, from the model's own updates."""
    mode_of(golden, "train")
    if family(golden) == "stackgan_v2":
        yield from _stackgan(golden)
    else:
        yield from _staged(golden)


def _staged(golden: GoldenSet) -> Iterator[Entry]:
    yield from encoders.text(golden)
    model = staged_model(golden)
    names = {f"discriminator/{resolution}": f"D{resolution}" for resolution in model.discriminators} | {
        "generator": "G"
    }
    fakes = {}
    model.generator.register_forward_hook(lambda module, given, made: fakes.update(made.images))
    errors = []
    for update in model.updates(batch_of(golden), GivenNoise(golden)):
        update.loss.backward()
        network = model.networks()[update.optimizer]
        name = names[update.optimizer]
        yield from gradient_entries(name, network, golden.values[f"params.{name}"])
        yield from spectral_entries(f"out.afterD.{name}", network)
        errors.append(update.loss.detach().double())
    for resolution, images in fakes.items():
        yield from map_entries(f"out.fake{resolution}", images)
    yield "out.errD", torch.stack(errors[:-1])
    yield "out.errG_total", errors[-1]
    yield "out.errG_without_kl", errors[-1] - update.parts["kl_divergence"]
    yield from matching_parts(update.parts)


def matching_parts(parts: dict[str, torch.Tensor], suffix: str = "") -> Iterator[Entry]:
    """Yield the KL divergence and the DAMSM terms of a generator's update, under the sets' names."""
    yield f"out.kl{suffix}", parts["kl_divergence"]
    for ours, theirs in (("words", "w"), ("sentence", "s")):
        yield f"out.{theirs}_loss0{suffix}", parts[f"{ours}/image_to_text"]
        yield f"out.{theirs}_loss1{suffix}", parts[f"{ours}/text_to_image"]


def _stackgan(golden: GoldenSet) -> Iterator[Entry]:
    from t2ibench_baselines.stackgan_v2.losses import colour_statistics

    model = stackgan_model(golden)
    condition = golden.tensor("in.cond_d")
    for resolution, discriminator in model.discriminators.items():
        discriminator.eval()
        with torch.no_grad():
            match, real = discriminator(real_images(golden, resolution), condition)
        discriminator.train()
        yield f"out.D{resolution}.eval.cond", match.sigmoid()
        yield f"out.D{resolution}.eval.uncond", real.sigmoid()
    fakes = {}
    model.generator.register_forward_hook(lambda module, given, made: fakes.update(made.images))
    errors = []
    for update in model.updates(batch_of(golden), GivenNoise(golden)):
        update.loss.backward()
        name = update.optimizer.replace("discriminator/", "D").replace("generator", "G")
        network = model.networks()[update.optimizer]
        yield from gradient_entries(name, network, golden.values[f"params.{name}"])
        errors.append(update.loss.detach().double())
    yield "out.errD", torch.stack(errors[:-1])
    yield "out.errG_total", errors[-1]
    yield "out.kl_times_coeff", model.parameters.kl_weight * update.parts["kl_divergence"]
    for resolution, images in fakes.items():
        yield from map_entries(f"out.fake{resolution}", images)
    statistics = {resolution: colour_statistics(images) for resolution, images in fakes.items()}
    for coarse, fine in itertools.pairwise(statistics):
        pair = statistics[coarse], statistics[fine]
        yield f"out.color.mu_{fine}", pair[1].mean[:, :, None, None]
        yield f"out.color.cov_{fine}", pair[1].covariance
        # the set's terms carry their weights
        weight = model.parameters.colour_weight
        yield f"out.like_mu_{fine}_{coarse}", weight * (pair[1].mean - pair[0].mean).square().mean()
        covariances = (pair[1].covariance - pair[0].covariance).square().mean()
        yield f"out.like_cov_{fine}_{coarse}", 5 * weight * covariances
