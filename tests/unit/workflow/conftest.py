"""A workspace with the stub plug-ins."""

import pytest

from t2ibench.spec import load_benchmarks
from t2ibench.training.rhythm import Rhythm
from t2ibench.workflow.train import Compute
from t2ibench.workspace import Workspace
from tests.stub_run import register, write_benchmarks

COMPUTE = Compute(device="cpu", threads=1, rhythm=Rhythm(picture_steps=100))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    register()
    folder = tmp_path_factory.mktemp("place")
    return Workspace(folder / "workspace"), load_benchmarks(write_benchmarks(folder)).content
