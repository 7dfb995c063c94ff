"""What the shapes of official networks tell about their sizes, alike in StackGAN-v2, AttnGAN and DM-GAN."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Shapes = Mapping[str, tuple[int, ...]]


def generator_sizes(shapes: Shapes) -> dict[str, Any]:
    """Return branches, residual_blocks, base_resolution, condition and latent: parameters that the shapes tell."""
    parameters: dict[str, Any] = {
        "branches": counted(shapes, r"h_net(\d)\.") - 1,
        "residual_blocks": counted(shapes, r"h_net\d\.residual\.(\d+)\."),
    }
    doublings = counted(shapes, r"h_net1\.upsample(\d+)\.") - 1
    if doublings in (2, 3, 4):
        parameters["base_resolution"] = 4 << doublings
    condition = shapes.get("ca_net.fc.weight") or shapes.get("ca_net.fc.bias")
    if condition:
        parameters["condition"] = condition[0] // 4
        inputs = shapes.get("h_net1.fc.0.weight", ())
        if len(inputs) == 2 and inputs[1] > parameters["condition"]:
            parameters["latent"] = inputs[1] - parameters["condition"]
    return parameters


def trunk_resolution(shapes: Shapes, modules: int = 3) -> int:
    """Return the resolution that a discriminator is for.

    Its layers down to 1/16 have `modules` modules each, the first without a normalisation; what halves further stands
    apart.
    """
    halvings = (counted(shapes, r"img_code_s16\.(\d+)\.") + modules) // modules
    return 4 << (halvings + begins(shapes, "img_code_s32.") + begins(shapes, "img_code_s64."))


def begins(shapes: Shapes, *starts: str) -> bool:
    """Return whether a key begins like one of these."""
    return any(key.startswith(starts) for key in shapes)


def told(shapes: Shapes, **sizes: tuple[str, int]) -> dict[str, Any]:
    """Return parameter -> the length of a tensor's axis, of the tensors that are there.

    Args:
        shapes: key -> shape.
        sizes: parameter -> (key, axis), as in latent=("fc.weight", 1).
    """
    return {name: shapes[key][axis] for name, (key, axis) in sizes.items() if len(shapes.get(key, ())) > axis}


def counted(shapes: Shapes, pattern: str) -> int:
    """Return one more than the largest number that a pattern finds at the beginning of the keys, 0 where none."""
    numbers = [int(found.group(1)) for found in (re.match(pattern, key) for key in shapes) if found]
    return max(numbers, default=-1) + 1
