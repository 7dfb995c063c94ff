"""A small run to examine: the stub model on coloured squares."""

import pytest
import torch

from t2ibench.core.spec.benchmarks import TrainingSpec
from t2ibench.testing.subject import Subject
from t2ibench.training.checkpoints.run_folder import RunFolder
from t2ibench.training.compute import Compute
from t2ibench.training.engine.engine import Engine
from t2ibench.training.loop import train
from tests.stub_run import register


@pytest.fixture(autouse=True)
def registered():
    register()
    torch.set_num_threads(1)


@pytest.fixture
def subject(tmp_path):
    return Subject("stub", tmp_path, {}, {"stub-encoder": {}})


@pytest.fixture
def engine(subject):
    return Engine(subject.build(), seed=0, device=torch.device("cpu"))


class Run:
    """Trains the subject; the same folder goes on."""

    def __init__(self, subject, name="run", **parameters):
        self.subject = subject
        self.spec = TrainingSpec(
            kind="model", name="stub", plugin="stub", parameters=parameters, dataset="squares", manifest="m"
        )
        self.folder = RunFolder(subject.folder / name, self.spec)

    def __call__(self, steps, model=None, captions=(), **compute):
        model = model or self.subject.build()
        compute = {"log_steps": 1, "checkpoint_steps": 2, **compute}
        with self.folder.locked():
            return train(
                model,
                self.subject.data(model),
                spec=self.spec,
                steps=steps,
                folder=self.folder,
                device=torch.device("cpu"),
                captions=captions,
                compute=Compute(**compute),
            )


@pytest.fixture
def run(subject):
    return Run(subject)
