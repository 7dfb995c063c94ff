"""`python -m tests.parity FOLDER`: compare every golden set of a folder, driven by its sidecars alone."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from tests.parity.kinds import compared, left_out, outputs_of
from tests.parity.recipe import GoldenSet
from tests.parity.understood import NotUnderstood


def main(folder: Path) -> int:
    """Print a line a set; return 1 if one is not matched or not understood, else 0.

    Sets of networks we lack and figures of metrics (which have "cases" instead of "nets") are passed over.
    """
    failed = False
    for sidecar in sorted(folder.glob("*.json")):
        if sidecar.stem == "shared_inputs":
            continue
        if "cases" in json.loads(sidecar.read_text(encoding="utf-8")):
            print(f"{sidecar.stem}: figures of metrics, not of networks")
            continue
        try:
            failed = not _matches(GoldenSet(sidecar)) or failed
        except NotUnderstood as refusal:
            failed = True
            print(f"{sidecar.stem}: REFUSED, {refusal}")
        except (AssertionError, ValueError) as error:  # of the recipe, the keys or the shapes
            failed = True
            print(f"{sidecar.stem}: FAILED, {error}")
    return int(failed)


def _matches(golden: GoldenSet) -> bool:
    """Print a set's line; return whether it is matched, or not ours."""
    outputs = outputs_of(golden)
    if outputs is None:
        print(f"{golden.name}: not ours ({', '.join(golden.networks)})")
        return True
    begin = time.monotonic()
    comparisons = compared(golden, outputs)
    missing = left_out(golden, comparisons)
    beyond = [comparison for comparison in comparisons if not comparison.share <= 1]
    matched = bool(comparisons) and not beyond and not missing
    worst = max(comparisons, key=lambda comparison: comparison.share, default=None)
    at = worst and f"worst {worst.array} at {worst.share:.3g} of its allowance (difference {worst.difference:.3g}), "
    print(
        f"{golden.name}: {'matched' if matched else 'FAILED'}, {len(comparisons)} arrays, {at or ''}"
        f"{time.monotonic() - begin:.0f} s"
    )
    for comparison in beyond:
        print(f"    {comparison.array}: {comparison.share:.3g} of its allowance")
    if missing:
        print(f"    not compared: {', '.join(missing)}")
    return matched


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
