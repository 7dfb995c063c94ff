"""What every model that makes images must do. A failed check is an AssertionError with a sentence."""

from __future__ import annotations

import torch

from t2ibench.core.interfaces import BoundNoise, TextToImage
from t2ibench.core.types import Trace
from t2ibench.testing.subject import Subject, noise_for, state_of

_TOLERANCE = 1e-4
"""Between images made in batches of different size: convolutions sum in another order."""


class _Listening:
    """Noise that remembers which latents were drawn."""

    def __init__(self, inner: BoundNoise) -> None:
        self._inner = inner
        self.names: set[str] = set()

    def draw(self, name: str, shape: tuple[int, ...]) -> torch.Tensor:
        self.names.add(name)
        return self._inner.draw(name, shape)


def check_images(subject: Subject) -> None:
    """Images are float32, finite, in [-1, 1], of the declared side; so is every stage in the trace."""
    model, captions = subject.grown(), subject.captions
    trace = Trace()
    images = model.generate(captions, noise_for(captions), trace=trace)
    resolution = model.capabilities.resolution
    stages = model.capabilities.stages
    assert tuple(sorted(stages)) == tuple(stages) and stages[-1] == resolution, (
        f"stages {stages} must ascend to {resolution}"
    )
    assert set(trace.stages) | {resolution} == set(stages), (
        f"the trace holds stages {sorted(trace.stages)}, not {stages}"
    )
    for at, found in {**trace.stages, resolution: images}.items():
        shape = (len(captions), 3, at, at)
        assert tuple(found.shape) == shape, f"images of stage {at} have shape {tuple(found.shape)}, not {shape}"
        assert found.dtype == torch.float32, f"images of stage {at} are {found.dtype}, not float32"
        assert bool(torch.isfinite(found).all()), f"images of stage {at} are not finite"
        assert float(found.abs().max()) <= 1.0, f"images of stage {at} leave [-1, 1]"
        assert not found.requires_grad, "generate() must not keep a graph"


def check_independence(subject: Subject) -> None:
    """An image does not depend on the batch's size, nor on the other captions, nor on their order."""
    model, captions = subject.grown(), subject.captions
    together = model.generate(captions, noise_for(captions))
    for size in (1, 3):
        parts = [captions[start : start + size] for start in range(0, len(captions), size)]
        apart = torch.cat([model.generate(part, noise_for(part)) for part in parts])
        gap = float((together - apart).abs().max())
        assert gap < _TOLERANCE, f"images change by {gap:.2g} when they are made {size} at a time"
    turned = tuple(reversed(captions))
    gap = float((together - model.generate(turned, noise_for(turned)).flip(0)).abs().max())
    assert gap < _TOLERANCE, f"images change by {gap:.2g} with the order of the captions"


def check_repeatable(subject: Subject) -> None:
    """Generating twice gives the same bits, leaves weights, buffers and modes alone, and draws no global number."""
    model, captions = subject.grown(), subject.captions
    before, modes = state_of(model), {name: network.training for name, network in model.exported().items()}
    random = torch.random.get_rng_state()
    first = model.generate(captions, noise_for(captions))
    assert torch.equal(random, torch.random.get_rng_state()), "generate() drew from torch's global generator"
    second = model.generate(captions, noise_for(captions))
    assert torch.equal(first, second), "two calls of generate() with the same noise differ"
    for key, value in state_of(model).items():
        assert torch.equal(value, before[key]), f"generate() changed {key}"
    for name, network in model.exported().items():
        assert network.training == modes[name], f"generate() left {name} in another mode than it found it in"


def check_inputs_matter(subject: Subject) -> None:
    """Other noise gives other images, and so does another caption."""
    model, captions = subject.grown(), subject.captions
    _stir(model)
    images = model.generate(captions, noise_for(captions))
    other = model.generate(captions, noise_for(captions, seed=1))
    assert float((images - other).abs().amax(dim=(1, 2, 3)).min()) > 0, "an image does not depend on the noise"
    turned = tuple(reversed(captions))
    other = model.generate(turned, noise_for(captions))
    assert float((images - other).abs().max()) > 0, "images do not depend on their captions"


def _stir(model: TextToImage) -> None:
    """Move every weight a little: a model may begin blind to its captions, its layers for text at zero."""
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for network in model.exported().values():  # type: ignore[attr-defined]  # of PluginClass
            for parameter in network.parameters():
                parameter.add_(0.01 * torch.randn(parameter.shape, generator=generator))


def check_capabilities(subject: Subject) -> None:
    """The model draws the latents it declares, and fills the attention it declares."""
    model, captions = subject.grown(), subject.captions
    trace, noise = Trace(), _Listening(noise_for(captions))
    model.generate(captions, noise, trace=trace)
    declared = model.capabilities
    # A caption longer than the limit is thinned by the latent "words"; these captions are short.
    assert noise.names - {"words"} == set(declared.latents), f"draws {sorted(noise.names)}, declares {declared.latents}"
    assert bool(trace.attention) == declared.attention, "capabilities.attention and the trace disagree"
    for attention in trace.attention:
        assert attention.stage in declared.stages, f"attention for stage {attention.stage}, which is not declared"
        assert len(attention.words) == len(attention.weights) == len(captions), "attention must cover every caption"
        sums = attention.weights.sum(dim=1)
        assert torch.allclose(sums, torch.ones_like(sums), atol=1e-4), "attention must sum to 1 over the words"
        for words, weights in zip(attention.words, attention.weights, strict=True):
            assert float(weights[len(words) :].abs().sum()) == 0, "words past a caption's end have attention"


def check_card(subject: Subject) -> None:
    """Title, paper and licence are stated."""
    card = subject.plugin_class.card()
    for field in ("title", "paper", "licence"):
        assert getattr(card, field), f"the card has no {field}"
