"""StackGAN's TensorFlow checkpoint of the bird classifier to weights of ours.

    python -m t2ibench.features.cub_inception.convert model.npz inception-cub-50.safetensors

The .npz holds the checkpoint's variables under their own names. Where TensorFlow is installed it is made so, once:

    import numpy, tensorflow
    reader = tensorflow.train.load_checkpoint("birds_valid299/model.ckpt")
    numpy.savez("model.npz", **{name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()})

The checkpoint is of slim as TensorFlow's models repository had it in 2016: scopes such as mixed_35x35x256a,
convolutions numbered within a branch, no scale in batch normalisation, and of every variable a moving average, which is
what the script evaluates with.
"""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.files import write_bytes
from t2ibench.features.cub_inception.network import empty_network

if TYPE_CHECKING:
    from torch import Tensor

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


def converted(variables: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """Return the network's state dict, float32, without batch counters.

    Of a variable that has one, the moving average is taken. Convolutions turn from H x W x in x out to out x in x H x
    W, the classifier from in x out to out x in; batch normalisation has no scale here, which is a scale of 1.

    Args:
        variables: TensorFlow name -> array; what the network does not need (the auxiliary head, the optimiser's state,
            the step) is left out.

    Raises:
        UserError: a variable is missing or of another shape.
    """
    import torch

    wanted = {key: tuple(value.shape) for key, value in empty_network().state_dict().items()}
    state: dict[str, Tensor] = {}

    def take(name: str, key: str, axes: tuple[int, ...] | None = None) -> None:
        array = variables.get(name + AVERAGE, variables.get(name))
        if array is None:
            raise UserError(
                f"The checkpoint holds no variable {name!r}, with or without {AVERAGE!r}: it is not that of StackGAN's "
                "bird classifier (birds_valid299)."
            )
        turned = np.asarray(array) if axes is None else np.asarray(array).transpose(axes)
        if turned.shape != wanted[key]:
            raise UserError(
                f"The checkpoint's {name!r} has shape {list(np.shape(array))}, which does not become "
                f"{list(wanted[key])} of {key}: it is of another network, or of another number of classes."
            )
        state[key] = torch.from_numpy(np.ascontiguousarray(turned, dtype=np.float32).copy())

    for scope, module in convolutions():
        take(f"{scope}/weights", f"{module}.conv.weight", (3, 2, 0, 1))
        take(f"{scope}/BatchNorm/beta", f"{module}.bn.bias")
        take(f"{scope}/BatchNorm/moving_mean", f"{module}.bn.running_mean")
        take(f"{scope}/BatchNorm/moving_variance", f"{module}.bn.running_var")
        state[f"{module}.bn.weight"] = torch.ones(wanted[f"{module}.bn.weight"])
    take(f"{CLASSIFIER}/weights", "fc.weight", (1, 0))
    take(f"{CLASSIFIER}/biases", "fc.bias")
    return state


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Return the arrays of an .npz file; no code in it is run.

    Raises:
        UserError: it is missing, damaged or holds something else than arrays of numbers.
    """
    if not path.is_file():
        raise UserError(f"{path} does not exist. Export the TensorFlow checkpoint to an .npz file first; see --help.")
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile) as error:
        reason = " ".join(str(error).split())[:120]
        raise UserError(f"{path} cannot be read as an .npz file of arrays ({reason}). Export it again.") from error


def convert(source: Path, target: Path) -> None:
    """Write the weights of a checkpoint exported to .npz as .safetensors; atomically.

    Raises:
        UserError: as `read_arrays` and `converted`, or the target cannot be written.
    """
    from safetensors.torch import save

    write_bytes(target, save(converted(read_arrays(source))))


def main(arguments: Sequence[str]) -> int:
    """Return the exit status of the command line `SOURCE.npz TARGET.safetensors`."""
    if len(arguments) != 2 or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    try:
        convert(Path(arguments[0]), Path(arguments[1]))
    except UserError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    print(arguments[1])
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
