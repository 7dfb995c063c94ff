"""Every registered model and encoder passes the conformance kit, with parameters small enough for seconds."""

import pytest

from t2ibench.core.registry import registry
from t2ibench.testing.check_model import checks_of
from t2ibench.testing.subject import Subject
from tests.stub_run import register

register()

DAMSM = {"trunk": "small", "resolution": 32, "width": 8, "embedding": 16, "word_embedding": 8, "batch_size": 4}
GAME = {"batch_size": 4, "base_resolution": 16, "branches": 2}
LINEAGE = {**GAME, "latent": 6, "condition": 6, "discriminator_features": 4, "residual_blocks": 1}
STACKED = {**LINEAGE, "generator_features": 16, "condition": 12}
del STACKED["branches"]
DRAW = {"batch_size": 4, "resolution": 16, "steps": 3, "patch": 4, "latent": 5, "language_features": 6}
DRAW |= {"alignment_features": 7, "encoder_features": 12, "decoder_features": 12}
VARIATIONAL = {"batch_size": 4, "resolution": 16, "latent": 5, "language_features": 6}
PYRAMID = {"batch_size": 4, "resolution": 16, "levels": 2, "first_features": 8, "first_discriminator_features": 8}
PYRAMID |= {"text_features": 4, "latent": 6, "generator_features": 4, "discriminator_features": 4}
REED = {"resolution": 16, "generator_features": 8, "discriminator_features": 4, "latent": 6, "batch_size": 4}
BOXED = {**REED, "resolution": 32, "remembered_boxes": 8}

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
    "aligndraw": (DRAW, {}),
    "aligndraw, uniform attention, grey, Adam": (
        {**DRAW, "attention": "uniform", "channels": 1, "optimizer": "adam", "window": "as-coded"},
        {},
    ),
    "sharpened_draw": ({"resolution": 16, "features": 4, "discriminator_features": 4, "batch_size": 4}, {}),
    "skipthoughtdraw": (DRAW, {"hashed_sentences": {"dimension": 32}}),
    "vae": ({**VARIATIONAL, "width": 12}, {}),
    "vae, standard prior, grey": ({**VARIATIONAL, "width": 12, "prior": "standard", "channels": 1}, {}),
    "conv_vae": ({**VARIATIONAL, "width": 12, "features": [4, 8]}, {}),
    "conv_vae, odd sides": ({**VARIATIONAL, "resolution": 15, "width": 12, "features": [4, 8], "kernel": 3}, {}),
    "lapgan": (PYRAMID, {"hashed_sentences": {"dimension": 32}}),
    "lapgan, averaged": ({**PYRAMID, "ema_decay": 0.9, "levels": 1}, {"hashed_sentences": {"dimension": 32}}),
    "lapgan, held back": (
        {**PYRAMID, "mismatch_weight": 1.0, "r1_weight": 1.0, "r1_every": 2},
        {"hashed_sentences": {"dimension": 32}},
    ),
    "stackgan_v1": (STACKED, {"damsm": DAMSM}),
    "stackgan_v1, one stage": ({**STACKED, "stages": 1}, {"damsm": DAMSM}),
    "stackgan_v1, char-CNN-RNN": ({**STACKED, "text": "char-cnn-rnn"}, {"char_cnn_rnn": {"dimension": 8}}),
    "dfgan": ({"resolution": 16, "features": 4, "latent": 6, "batch_size": 4}, {"damsm": DAMSM}),
    "dfgan, truncated": (
        {"resolution": 32, "features": 2, "latent": 6, "batch_size": 4, "truncation": 0.88, "ema_decay": 0.9},
        {"damsm": DAMSM},
    ),
    "gan_int_cls": (REED, {"damsm": DAMSM}),
    "gan_int_cls, plain GAN": (
        {**REED, "resolution": 32, "mismatch_weight": 0.0, "interpolation_weight": 0.0, "script": "cls"},
        {"damsm": DAMSM},
    ),
    "gan_int_cls, char-CNN-RNN": ({**REED, "text": "char-cnn-rnn"}, {"char_cnn_rnn": {"dimension": 8}}),
    "gawwn": (BOXED, {"damsm": DAMSM}),
    "gawwn, object": ({**BOXED, "images": "object", "r1_weight": 1.0, "ema_decay": 0.9}, {"damsm": DAMSM}),
    "gawwn, keypoints": (
        {**BOXED, "condition": "keypoints", "parts": ["left corner", "right corner", "hidden"]},
        {"damsm": DAMSM},
    ),
    "gawwn, char-CNN-RNN": ({**BOXED, "text": "char-cnn-rnn"}, {"char_cnn_rnn": {"dimension": 8}}),
    "ppgn": ({"iterations": 3}, {"damsm": DAMSM}),
    "ppgn, noise": ({"iterations": 3, "noise_weight": 0.1}, {"damsm": DAMSM}),
    "stackgan_v2": ({**LINEAGE, "generator_features": 8}, {"damsm": DAMSM}),
    "stackgan_v2, char-CNN-RNN": (
        {**LINEAGE, "generator_features": 8, "text": "char-cnn-rnn"},
        {"char_cnn_rnn": {"dimension": 8}},
    ),
}
WRAPPED = {"ppgn": ("attngan", {**LINEAGE, "generator_features": 4}), "sharpened_draw": ("aligndraw", DRAW)}
ENCODERS = {
    "stub-encoder": {},
    "damsm": DAMSM,
    "char_cnn_rnn": {"dimension": 8},
    "hashed_sentences": {"dimension": 32},
    "skip_thoughts": {},
    "cub_inception": {"network": "small", "resolution": 16, "width": 4, "classes": 60, "batch_size": 4},
}
TEST_ONLY = {"poisoned", "killed", "killed-stackgan"}


def test_every_registered_plugin_is_examined():
    assert set(registry("models")) - TEST_ONLY == {name.partition(",")[0] for name in MODELS}
    assert set(registry("encoders")) == set(ENCODERS)


def cases(kind, names):
    """Pairs of a name and a check that its plug-in must pass."""
    return [(name, check) for name in names for check in checks_of(registry(kind)[name.partition(",")[0]], kind[:-1])]


@pytest.mark.parametrize(("name", "check"), cases("models", MODELS))
def test_model(name, check, tmp_path):
    parameters, encoders = MODELS[name]
    plugin = name.partition(",")[0]
    subject = Subject(plugin, tmp_path, parameters, encoders, wraps=WRAPPED.get(plugin))
    checks_of(subject.plugin_class, "model")[check](subject)


@pytest.mark.parametrize(("name", "check"), cases("encoders", ENCODERS))
def test_encoder(name, check, tmp_path):
    subject = Subject(name, tmp_path, ENCODERS[name], kind="encoder")
    checks_of(subject.plugin_class, "encoder")[check](subject)
