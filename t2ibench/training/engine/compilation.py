"""torch.compile for networks, what its failures mean to a user, and other arithmetic than the usual one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from typing import Final

import torch
from torch import nn

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.machine.arithmetic import MIXED, Arithmetic

_SECOND_ORDER: Final = "does not currently support double backward"


def compile_networks(networks: Mapping[str, nn.Module]) -> None:
    """Let torch.compile make the kernels of these networks when they are first called; names of weights stay.

    Dropout draws the numbers that it draws otherwise. A network whose parts are called by name, and not it itself, runs
    as it is written: so do discriminators on real and mismatched images, which also lets gradient penalties be.
    """
    for network in networks.values():
        network.compile(options={"fallback_random": True})


@contextmanager
def faults_explained() -> Iterator[None]:
    """Turn what torch.compile raises within a block into sentences.

    Raises:
        UserError: the model takes gradients of gradients, which compiled networks do not have.
        RunFailedError: the compiler is missing or failed.
    """
    from torch._dynamo.exc import TorchDynamoException

    try:
        yield
    except TorchDynamoException as error:
        reason = " ".join(str(error).split())[:300]
        raise RunFailedError(
            f"torch.compile failed: {reason}. Leave --compile out, or see whether a compiler is missing: it needs a "
            "C++ compiler on the CPU and triton on a GPU."
        ) from error
    except RuntimeError as error:
        if _SECOND_ORDER not in str(error):
            raise
        raise UserError(
            "This model takes gradients of gradients, for a gradient penalty, and networks made by torch.compile do "
            "not have these. Leave --compile out, or set the penalty's weight to 0 (--set r1_weight=0, for DF-GAN "
            "--set penalty_weight=0)."
        ) from error


@contextmanager
def computing(arithmetic: Arithmetic, device: torch.device | str) -> Iterator[None]:
    """Have a model's networks compute in other numbers for a block, in this thread; faults as `faults_explained`."""
    mixed = torch.autocast(torch.device(device).type, torch.bfloat16, enabled=arithmetic.precision == MIXED)
    with mixed, faults_explained() if arithmetic.compiled else nullcontext():
        yield
