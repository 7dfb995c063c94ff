"""One thread a test, in subprocesses too: workers share the cores, and sums are alike in any order of the tests."""

import os

# Read by torch when it is imported, which is after this.
os.environ["OMP_NUM_THREADS"] = "1"

from hypothesis import settings

# A deadline fails on a busy machine and says nothing of the code; speed is shown by benchmarks.
settings.register_profile("t2ibench", deadline=None)
settings.load_profile("t2ibench")
