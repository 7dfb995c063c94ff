"""`python -m tests.parity FOLDER`: compare every golden set of a folder, driven by its sidecars alone."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tests.parity.kinds import compared, left_out, outputs_of
from tests.parity.recipe import GoldenSet


def main(folder: Path) -> int:
    """Print a line a set; return 1 if one is not matched, else 0. Sets of networks we lack are passed over."""
    failed = False
    for sidecar in sorted(folder.glob("*.json")):
        if sidecar.stem == "shared_inputs":
            continue
        golden = GoldenSet(sidecar)
        outputs = outputs_of(golden)
        if outputs is None:
            print(f"{golden.name}: not ours ({', '.join(golden.networks)})")
            continue
        begin = time.monotonic()
        comparisons = compared(golden, outputs)
        missing = left_out(golden, comparisons)
        worst = max(comparisons, key=lambda comparison: comparison.share)
        beyond = [comparison for comparison in comparisons if not comparison.share <= 1]
        failed = failed or bool(beyond) or bool(missing)
        print(
            f"{golden.name}: {'FAILED' if beyond or missing else 'matched'}, {len(comparisons)} arrays, worst "
            f"{worst.array} at {worst.share:.3g} of its allowance (difference {worst.difference:.3g}), "
            f"{time.monotonic() - begin:.0f} s"
        )
        for comparison in beyond:
            print(f"    {comparison.array}: {comparison.share:.3g} of its allowance")
        if missing:
            print(f"    not compared: {', '.join(missing)}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
