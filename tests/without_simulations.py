"""`python without_simulations.py ARGUMENTS...`: t2ibench as if t2ibench_simulations had never been installed."""

from __future__ import annotations

import importlib.abc
import importlib.metadata
import sys
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoints
from typing import Any

PACKAGE = "t2ibench_simulations"
everything = importlib.metadata.entry_points


class Hidden(importlib.abc.MetaPathFinder):
    """Finds nothing of the package, whatever the paths say."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if fullname.partition(".")[0] == PACKAGE:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None


def others(**selected: str) -> Any:
    found = everything(**selected)
    if not isinstance(found, EntryPoints):  # asked without a group, an older backport gives groups
        return found
    return EntryPoints(point for point in found if not point.value.startswith(PACKAGE))


if __name__ == "__main__":
    sys.meta_path.insert(0, Hidden())
    importlib.metadata.entry_points = others  # type: ignore[assignment]
    from t2ibench.cli import main

    sys.argv[0] = "t2ibench"
    main()
