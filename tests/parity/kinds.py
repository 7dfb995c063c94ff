"""Which computation a golden set asks for, read off its sidecar alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tests.parity import dfgan, discriminators, encoders, generators, loss_units, losses, training
from tests.parity.entries import Entry
from tests.parity.networks import GENERATORS, family
from tests.parity.recipe import Comparison, GoldenSet

Outputs = Callable[[GoldenSet], Iterator[Entry]]


def outputs_of(golden: GoldenSet) -> Outputs | None:
    """Return the function that computes a set's arrays, None for a set of networks we do not have."""
    networks = set(golden.networks)
    if not networks:
        return loss_units.outputs if "out.KL.loss" in golden else None
    if networks == {"RNN_ENCODER"}:
        return encoders.text_alone
    if networks == {"CNN_ENCODER"}:
        return encoders.image
    if networks == dfgan.NETWORKS:
        return dfgan.outputs
    if family(golden) is None:
        return None
    if not networks & set(GENERATORS):
        return discriminators.outputs if family(golden) in ("attngan", "dmgan") else None
    if "out.errD" in golden:
        return losses.outputs
    if "out.errD.step0" in golden:
        return training.outputs
    return generators.outputs


def compared(golden: GoldenSet, outputs: Outputs) -> list[Comparison]:
    """Return all comparisons of a set, in the order in which they were computed; a set's array is compared once."""
    found: dict[str, Comparison] = {}
    for array, value in outputs(golden):
        if array in golden and array not in found:
            found[array] = golden.compare(array, value)
    return list(found.values())


def left_out(golden: GoldenSet, comparisons: list[Comparison]) -> list[str]:
    """Return the names of the set's results that were not compared."""
    seen = {comparison.array for comparison in comparisons}
    return [name for name in golden.names if not name.startswith("in.") and name not in seen]
