"""Records say which commit made them."""

import subprocess
from pathlib import Path

import pytest

from t2ibench.core.machine.provenance import environment

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the package does not lie in a git checkout")
def test_the_commit_of_the_checkout_is_known() -> None:
    head = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert environment()["commit"] == head.stdout.strip() != ""
