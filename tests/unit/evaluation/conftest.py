"""The squares, a protocol for them, and a stub model trained on them."""

import pytest
import torch

from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.data.open import open_dataset
from t2ibench.models.folder import read_model_folder
from t2ibench.training.compute import Compute
from t2ibench.training.request import TrainRequest
from t2ibench.training.train import ensure_trained
from tests.unit.evaluation.stubs import register_all, write_config

COMPUTE = Compute(image_steps=100)


@pytest.fixture(scope="package")
def place(tmp_path_factory):
    """A workspace and benchmarks; tests that write results take a workspace of their own."""
    torch.set_num_threads(1)
    register_all()
    folder = tmp_path_factory.mktemp("place")
    return Workspace(folder / "workspace"), load_benchmarks(write_config(folder)).content


@pytest.fixture(scope="package")
def manifest(place):
    workspace, benchmarks = place
    return open_dataset("squares", benchmarks, workspace)


@pytest.fixture(scope="package")
def protocol(place):
    return place[1].protocols["p"]


@pytest.fixture(scope="package")
def trained(place):
    """The folder of the stub model."""
    workspace, benchmarks = place
    request = TrainRequest.of("stub", dataset="squares", steps=4, encoder_steps=4)
    return read_model_folder(
        ensure_trained(request, Place(benchmarks, workspace, device="cpu", threads=1), compute=COMPUTE)
    )
