"""One sentence, several models: without gradio, which is an extra."""

import sys

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.types import Trace
from t2ibench.models.folder import read_model_folder
from t2ibench.sampling.demo import Painter, drawing_models, faults_of, require_gradio, shown
from t2ibench.sampling.sample import user_captions
from t2ibench.training.request import TrainRequest
from t2ibench.training.tracking.sample_images import to_pixels
from t2ibench.training.train import ensure_trained
from tests.unit.conftest import COMPUTE

CAPTION = "a red square"


@pytest.fixture(scope="module")
def folder(place):
    workspace, benchmarks = place
    request = TrainRequest.of("stub", dataset="squares", steps=2)
    return read_model_folder(
        ensure_trained(request, Place(benchmarks, workspace, device="cpu", threads=1), compute=COMPUTE)
    )


@pytest.fixture(scope="module")
def painter(folder):
    return Painter({"stub": folder, "again": folder}, torch.device("cpu"))


def test_trained_models_can_be_chosen(place, folder):
    workspace, benchmarks = place
    found = drawing_models(workspace, benchmarks)
    assert found["stub"].identity == folder.identity


def test_a_image_is_the_models_own_for_that_noise(painter, folder):
    from t2ibench.core.noise import Noise
    from t2ibench.models.folder import load_model

    (one,) = painter.images_for(CAPTION, ["stub"], 3)
    (caption,) = user_captions([CAPTION])
    device = torch.device("cpu")
    made = load_model(folder, device).model.generate([caption], Noise(3).bind([(caption.id, 0)], device), trace=Trace())
    small = np.asarray(one.image)[::8, ::8]  # 16 pixels are shown as 128
    assert np.array_equal(small, to_pixels(made)[0].permute(1, 2, 0).numpy())
    assert one.inside is not None and not one.fault


def test_the_same_asking_gives_the_same_images_and_another_seed_others(painter):
    first, twin = painter.images_for(CAPTION, ["stub", "again"], 0)
    assert [first.label, twin.label] == ["stub", "again"]
    assert np.array_equal(first.image, twin.image)
    assert not np.array_equal(first.image, painter.images_for(CAPTION, ["stub"], 1)[0].image)


def test_mistakes_are_sentences(painter):
    for caption, models, sentence in (("", ["stub"], "empty"), (CAPTION, [], "Choose"), (CAPTION, ["stup"], "stub")):
        with pytest.raises(UserError, match=sentence):
            painter.images_for(caption, models, 0)


def test_a_model_that_cannot_draw_it_does_not_stop_the_others(folder, monkeypatch):
    def load(of, device):
        raise UserError("its weights are damaged")

    monkeypatch.setattr("t2ibench.sampling.demo.load_model", load)
    broken = Painter({"stub": folder}, torch.device("cpu"))
    drawn = broken.images_for(CAPTION, ["stub"], 0)
    assert faults_of(drawn) == "- stub: its weights are damaged"
    assert shown(drawn) == ([], [])


def test_without_gradio_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    with pytest.raises(UserError, match=r"t2ibench\[demo\]"):
        require_gradio()
