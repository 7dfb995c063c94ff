"""What every plug-in that is trained must do. A failed check is an AssertionError with a sentence."""

from __future__ import annotations

from collections import Counter
from typing import Any

import torch
from safetensors.torch import load

from t2ibench.core.noise import Noise
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import TrainingSpec
from t2ibench.core.storage.named_tensors import state_of_networks
from t2ibench.models.folder import (
    EncoderDescription,
    ModelDescription,
    WrappedDescription,
    exported_state,
    load_encoder,
    load_model,
    write_model_folder,
)
from t2ibench.testing.subject import Subject, noise_for
from t2ibench.training.checkpoints.checkpoint import NETWORKS
from t2ibench.training.checkpoints.run_folder import RunFolder
from t2ibench.training.compute import Compute
from t2ibench.training.engine.engine import Engine
from t2ibench.training.loop import train

_STEPS = 4


def check_requirements(subject: Subject) -> None:
    """It needs exactly the encoders it was given here, and says so."""
    needed = set(subject.plugin_class.requirements(subject.checked))
    assert needed == set(subject.encoders), f"requirements() says {sorted(needed)}, not {sorted(subject.encoders)}"


def check_optimizers(subject: Subject) -> None:
    """Every parameter that learns belongs to exactly one optimiser, and no other parameter to any."""
    model = subject.build()
    learning = {
        id(parameter): f"{name}/{key}"
        for name, network in model.networks().items()
        for key, parameter in network.named_parameters()
        if parameter.requires_grad
    }
    counts = Counter(
        id(parameter)
        for optimizer in model.optimizers().values()
        for group in optimizer.param_groups
        for parameter in group["params"]
        if parameter.requires_grad
    )
    for key, name in learning.items():
        assert counts[key] == 1, f"{name} belongs to {counts[key]} optimisers instead of one"
    foreign = set(counts) - set(learning)
    assert not foreign, f"{len(foreign)} parameters of optimisers belong to no network that learns"
    unknown = set(model.ema()) - set(model.networks())
    assert not unknown, f"ema() names {sorted(unknown)}, which networks() does not know"


