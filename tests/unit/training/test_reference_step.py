"""The engine's step, with all that makes it fast, is the step as the official code describes it.

`benchmarks/reference_step` holds the latter, written a second time and plainly. In float64, rounding is out of the way.
"""

import pytest
import torch

from benchmarks.reference_step.step import ReferenceStep
from t2ibench.core.noise import Noise
from t2ibench.text.damsm.image_encoder import SmallImageEncoder
from t2ibench.text.damsm.inception_encoder import InceptionImageEncoder
from t2ibench.text.damsm.model import DAMSM
from t2ibench.text.damsm.parameters import DAMSMParameters
from t2ibench.text.tokens import encode_captions
from t2ibench.training.engine.engine import Engine
from t2ibench_baselines._stackgan import convolutions
from tests.unit.baselines import builders

STEPS = 5


@pytest.fixture
def double(monkeypatch):
    """Let networks be made in float64, and losses be computed in it."""
    monkeypatch.setattr(torch.Tensor, "float", torch.Tensor.double)
    torch.set_default_dtype(torch.float64)
    torch.manual_seed(0)
    yield
    torch.set_default_dtype(torch.float32)


def batch_in_double(model, step):
    batch = builders.batch(model, step)
    for resolution, images in batch.images.items():
        batch.images[resolution] = images.double()
    return batch


@pytest.mark.parametrize(("builder", "memory"), [(builders.attngan, False), (builders.dmgan, True)])
def test_five_steps_have_the_losses_of_the_plain_step(double, monkeypatch, builder, memory):
    monkeypatch.setattr(convolutions, "_OUTWEIGHS", 2)  # so that some layers of small networks are matrix products
    model = builder(branches=2, damsm_weight=5.0)
    reference = ReferenceStep(model, memory=memory)
    torch.set_default_dtype(torch.float32)  # noise is float32 in both
    engine, found = Engine(model, seed=3, device=torch.device("cpu")), {}
    updates = model.updates

    def watched(batch, noise):
        for update in updates(batch, noise):
            found[update.optimizer] = update.loss.item()
            yield update

    model.updates = watched
    for step in range(STEPS):
        batch = batch_in_double(model, step)
        engine.step(batch, step)
        noise = Noise(3).bind_step(step, len(batch.captions))
        tokens = encode_captions(model.encoder.vocabulary, batch.captions, maximum=18, noise=noise)
        z, augmentation = noise.draw("z", (10,)), noise.draw("ca", (12,))
        expected = reference.step(batch.images, tokens.ids, tokens.lengths, batch.class_ids, z, augmentation)
        assert found == pytest.approx(expected, rel=1e-7), f"step {step}"
        assert set(found) == {"discriminator/16", "discriminator/32", "generator"}
    averaged = engine.ema.state()
    for (name, _), average in zip(reference.generator.named_parameters(), reference.average, strict=True):
        torch.testing.assert_close(averaged[f"generator/{name}"], average, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("kind", ["small", "inception"])
def test_the_teacher_has_the_image_encoders_codes_and_gradients(double, kind):
    encoder = (
        SmallImageEncoder(resolution=32, embedding=16, width=8)
        if kind == "small"
        else InceptionImageEncoder(embedding=16, resolution=75)
    )
    for module in encoder.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None  # the statistics of the batch that follows: new ones let features vanish
    with torch.no_grad():
        encoder.train()(torch.randn(2, 3, encoder.resolution, encoder.resolution))
    damsm = DAMSM(DAMSMParameters(), None, None, encoder.eval())
    found = []
    for network in (encoder, damsm.teacher()):
        images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1)).mul(2).sub(1).requires_grad_()
        regions, codes = network(images)
        score = regions.square().mean() + codes.square().mean()
        found.append([regions, codes, *torch.autograd.grad(score, [images])])
    for expected, ours in zip(*found, strict=True):
        torch.testing.assert_close(ours, expected, rtol=0, atol=1e-9 * expected.abs().max().item())
    teacher = damsm.teacher()
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in teacher.modules())
