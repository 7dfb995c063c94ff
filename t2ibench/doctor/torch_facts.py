"""What only a process that imports torch can say; as a script, a JSON object on stdout. `t2ibench doctor` runs it."""

from __future__ import annotations

import json
import os
import sys
from typing import Any


def probe() -> dict[str, Any]:
    """Return devices, threads and the plug-ins that cannot be loaded, as JSON values."""
    import torch

    from t2ibench.core.errors import UserError
    from t2ibench.core.registry import KINDS, registry

    cuda = torch.cuda.is_available()
    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())] if cuda else []
    faults = {}
    for kind in KINDS:
        try:
            names = list(registry(kind))
        except UserError as error:
            faults[kind] = str(error)
            continue
        for name in names:
            try:
                registry(kind)[name]
            except Exception as error:  # any fault of anyone's plug-in
                faults[f"{kind}: {name}"] = str(error) or type(error).__name__
    return {
        "gpus": devices,
        "threads": torch.get_num_threads(),
        "cores": os.cpu_count() or 1,
        "plugin_faults": faults,
    }


if __name__ == "__main__":
    json.dump(probe(), sys.stdout)
