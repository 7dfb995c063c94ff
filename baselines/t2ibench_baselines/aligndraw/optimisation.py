"""RMSProp as the official code has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor
from torch.optim import Optimizer


class RMSProp(Optimizer):
    """RMSProp with its epsilon inside the root: step = rate * g / sqrt(mean of g^2 + epsilon).

    torch's own adds epsilon to the root. With 1e-6 inside, the first steps of small gradients stay small. Source:
    Tieleman and Hinton, 2012; the numbers are the official code's.

    Args:
        parameters: to learn.
        lr: the rate.
        decay: of the running mean of squares.
        epsilon: see above.
    """

    def __init__(
        self, parameters: Iterable[Tensor], lr: float = 1e-3, decay: float = 0.9, epsilon: float = 1e-6
    ) -> None:
        super().__init__(parameters, {"lr": lr, "decay": decay, "epsilon": epsilon})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> float | None:  # type: ignore[override]
        """Move every parameter that has a gradient; return the closure's loss if one is given."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            learning = [one for one in group["params"] if one.grad is not None]
            if not learning:
                continue
            gradients = [one.grad for one in learning]
            squares = [self.state[one].setdefault("square", torch.zeros_like(one)) for one in learning]
            torch._foreach_mul_(squares, group["decay"])
            torch._foreach_addcmul_(squares, gradients, gradients, value=1 - group["decay"])
            roots = torch._foreach_sqrt(torch._foreach_add(squares, group["epsilon"]))
            torch._foreach_addcdiv_(learning, gradients, roots, value=-group["lr"])
        return loss
