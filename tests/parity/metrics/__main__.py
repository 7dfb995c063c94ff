"""`python -m tests.parity.metrics FILE`: compare every golden value of a file, driven by the file alone."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.parity.metrics.golden import GoldenFile, compared


def main(path: Path) -> int:
    """Print a line a case; return 1 if a value is beyond its allowance, not computed or not understood, else 0."""
    golden = GoldenFile(path)
    failed = 0
    for case in golden.cases:
        rows = compared(golden, case)
        beyond = [row for row in rows if not row.share <= 1]
        failed += bool(beyond)
        worst = max(rows, key=lambda row: row.share)
        print(
            f"{case['id']}: {'FAILED' if beyond else 'matched'}, {len(rows)} values, worst {worst.name} at "
            f"{worst.share:.3g} of its allowance"
        )
        for row in beyond:
            print(f"    {row.name}: ours {row.ours!r}, golden {row.golden!r}")
    print(f"{len(golden.cases) - failed} of {len(golden.cases)} cases matched")
    return int(failed > 0)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.parity.metrics FILE")
    sys.exit(main(Path(sys.argv[1])))
