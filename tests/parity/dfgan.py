"""Sets of DF-GAN: images, features, scores, losses with the gradient penalty, and their gradients."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, cast

import torch

from t2ibench.core.types import Caption, TrainBatch
from t2ibench.text.damsm import DAMSM
from t2ibench_baselines.dfgan import DFGAN
from t2ibench_baselines.dfgan.discriminator import ConditionalPredictor, Discriminator
from t2ibench_baselines.dfgan.generator import Generator
from t2ibench_baselines.dfgan.parameters import DFGANParameters
from tests.parity.asked import mode_of
from tests.parity.entries import Entry, gradient_entries, map_entries
from tests.parity.inputs import real_images
from tests.parity.models import GivenNoise
from tests.parity.recipe import GoldenSet

NETWORKS = frozenset({"NetG", "NetD", "NetC"})


def model_of(golden: GoldenSet) -> DFGAN:
    """Return DF-GAN over the set's networks, filled, the set's sentence codes in place of an encoder's."""
    dimension = golden.setting("cond_dim")
    parameters = DFGANParameters(
        resolution=golden.setting("imsize"),
        features=golden.setting("nf"),
        latent=golden.setting("z_dim"),
        batch_size=int(golden.sidecar["batch"]),
    )
    generator = Generator(parameters, dimension)
    discriminator, predictor = Discriminator(parameters), ConditionalPredictor(parameters, dimension)
    for name, network in (("NetG", generator), ("NetD", discriminator), ("NetC", predictor)):
        golden.fill(network, name)
    sentence = golden.tensor("in.sent_emb")

    def encode_text(*given: Any, **options: Any) -> SimpleNamespace:
        return SimpleNamespace(sentence=sentence)

    encoder = cast(DAMSM, SimpleNamespace(encode_text=encode_text, dimension=dimension))
    return DFGAN(parameters, generator, {"discriminator": discriminator, "predictor": predictor}, encoder)


def outputs(golden: GoldenSet) -> Iterator[Entry]:
    """Yield losses and gradients from the model's own updates, and what its networks made on the way."""
    model = model_of(golden)
    discriminator, predictor = model.discriminators.values()
    made: dict[str, list[torch.Tensor]] = {}
    for name, network in model.networks().items():
        network.register_forward_hook(_collector(made.setdefault(name, [])))
    mode_of(golden, "train", "eval")  # the same: there is no batch normalisation
    real = real_images(golden, golden.setting("imsize"))
    captions = tuple(Caption(str(row), "", str(row)) for row in range(len(real)))
    batch = TrainBatch(0, "train", captions, {real.shape[-1]: real}, torch.arange(len(real)))
    for update in model.updates(batch, GivenNoise(golden)):
        update.loss.backward()
        if update.optimizer == "generator":
            yield "out.errG", update.loss
            yield from gradient_entries("NetG", model.generator, golden.values["params.NetG"])
            continue
        yield "out.errD", update.loss
        for ours, name in (
            ("real", "errD_real"),
            ("mismatched", "errD_mis"),
            ("fake", "errD_fake"),
            ("penalty", "magp"),
        ):
            yield f"out.{name}", update.parts[ours]
        yield from gradient_entries("NetD", discriminator, golden.values["params.NetD"])
        yield from gradient_entries("NetC", predictor, golden.values["params.NetC"])
    yield from map_entries(f"out.fake{real.shape[-1]}", made["generator"][0])
    for name, scores in zip(("real", "mis", "fake"), made["predictor"], strict=False):  # the loss asks in this order
        yield f"out.pred_{name}", scores.view(-1, 1, 1, 1)
    if "out.real_features" in golden:  # of the first samples; the set does not say so
        yield "out.real_features", made["discriminator"][0][: len(golden.tensor("out.real_features"))]


def _collector(values: list[torch.Tensor]):  # type: ignore[no-untyped-def]
    def collect(module: object, given: object, value: torch.Tensor) -> None:
        values.append(value)

    return collect
