"""Which device a name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from t2ibench.core.errors import UserError

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def choose_device(name: str = "auto", *, place: int = 0) -> torch.device:
    """Return the device of a name: "auto" takes a GPU if there is one, else the CPU.

    Args:
        name: "auto", "cpu", "cuda", "cuda:1" or "mps".
        place: of this process among those of its machine; "auto" and "cuda" give each a GPU of its own as far as there
            are enough.

    Raises:
        UserError: the name is not a device, or this machine does not have it.
    """
    import torch

    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda", (torch.cuda.current_device() + place) % torch.cuda.device_count())
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise UserError(f"{name!r} is not a device. Use auto, cpu, cuda, cuda:1 or mps.") from error
    if device.type == "cuda":
        count = torch.cuda.device_count() if torch.cuda.is_available() else 0
        if count <= (device.index or 0):
            has = f"{count} of them" if count else "none"
            raise UserError(f"Device {name!r} was asked for, but torch sees {has} here. Use --device cpu or auto.")
        return torch.device("cuda", place % count if device.index is None else device.index)
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UserError("Device 'mps' was asked for, but this machine has none. Use --device cpu or auto.")
    if device.type not in ("cpu", "mps"):
        raise UserError(f"Device {name!r} is not supported. Use auto, cpu, cuda, cuda:1 or mps.")
    return device


def to_device(values: Tensor, device: torch.device | str) -> Tensor:
    """Return a tensor of the CPU's memory on a device; for CUDA from pinned memory, and nobody waits for the copy."""
    if not str(device).startswith("cuda"):
        return values.to(device)
    return values.pin_memory().to(device, non_blocking=True)


def to_host(values: Tensor) -> Tensor:
    """Return a tensor in the CPU's memory; of CUDA's it waits for its own copy, not for what is asked after it."""
    if not values.is_cuda:
        return values.cpu()
    import torch

    with torch.cuda.device(values.device):
        copied = values.to("cpu", non_blocking=True)  # into pinned memory
        done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        done.record()
    done.synchronize()
    return copied
