"""Where a number came from: code, packages, machine and arithmetic settings."""

from __future__ import annotations

import functools
import platform
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from t2ibench.core.version import VERSION

PACKAGES = ("torch", "torchvision", "torch-fidelity", "clean-fid", "numpy", "scipy", "pillow", "lightning-fabric")


@functools.cache
def _commit() -> tuple[str, bool]:
    """Return (commit, dirty) of the checkout the package lies in; ("", False) outside one."""
    folder = Path(__file__).resolve().parents[3]
    if not (folder / ".git").exists():
        return "", False
    try:
        run = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
        said = subprocess.run(run, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return "", False
    commit, _, dirty = said.partition("-")
    return commit, bool(dirty)


def environment(device: str = "cpu") -> dict[str, Any]:
    """Return the environment as JSON values: versions, commit, machine; arithmetic flags if torch is loaded already."""
    packages = {}
    for name in PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            continue
    commit, dirty = _commit()
    found: dict[str, Any] = {
        "t2ibench": VERSION,
        "commit": commit,
        "dirty": dirty,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        "packages": packages,
        "device": device,
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        found["threads"] = torch.get_num_threads()
        found["tf32"] = bool(torch.backends.cuda.matmul.allow_tf32)
        found["cudnn_deterministic"] = bool(torch.backends.cudnn.deterministic)
        if device.startswith("cuda") and torch.cuda.is_available():
            found["device_name"] = torch.cuda.get_device_name(device)
    return found
