"""Names of the variables in StackGAN's TensorFlow checkpoint, and of the tensors that they become.

The checkpoint is of slim as TensorFlow's models repository had it in 2016: scopes such as mixed_35x35x256a,
convolutions numbered within a branch, no scale in batch normalisation, and of every variable a moving average, which is
what the script evaluates with.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

AVERAGE: Final = "/ExponentialMovingAverage"
"""Suffix of the moving average of a variable."""

_STEM: Final = {
    "conv0": "Conv2d_1a_3x3",
    "conv1": "Conv2d_2a_3x3",
    "conv2": "Conv2d_2b_3x3",
    "conv3": "Conv2d_3b_1x1",
    "conv4": "Conv2d_4a_3x3",
}

_A: Final = {
    "branch1x1": ("branch1x1",),
    "branch5x5": ("branch5x5_1", "branch5x5_2"),
    "branch3x3dbl": ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
    "branch_pool": ("branch_pool",),
}
_B: Final = {
    "branch3x3": ("branch3x3",),
    "branch3x3dbl": ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"),
}
_C: Final = {
    "branch1x1": ("branch1x1",),
    "branch7x7": ("branch7x7_1", "branch7x7_2", "branch7x7_3"),
    "branch7x7dbl": tuple(f"branch7x7dbl_{number}" for number in range(1, 6)),
    "branch_pool": ("branch_pool",),
}
_D: Final = {
    "branch3x3": ("branch3x3_1", "branch3x3_2"),
    "branch7x7x3": tuple(f"branch7x7x3_{number}" for number in range(1, 5)),
}
_E: Final = {
    "branch1x1": ("branch1x1",),
    "branch3x3": ("branch3x3_1", "branch3x3_2a", "branch3x3_2b"),
    "branch3x3dbl": ("branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3a", "branch3x3dbl_3b"),
    "branch_pool": ("branch_pool",),
}

_MIXED: Final = {
    "mixed_35x35x256a": ("Mixed_5b", _A),
    "mixed_35x35x288a": ("Mixed_5c", _A),
    "mixed_35x35x288b": ("Mixed_5d", _A),
    "mixed_17x17x768a": ("Mixed_6a", _B),
    "mixed_17x17x768b": ("Mixed_6b", _C),
    "mixed_17x17x768c": ("Mixed_6c", _C),
    "mixed_17x17x768d": ("Mixed_6d", _C),
    "mixed_17x17x768e": ("Mixed_6e", _C),
    "mixed_17x17x1280a": ("Mixed_7a", _D),
    "mixed_8x8x2048a": ("Mixed_7b", _E),
    "mixed_8x8x2048b": ("Mixed_7c", _E),
}

CLASSIFIER: Final = "logits/logits"
"""Scope of the last layer: weights, 2048 x 51, and biases."""


def convolutions() -> Iterator[tuple[str, str]]:
    """Yield (TensorFlow scope, our module) of every convolution; each holds weights and a batch normalisation.

    TensorFlow numbers the convolutions of a branch in the order in which the graph makes them: Conv, Conv_1, Conv_2 ...
    """
    yield from _STEM.items()
    for scope, (module, branches) in _MIXED.items():
        for branch, parts in branches.items():
            for number, part in enumerate(parts):
                yield f"{scope}/{branch}/Conv{f'_{number}' if number else ''}", f"{module}.{part}"
