"""A checkpoint's moments may lie in memory in another order than the weights: fused Adam would mix them up."""

import copy

import torch

from t2ibench.training.engine.engine import Engine
from tests.unit.baselines import builders


def test_a_loaded_state_in_another_layout_goes_on_alike():
    def fresh():
        torch.manual_seed(0)
        return Engine(builders.attngan(damsm_weight=0.0), seed=0, device=torch.device("cpu"))

    first = fresh()
    first.step(builders.batch(first.model), 0)
    weights = {name: value.clone().contiguous() for name, value in first.weights().items()}
    states = copy.deepcopy(first.optimizer_states())
    relaid = 0
    for state in states.values():
        for moments in state["state"].values():
            for name, value in moments.items():
                relaid += not value.is_contiguous()
                moments[name] = value.contiguous()
    assert relaid > 0
    second = fresh()
    second.load(weights, states)
    for engine in (first, second):
        engine.step(builders.batch(engine.model, 1), 1)
    ended = second.weights()
    for name, value in first.weights().items():
        assert torch.equal(value, ended[name]), name
