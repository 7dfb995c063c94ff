"""Every registered model and encoder passes the conformance kit, with parameters small enough for seconds."""

import pytest

from t2ibench.registry import registry
from t2ibench.testing.check_model import GENERATION, TRAINING
from t2ibench.testing.subject import Subject
from tests.stub_run import register

register()

DAMSM = {"trunk": "small", "resolution": 32, "width": 8, "embedding": 16, "word_embedding": 8, "batch_size": 4}
GAME = {"batch_size": 4, "base_side": 16, "branches": 2}
LINEAGE = {**GAME, "latent": 6, "condition": 6, "discriminator_features": 4, "residual_blocks": 1}

MODELS = {
    "stub": ({}, {"stub-encoder": {}}),
    "stub, two phases": ({"phases": 2}, {"stub-encoder": {}}),
    "attngan": ({**LINEAGE, "generator_features": 4}, {"damsm": DAMSM}),
    "attngan, three sides": (
        {**LINEAGE, "generator_features": 4, "branches": 3},
        {"damsm": DAMSM | {"resolution": 64}},
    ),
    "attngan, no attention": ({**LINEAGE, "generator_features": 4, "attention": False}, {"damsm": DAMSM}),
    "attngan, no damsm": ({**LINEAGE, "generator_features": 4, "damsm_weight": 0.0}, {"damsm": DAMSM}),
    "attngan, dcgan": ({**LINEAGE, "generator_features": 4, "dcgan": True}, {"damsm": DAMSM}),
    "dmgan": ({**LINEAGE, "generator_features": 4}, {"damsm": DAMSM}),
    "dmgan, three sides": ({**LINEAGE, "generator_features": 4, "branches": 3}, {"damsm": DAMSM | {"resolution": 64}}),
    "dmgan, no gates": (
        {**LINEAGE, "generator_features": 4, "writing_gate": False, "response_gate": False, "r1_weight": 1.0},
        {"damsm": DAMSM},
    ),
    "stackgan_v2": ({**LINEAGE, "generator_features": 8}, {"damsm": DAMSM}),
}
ENCODERS = {"stub-encoder": {}, "damsm": DAMSM}
TEST_ONLY = {"poisoned", "killed"}


def test_every_registered_plugin_is_examined():
    assert set(registry("models")) - TEST_ONLY == {name.partition(",")[0] for name in MODELS}
    assert set(registry("encoders")) == set(ENCODERS)


@pytest.mark.parametrize("check", [*GENERATION, *TRAINING])
@pytest.mark.parametrize("name", MODELS)
def test_model(name, check, tmp_path):
    parameters, encoders = MODELS[name]
    subject = Subject(name.partition(",")[0], tmp_path, parameters, encoders)
    {**GENERATION, **TRAINING}[check](subject)


@pytest.mark.parametrize("check", TRAINING)
@pytest.mark.parametrize("name", ENCODERS)
def test_encoder(name, check, tmp_path):
    TRAINING[check](Subject(name, tmp_path, ENCODERS[name], kind="encoder"))
