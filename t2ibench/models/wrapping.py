"""Models that make their images with another, trained model, and hold its weights in their own folder."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

from t2ibench.core.interfaces import BoundNoise


@runtime_checkable
class WrapsModel(Protocol):
    """A plug-in class around a trained model.

    `build` finds that model in `BuildContext.wrapped`, and `exported` names its networks "wrapped/<network>". A class
    that inherits from this one has parameters `over`, the selector, and `over_identity`.
    """

    @classmethod
    def wrapped_selector(cls, parameters: Any) -> str:
        """Return which trained model is meant, as a user would type it: "attngan", "attngan:brief", a path."""
        return str(parameters.over)

    @classmethod
    def with_wrapped(cls, parameters: Any, identity: str) -> Any:
        """Return the parameters with the model's identity in one of them, so that it is part of every identity."""
        return parameters.model_copy(update={"over_identity": identity})


def gradients_for(noise: BoundNoise) -> AbstractContextManager[object]:
    """Return the context for a model's `generate`: no graph is kept, unless the noise says `wants_gradient`.

    Such noise holds latents that a wrapping model improves along the gradient of a score of the images.
    """
    import torch

    return torch.set_grad_enabled(bool(getattr(noise, "wants_gradient", False)))
