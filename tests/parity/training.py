"""Sets of complete training steps: optimisers, EMA, eval-mode images at the end."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from tests.parity import encoders
from tests.parity.asked import mode_of
from tests.parity.entries import Entry, map_entries, norms
from tests.parity.losses import matching_parts
from tests.parity.models import GivenNoise, batch_of, staged_model
from tests.parity.networks import generator_name, keys
from tests.parity.recipe import GoldenSet

_DECAY = 0.999


def outputs(golden: GoldenSet) -> Iterator[Entry]:
    """Yield losses and weights after each step, and the EMA generator's images after the last."""
    mode_of(golden, "train")
    yield from encoders.text(golden)
    model = staged_model(golden)
    optimizers = model.optimizers()
    official = generator_name(golden)
    average = {name: value.detach().clone() for name, value in model.generator.named_parameters()}
    assert model.ema() == {"generator": _DECAY}
    steps = sorted(int(name.rsplit("step", 1)[1]) for name in golden.names if name.startswith("in.z.step"))
    for step in steps:
        suffix = f".step{step}"
        errors = []
        for update in model.updates(batch_of(golden, step), GivenNoise(golden, suffix)):
            optimizer = optimizers[update.optimizer]
            optimizer.zero_grad()
            update.loss.backward()
            optimizer.step()
            errors.append(update.loss.detach().double())
        for name, value in model.generator.named_parameters():
            average[name].mul_(_DECAY).add_(value.detach(), alpha=1 - _DECAY)
        yield f"out.errD{suffix}", torch.stack(errors[:-1])
        yield f"out.errG_total{suffix}", errors[-1]
        yield from matching_parts(update.parts, suffix)
        yield f"paramnorm.G{suffix}", _state_norms(golden, model.generator, official)
        yield (
            f"paramnorm.avgG{suffix}",
            norms([average[key] for key in keys(golden, official) if key in average]),
        )
        for resolution, discriminator in model.discriminators.items():
            yield f"paramnorm.D{resolution}{suffix}", _state_norms(golden, discriminator, f"D_NET{resolution}")
    model.generator.load_state_dict(average, strict=False)
    model.generator.eval()
    noise = GivenNoise(golden, f".step{steps[-1]}")
    with torch.no_grad():
        made = model.generator(
            noise.draw("z", ()),
            noise.draw("ca", ()),
            golden.tensor("in.sent_emb"),
            golden.tensor("in.words_embs"),
            golden.tensor("in.mask"),
        )
    for resolution, images in made.images.items():
        yield from map_entries(f"out.final_eval_avg.img{resolution}", images)


def _state_norms(golden: GoldenSet, network: nn.Module, name: str) -> Tensor:
    """Return the norms of a network's state-dict entries in the official order."""
    state = network.state_dict()
    return norms([state[key] for key in keys(golden, name)])
