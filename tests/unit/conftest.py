"""A workspace with the stub plug-ins."""

import pytest

from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.training.compute import Compute
from tests.stub_run import register, write_benchmarks

COMPUTE = Compute(image_steps=100)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    register()
    folder = tmp_path_factory.mktemp("place")
    return Workspace(folder / "workspace"), load_benchmarks(write_benchmarks(folder)).content
