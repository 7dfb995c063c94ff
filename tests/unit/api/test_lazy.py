"""`import t2ibench` costs nothing, and its names are those of the documentation."""

import subprocess
import sys
from pathlib import Path

import pytest

import t2ibench

ROOT = Path(__file__).resolve().parents[3]
CODE = """
import sys, time
began = time.process_time()  # of the processor, so that a busy machine does not matter
import t2ibench
print(time.process_time() - began)
heavy = {"torch", "torchvision", "numpy", "pandas", "scipy", "pydantic", "PIL", "click"} & set(sys.modules)
assert not heavy, heavy
"""


def test_importing_the_package_imports_nothing_heavy_and_is_quick():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 0.2


def test_every_public_name_is_there():
    assert set(t2ibench.__all__) == {*t2ibench._WHERE, "metrics", "__version__"} <= set(dir(t2ibench))
    for name in t2ibench.__all__:
        assert getattr(t2ibench, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'evaluated'"):
        t2ibench.evaluated  # noqa: B018
