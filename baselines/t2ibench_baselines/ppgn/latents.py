"""Noise whose numbers are held: a generator that draws them gets those that are being improved."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from torch import Tensor

from t2ibench.core.interfaces import BoundNoise


class HeldNoise:
    """Noise that gives some latents as they are held, draws the others, and remembers what it gave.

    Attributes:
        given: latent -> N x shape, of the latents named, as first drawn or held.
        wants_gradient: whether a generator is to keep the graph from its latents to its images.

    Args:
        inner: what is not held is drawn from it.
        names: latents to remember.
        held: latent -> N x shape.
        wants_gradient: see above.
    """

    def __init__(
        self,
        inner: BoundNoise,
        names: Collection[str],
        held: Mapping[str, Tensor] | None = None,
        *,
        wants_gradient: bool = False,
    ) -> None:
        self.given: dict[str, Tensor] = dict(held or {})
        self.wants_gradient = wants_gradient
        self._inner = inner
        self._names = frozenset(names)

    def draw(self, name: str, shape: tuple[int, ...]) -> Tensor:
        """Return the latent, N x shape."""
        if name in self.given:
            return self.given[name]
        drawn = self._inner.draw(name, shape)
        if name in self._names:
            self.given[name] = drawn
        return drawn
