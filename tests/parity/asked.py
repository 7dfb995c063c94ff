"""What the sidecar of a golden set asks for: the mode of its networks and the resolutions of its images."""

from __future__ import annotations

import re

from tests.parity.recipe import GoldenSet
from tests.parity.understood import NotUnderstood

_MODE = re.compile(r"(eval|train|both)(?: \((.*)\))?")


def mode_of(golden: GoldenSet, *allowed: str) -> str:
    """Return the mode of the set's networks: "eval", "train" or "both".

    Raises:
        NotUnderstood: it is missing, not of `allowed`, or has the encoders, which we keep in eval mode, in train mode.
    """
    written = golden.sidecar.get("mode")
    found = _MODE.fullmatch(written) if isinstance(written, str) else None
    if found is None or found.group(1) not in allowed or "in train" in (found.group(2) or ""):
        known = " or ".join(map(repr, allowed))
        raise NotUnderstood(golden.name, "mode", f"is {written!r}; for these networks only {known} is understood")
    return found.group(1)


def resolutions_of(golden: GoldenSet) -> tuple[int, ...]:
    """Return the resolutions that have an image: of all branches, for AttnDCGAN of the last alone.

    Raises:
        NotUnderstood: the configuration's branches are not those of the set's networks.
    """
    branches = golden.setting("TREE.BRANCH_NUM")
    if branches not in (1, 2, 3):
        raise NotUnderstood(golden.name, "config.TREE.BRANCH_NUM", f"is {branches!r}; only 1, 2 and 3 are understood")
    for name in ("G_NET", "G_DCGAN"):
        keys = [key for key, *_ in golden.networks.get(name, {"keys": []})["keys"]]
        stages = len({key.split(".")[0] for key in keys if key.startswith("h_net")})
        if keys and stages != branches:
            raise NotUnderstood(golden.name, "config.TREE.BRANCH_NUM", f"is {branches}, but {name} has {stages} stages")
    dcgan = "G_DCGAN" in golden.networks
    if dcgan != golden.sidecar["config"]["GAN"].get("B_DCGAN", False) and golden.networks.keys() & {"G_NET", "G_DCGAN"}:
        raise NotUnderstood(
            golden.name, "config.GAN.B_DCGAN", f"does not fit the networks {', '.join(golden.networks)}"
        )
    every = tuple(64 << branch for branch in range(branches))
    return every[-1:] if dcgan else every
