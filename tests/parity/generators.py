"""Sets of a generator alone: eval or train mode, with or without the gradients of a smooth probe."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from t2ibench_baselines._stackgan.conditioning import Condition, kl_divergence
from tests.parity import encoders
from tests.parity.asked import mode_of
from tests.parity.entries import Entry, attention_entries, gradient_entries, map_entries, norms
from tests.parity.networks import family, stackgan_generator, staged_generator
from tests.parity.recipe import GoldenSet


def outputs(golden: GoldenSet) -> Iterator[Entry]:
    """Yield a generator's outputs in the set's mode, and what the pass did to it where the set has it.

    That is the running statistics of train mode, and the gradients of the probe (images times shared images) plus KL.
    """
    training = mode_of(golden, "eval", "train") == "train"
    probed = "out.probe_loss" in golden
    with torch.set_grad_enabled(probed):
        generator, (images, condition), entries = _run(golden, training=training)
    yield from entries
    kl = kl_divergence(condition)
    yield "out.kl", kl
    if probed:
        number = int(golden.sidecar["batch"])
        terms = [(fake * golden.images(f"img{resolution}", number)).mean() for resolution, fake in images.items()]
        probe = torch.stack(terms).sum()
        yield "out.probe_loss", probe
        (probe + kl).backward()
        yield from gradient_entries("G", generator, golden.values["params.G"])
    buffers = dict(generator.named_buffers())
    order = [buffers[key] for key in golden.values.get("bn_buffers", ())]
    yield "out.bn_sum", torch.tensor([float(value.double().sum()) for value in order], dtype=torch.float64)
    yield "out.bn_norm", norms(order)
    for key, value in buffers.items():
        yield f"out.bn.{key}", value


def _run(golden: GoldenSet, *, training: bool) -> tuple[nn.Module, tuple[dict[int, Tensor], Condition], list[Entry]]:
    """Return the generator, what it made, and that as entries."""
    entries: list[Entry] = []
    attention: dict[int, Tensor] = {}
    z, eps = golden.tensor("in.z"), golden.tensor("in.eps")
    if family(golden) in ("attngan", "dmgan"):
        entries += encoders.text(golden)
        generator = staged_generator(golden).train(training)
        with _features(generator, entries):
            words, sentence = golden.tensor("in.words_embs"), golden.tensor("in.sent_emb")
            made = generator(z, eps, sentence, words, golden.tensor("in.mask"))
        attention = made.attention
    else:
        generator = stackgan_generator(golden).train(training)
        with _features(generator, entries):
            made = generator(z, eps, golden.tensor("in.txt_embedding"))
    condition = made.condition
    entries += [
        ("out.mu", condition.mean),
        ("out.logvar", condition.log_variance),
        ("out.c_code", condition.code),
    ]
    for resolution, images in made.images.items():
        entries += map_entries(f"out.img{resolution}", images)
    for number, weights in enumerate(attention.values(), start=1):
        entries += attention_entries(f"out.att{number}", weights)
    return generator, (made.images, condition), entries


class _features:
    """Collects the stages' feature maps within a block."""

    def __init__(self, generator: nn.Module, entries: list[Entry]) -> None:
        self._generator = generator
        self._entries = entries
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []

    def __enter__(self) -> None:
        for name, module in self._generator.named_children():
            if name.startswith("h_net"):
                self._hooks.append(module.register_forward_hook(self._hook(name)))

    def _hook(self, name: str):  # type: ignore[no-untyped-def]
        def collect(module: nn.Module, given: object, made: Tensor | tuple[Tensor, Tensor]) -> None:
            maps = made[0] if isinstance(made, tuple) else made
            self._entries.extend(map_entries(f"mid.{name}", maps))

        return collect

    def __exit__(self, *error: object) -> None:
        for hook in self._hooks:
            hook.remove()
