"""Parameters of the PPGN-style sampler."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from t2ibench.core.spec.frozen import Frozen


class PPGNStyleParameters(Frozen):
    """Everything that can change the sampler's images. Only ratios of the three weights matter.

    Attributes:
        over: the trained model whose latents it moves, as on the command line: "attngan", "attngan:brief",
            "attngan@1f3a", or a path.
        over_identity: digest of that model; it is filled in when the sampler is made.
        iterations: how often an image is improved; 0 leaves the model's own.
        prior_weight: epsilon 1, pull of the latents towards what is probable.
        score_weight: epsilon 2, pull towards what the caption says.
        noise_weight: epsilon 3, standard deviation of the noise added at each iteration.
        step_size: mean distance that a number of the latents moves in the first iteration.
        final_step_size: the same of the last one; the distance falls linearly.
    """

    at_generation: ClassVar[frozenset[str]] = frozenset(
        {"iterations", "prior_weight", "score_weight", "noise_weight", "step_size", "final_step_size"}
    )

    over: str = "attngan"
    over_identity: str = ""
    iterations: int = Field(default=20, ge=0)
    prior_weight: float = Field(default=1e-4, ge=0)
    score_weight: float = Field(default=1.0, ge=0)
    noise_weight: float = Field(default=0.0, ge=0)
    step_size: float = Field(default=0.1, ge=0)
    final_step_size: float = Field(default=0.0, ge=0)

    def step_at(self, iteration: int) -> float:
        """Return the distance of an iteration, from 0."""
        share = iteration / max(self.iterations - 1, 1)
        return self.step_size + share * (self.final_step_size - self.step_size)

    @property
    def moves(self) -> bool:
        """Whether it does anything at all."""
        return self.iterations > 0 and max(self.prior_weight, self.score_weight, self.noise_weight) > 0
