"""A model trained in phases gets each phase's own batches, the same whenever a run goes on."""

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.core.types import DataRequest, Phase
from t2ibench.data.batches.batches import TrainingData
from t2ibench.data.batches.phased_batches import PhasedData, training_data
from t2ibench.testing.squares import Squares
from t2ibench.training.engine.phases import Phases

FIRST, SECOND = DataRequest((16,), 6), DataRequest((32,), 4, wrong_images=True)
CURRICULUM = (Phase("first", 0.4, FIRST), Phase("second", 0.6, SECOND))


class Model:
    def __init__(self, *phases):
        self.phases = phases

    def curriculum(self):
        return self.phases

    def data_request(self):
        return FIRST


@pytest.fixture
def manifest(tmp_path):
    adapter = Squares("squares", DatasetEntry(adapter="squares", protocol="none"))
    adapter.draw(tmp_path, {}, replace=True)
    return adapter.read(tmp_path)


def test_each_phase_has_its_own_batches(manifest):
    data = training_data(manifest, Model(*CURRICULUM), seed=3)
    assert isinstance(data, PhasedData) and data.steps_per_epoch == {"first": 3, "second": 4}
    phases = Phases(CURRICULUM, 10)
    batches = list(data.iterate(0, 10, phases))
    assert [batch.step for batch in batches] == list(range(10))
    assert [batch.phase for batch in batches] == ["first"] * 4 + ["second"] * 6
    assert [(set(batch.images), len(batch.captions)) for batch in batches] == [({16}, 6)] * 4 + [({32}, 4)] * 6
    assert [batch.wrong_images is None for batch in batches] == [True] * 4 + [False] * 6


@pytest.mark.parametrize("first", [1, 4, 7])
def test_a_run_that_goes_on_sees_the_same_batches(manifest, first):
    phases = Phases(CURRICULUM, 10)
    whole = list(PhasedData(manifest, {p.name: p.request for p in CURRICULUM}, 3).iterate(0, 10, phases))
    again = list(PhasedData(manifest, {p.name: p.request for p in CURRICULUM}, 3).iterate(first, 10, phases, 2))
    for one, other in zip(whole[first:], again, strict=True):
        assert one.captions == other.captions and one.step == other.step
        assert all(torch.equal(one.images[resolution], other.images[resolution]) for resolution in one.images)


def test_models_without_requests_of_their_phases_are_as_before(manifest):
    model = Model(Phase("a", 0.5), Phase("b", 0.5))
    data = training_data(manifest, model, seed=3)
    assert isinstance(data, TrainingData)
    assert data.batch(2, "a").captions == TrainingData(manifest, FIRST, 3).batch(2, "b").captions


def test_a_phase_without_a_request_has_the_models(manifest):
    data = training_data(manifest, Model(Phase("a", 0.5), Phase("b", 0.5, SECOND)), seed=3)
    assert set(data.batch(0, "a").images) == {16} and set(data.batch(1, "b").images) == {32}


def test_a_batch_too_large_is_told_before_the_first_step(manifest):
    phases = (Phase("a", 0.5, FIRST), Phase("b", 0.5, DataRequest((16,), 1000)))
    with pytest.raises(UserError, match="fewer than a batch of 1000"):
        training_data(manifest, Model(*phases), seed=0)
