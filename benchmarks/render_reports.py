"""How long reports take to render from 1,000 records: seconds and bytes a format, printed as a table.

python benchmarks/render_reports.py [records]
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from t2ibench.core.interfaces import ReportInput
from t2ibench.core.records import Results
from t2ibench_reports.leaderboard import Leaderboard
from tests.reports.sample_results import many_records

TIMES = 3


def main() -> None:
    """Print the table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as folder:
        results = Results(Path(folder))
        results.append(many_records(count))
        started = time.perf_counter()
        records, faults = results.latest()
        print(f"{len(records):,} records read in {time.perf_counter() - started:.2f} s")
        print(f"{'format':8} {'seconds':>8} {'MB':>8}   (median of {TIMES})")
        for name in Leaderboard.formats:
            given = ReportInput(list(records.values()), faults, results.folder / "images", (name,))
            taken = []
            for _ in range(TIMES):
                started = time.perf_counter()
                (content,) = Leaderboard().render(given).values()
                taken.append(time.perf_counter() - started)
            print(f"{name:8} {statistics.median(taken):8.2f} {len(content) / 1e6:8.2f}")


if __name__ == "__main__":
    main()