def check_gradients(subject: Subject) -> None:
    """A pass of `updates` in each phase yields scalar, finite losses; every parameter that learns gets a gradient."""
    model = subject.build()
    for network in model.networks().values():
        network.train()
    parameters = {
        name: [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
        for name, optimizer in model.optimizers().items()
    }
    reached: set[int] = set()
    torch.manual_seed(0)
    made = (
        update
        for batch in subject.batches(model)
        for update in model.updates(batch, Noise(0).bind_step(batch.step, len(batch.captions)))
    )
    for update in made:
        assert update.optimizer in parameters, f"updates() names the optimiser {update.optimizer!r}, which is not known"
        assert update.loss.ndim == 0, f"the loss of {update.optimizer} is not a scalar"
        assert bool(torch.isfinite(update.loss)), f"the loss of {update.optimizer} is {float(update.loss.detach())}"
        for part, value in update.parts.items():
            assert value.numel() == 1 and not value.requires_grad, f"part {part!r} must be a scalar without a graph"
        own = parameters[update.optimizer]
        found = torch.autograd.grad(update.loss, own, retain_graph=True, allow_unused=True)
        reached |= {id(p) for p, gradient in zip(own, found, strict=True) if gradient is not None}
    for name, network in model.networks().items():
        for key, parameter in network.named_parameters():
            assert not parameter.requires_grad or id(parameter) in reached, f"{name}/{key} gets no gradient"


def check_learning(subject: Subject) -> None:
    """A few steps in each phase move every network that learns, and leave the frozen ones as they were."""
    model = subject.build()
    frozen = {key: value.clone() for key, value in state_of_networks(model.frozen_networks()).items()}
    before = {name: [p.detach().clone() for p in network.parameters()] for name, network in model.networks().items()}
    data = subject.data(model)
    engine = Engine(model, seed=0, device=torch.device("cpu"), steps_per_epoch=data.steps_per_epoch)
    for step, phase in enumerate(phase for phase in model.curriculum() for _ in range(2)):
        engine.step(data.batch(step, phase.name), step)
    for name, network in model.networks().items():
        after = [parameter.detach() for parameter in network.parameters()]
        assert any(not torch.equal(a, b) for a, b in zip(before[name], after, strict=True)), f"{name} did not learn"
    for key, value in state_of_networks(model.frozen_networks()).items():
        assert torch.equal(value, frozen[key]), f"training changed the frozen {key}"


def check_resume(subject: Subject) -> None:
    """Training in two stretches ends in the same bits as training in one, and the checkpoint names the networks."""
    spec = TrainingSpec(
        kind=subject.kind,
        name="subject",
        plugin=subject.plugin,
        parameters=subject.checked.model_dump(mode="json"),
        dataset="squares",
        manifest=subject.manifest.digest,
    )
    finals = []
    # The first stretch is as long as the whole, since the ends of a curriculum's phases depend on its length; then its
    # last checkpoint is cut off, and the second stretch goes on from the one before.
    for name in ("one", "two"):
        folder = RunFolder(subject.folder / name, spec)
        for _ in range(1 if name == "one" else 2):
            model = subject.build()
            with folder.locked():
                engine = train(
                    model,
                    subject.data(model),
                    spec=spec,
                    steps=_STEPS,
                    folder=folder,
                    device=torch.device("cpu"),
                    compute=Compute(log_steps=1, checkpoint_steps=_STEPS - 1),
                )
            last = folder.checkpoints / f"step-{_STEPS:06d}"
            weights = load((last / NETWORKS).read_bytes())  # not load_file, which maps the file that is cut below
            if name == "two":
                (last / NETWORKS).write_bytes(b"cut off")
        finals.append(weights)
        for network in engine.model.networks():
            assert any(key.startswith(f"{network}/") for key in weights), f"{network} is not in the checkpoint"
    for key, value in finals[0].items():
        assert torch.equal(value, finals[1][key]), f"{key} differs after resuming"


def check_export(subject: Subject) -> None:
    """A model folder brings back the same images (of an encoder: the same weights)."""
    model = subject.grown(seed=7)
    tensors = exported_state(model)
    encoders = {
        name: EncoderDescription(
            plugin=name,
            parameters=registry("encoders")[name].Parameters.model_validate(dict(parameters)).model_dump(mode="json"),
            trained="",
            identity="",
            weights="",
        )
        for name, parameters in subject.encoders.items()
    }
    wrapped = None
    if subject.wraps is not None:
        inner, own = subject.wraps
        checked = registry("models")[inner].Parameters.model_validate(dict(own)).model_dump(mode="json")
        wrapped = WrappedDescription(
            plugin=inner, label=inner, parameters=checked, encoders=encoders, steps=0, identity=""
        )
    description = ModelDescription(
        kind=subject.kind,
        plugin=subject.plugin,
        name="subject",
        parameters=subject.checked.model_dump(mode="json"),
        dataset="squares",
        steps=0,
        encoders=encoders,
        card=subject.plugin_class.card(),
        wrapped=wrapped,
    )
    folder = write_model_folder(subject.folder / "exported", description, tensors, subject.manifest.vocabulary)
    random = torch.random.get_rng_state()
    root = subject.manifest.root
    loaded: Any = (
        load_model(folder, data_root=root).model
        if subject.kind == "model"
        else load_encoder(folder, data_root=root).encoder
    )
    assert torch.equal(random, torch.random.get_rng_state()), "loading drew from torch's global generator"
    for key, value in state_of_networks(loaded.exported()).items():
        assert torch.equal(value, tensors[key]), f"{key} came back changed"
    if subject.kind == "model":
        captions = subject.captions
        images = [one.generate(captions, noise_for(captions)) for one in (model, loaded)]
        assert torch.equal(*images), "images differ after saving and loading"
