"""What the shapes of an official generator tell about its sizes, alike in StackGAN-v2, AttnGAN and DM-GAN."""

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


def counted(shapes: Shapes, pattern: str) -> int:
    """Return one more than the largest number that a pattern finds at the beginning of the keys, 0 where none."""
    numbers = [int(found.group(1)) for found in (re.match(pattern, key) for key in shapes) if found]
    return max(numbers, default=-1) + 1
