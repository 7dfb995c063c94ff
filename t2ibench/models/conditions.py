"""What an image can be asked for besides its caption: where its object is to be, or the object's parts.

A model says in its capabilities which conditions it knows. One that it does not know is refused, never ignored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, cast

from t2ibench.core.errors import UserError

if TYPE_CHECKING:
    from torch import Tensor

    from t2ibench.core.interfaces import BoundNoise, TextToImage
    from t2ibench.core.types import Capabilities, Caption, Trace


@dataclass(frozen=True, slots=True, eq=False)
class Conditions:
    """Conditions of N images, each None where it is left to the model.

    Attributes:
        boxes: "box": N x 4, where the object is to be: (x, y, width, height) as fractions of the image's side, x
            and y of its upper left corner.
        keypoints: "keypoints": N x K x 3, where its parts are to be: (x, y) as fractions of the side and 1, or zeros
            for a part that is not to be seen.

    Raises:
        UserError: a box that is empty or leaves the image, or a keypoint outside it.
    """

    boxes: Tensor | None = None
    keypoints: Tensor | None = None

    def __post_init__(self) -> None:
        if self.keypoints is not None and not bool(((self.keypoints >= 0) & (self.keypoints <= 1)).all()):
            raise UserError(
                "A keypoint does not lie in the image. Give x,y as fractions of its side, as in bill=0.3,0.4."
            )
        for x, y, width, height in [] if self.boxes is None else self.boxes.tolist():
            if not (x >= 0 and y >= 0 and width > 0 and height > 0 and x + width <= 1.0001 and y + height <= 1.0001):
                raise UserError(
                    f"The box {x:g},{y:g},{width:g},{height:g} does not lie in the image. Give x,y,width,height as "
                    "fractions of its side, as in 0.25,0.25,0.5,0.5 for the middle."
                )

    @property
    def names(self) -> tuple[str, ...]:
        """The conditions that are given, as capabilities name them."""
        given = {"box": self.boxes, "keypoints": self.keypoints}
        return tuple(name for name, value in given.items() if value is not None)


class TakesConditions(Protocol):
    """A `TextToImage` whose capabilities name conditions: `generate` takes them."""

    capabilities: Capabilities

    def generate(
        self,
        captions: Sequence[Caption],
        noise: BoundNoise,
        *,
        trace: Trace | None = None,
        conditions: Conditions | None = None,
    ) -> Tensor:
        """Return images as `TextToImage.generate`. A condition that is not given is drawn from the noise."""
        ...


def check_known(label: str, capabilities: Capabilities, conditions: Conditions) -> None:
    """Check that a model knows the conditions given.

    Raises:
        UserError: it does not know one of them.
    """
    for name in conditions.names:
        if name not in capabilities.conditions:
            option, known = {"box": ("a box", "gawwn"), "keypoints": ("keypoints", "gawwn:keypoints")}[name]
            raise UserError(
                f"{label} cannot be given {option}. Ask without --{name.removesuffix('s')}, or take a model that can, "
                f"such as {known}."
            )


def generate_under(
    model: TextToImage,
    captions: Sequence[Caption],
    noise: BoundNoise,
    conditions: Conditions,
    *,
    label: str,
    trace: Trace | None = None,
) -> Tensor:
    """Return a model's images, N x 3 x H x W in [-1, 1], under conditions.

    Raises:
        UserError: the model does not know one of the conditions; or as its `generate`.
    """
    check_known(label, model.capabilities, conditions)
    if not conditions.names:
        return model.generate(captions, noise, trace=trace)
    return cast("TakesConditions", model).generate(captions, noise, trace=trace, conditions=conditions)
