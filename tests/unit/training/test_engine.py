"""One step: whose gradients, which learning rate, how clipped, how averaged."""

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.types import Update
from t2ibench.testing.subject import Subject
from t2ibench.training.engine.engine import Engine
from t2ibench.training.engine.processes import Processes

CPU = torch.device("cpu")


def test_an_update_leaves_no_gradient_on_other_networks(engine, subject):
    model = engine.model
    seen = []

    original = model.updates

    def watched(batch, noise):
        for update in original(batch, noise):
            yield update
            owner = model.networks()[update.optimizer]
            others = [n for name, n in model.networks().items() if name != update.optimizer]
            seen.append((all(p.grad is not None for p in owner.parameters()), others))
            if update.optimizer == "discriminator":
                assert all(p.grad is None for p in model.generator.parameters())

    model.updates = watched
    engine.step(subject.batch(model), 0)
    assert [own for own, _ in seen] == [True, True]


def test_the_generator_sees_the_updated_discriminator(engine, subject):
    model, between = engine.model, []
    original = model.updates

    def watched(batch, noise):
        for update in original(batch, noise):
            between.append(model.discriminator[0].weight.detach().clone())
            yield update

    model.updates = watched
    engine.step(subject.batch(model), 0)
    assert not torch.equal(between[0], between[1])


def test_average_follows_its_formula_and_buffers_stay_live(engine, subject):
    model = engine.model
    before = {key: value.detach().clone() for key, value in model.generator.named_parameters()}
    engine.step(subject.batch(model), 0)
    averaged = engine.ema.state()
    for key, value in model.generator.named_parameters():
        expected = 0.9 * before[key] + 0.1 * value.detach()
        torch.testing.assert_close(averaged[f"generator/{key}"], expected)
    assert not any("running" in key for key in averaged)
    exported = engine.exported()
    assert torch.equal(exported["generator/0.weight"], averaged["generator/0.weight"])
    assert torch.equal(exported["generator/1.running_mean"], model.generator[1].running_mean)


def test_averaged_weights_are_lent_and_given_back(engine, subject):
    engine.step(subject.batch(engine.model), 0)
    live = engine.weights()["generator/0.weight"].clone()
    with engine.ema_weights():
        assert not engine.model.generator.training
        lent = engine.weights()["generator/0.weight"].clone()
    assert not torch.equal(lent, live)
    assert torch.equal(engine.weights()["generator/0.weight"], live)
    assert engine.model.generator.training


def test_learning_rates_follow_the_schedule(tmp_path):
    subject = Subject("stub-encoder", tmp_path, kind="encoder")
    model = subject.build()
    engine = Engine(model, seed=0, device=CPU, steps_per_epoch=2)
    data = subject.data(model)
    rates = []
    for step in range(4):
        engine.step(data.batch(step, "train"), step)
        rates.append(engine._optimizers["encoders"].param_groups[0]["lr"])
    assert rates == [0.1, 0.1, 0.05, 0.05]


def test_schedules_count_from_the_start_of_their_phase(tmp_path):
    subject = Subject("stub-encoder", tmp_path, kind="encoder")
    engine = Engine(subject.build(), seed=0, device=CPU, steps_per_epoch={"train": 2, "later": 1})
    data = subject.data(engine.model)
    rates = []
    for step, phase, start in ((2, "train", 0), (3, "train", 0), (4, "later", 4), (5, "later", 4), (6, "later", 4)):
        engine.step(data.batch(step, phase), step, phase_start=start)
        rates.append(engine._optimizers["encoders"].param_groups[0]["lr"])
    assert rates == [0.05, 0.05, 0.1, 0.05, 0.025]


def test_clipping_limits_the_norm(engine, subject):
    model = engine.model

    def updates(batch, noise):
        loss = 1000 * sum(p.sum() for p in model.generator.parameters())
        yield Update("generator", loss, clip_norm=1.0, clip_parameters=[model.generator[0].weight])
        norms.append([float(p.grad.norm()) for p in model.generator.parameters()])

    norms = []
    model.updates = updates
    engine.step(subject.batch(model), 0)
    assert norms[0][0] == pytest.approx(1.0, rel=1e-3)
    assert norms[0][1] > 100


def test_a_step_does_not_depend_on_the_global_generator(subject):
    weights = []
    for seed in (1, 2):
        model = subject.build()
        engine = Engine(model, seed=0, device=CPU)
        torch.manual_seed(seed)
        engine.step(subject.batch(model), 0)
        weights.append(engine.weights())
    assert all(torch.equal(weights[0][key], weights[1][key]) for key in weights[0])


def test_unknown_optimiser_and_precision_are_named(engine, subject):
    engine.model.updates = lambda batch, noise: iter([Update("generatr", torch.ones((), requires_grad=True))])
    with pytest.raises(UserError, match="Did you mean generator"):
        engine.step(subject.batch(engine.model), 0)
    with pytest.raises(UserError, match="bf16-mixed"):
        Engine(subject.build(), seed=0, device=CPU, precision="bf16")


def test_bf16_runs(subject):
    model = subject.build()
    engine = Engine(model, seed=0, device=CPU, precision="bf16-mixed")
    engine.step(subject.batch(model), 0)
    assert all(value.dtype != torch.bfloat16 for value in engine.weights().values())


class TwoAtOnce(Processes):
    """One of two processes; notes what is averaged and what is taken of the first."""

    def average(self, tensors):
        self.averaged = list(tensors)

    def equalise(self, tensors):
        self.equalised = list(tensors)


def test_running_statistics_alone_are_averaged_over_processes(subject):
    model = subject.build()
    model.generator.register_buffer("remembered", torch.zeros(3))
    model.generator.register_buffer("seen", torch.zeros((), dtype=torch.int64))
    processes = TwoAtOnce(count=2)
    processes.mean = lambda values: values
    Engine(model, seed=0, device=CPU, processes=processes).step(subject.batch(model), 0)
    norms = [m for network in model.networks().values() for m in network.modules() if hasattr(m, "running_mean")]
    wanted = [tensor for norm in norms for tensor in (norm.running_mean, norm.running_var)]
    assert norms and [id(one) for one in processes.averaged] == [id(one) for one in wanted]
    assert [id(one) for one in processes.equalised] == [id(model.generator.remembered), id(model.generator.seen)]
