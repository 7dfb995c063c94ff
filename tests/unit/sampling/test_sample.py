"""Images of typed sentences, and their layout."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext
from t2ibench.core.place import Place
from t2ibench.core.types import AttentionMap
from t2ibench.models.folder import read_model_folder
from t2ibench.sampling.montage import attention_tiles
from t2ibench.sampling.sample import (
    check_output,
    draw_sheet,
    require_known_words,
    unread_words,
    user_captions,
)
from t2ibench.text.vocabulary import Vocabulary
from t2ibench.training.request import TrainRequest
from t2ibench.training.train import ensure_trained
from t2ibench_baselines.aligndraw import AlignDRAW
from t2ibench_baselines.aligndraw.parameters import AlignDRAWParameters
from tests.unit.conftest import COMPUTE


@pytest.fixture(scope="module")
def folder(place):
    workspace, benchmarks = place
    request = TrainRequest.of("stub", dataset="squares", steps=2)
    return read_model_folder(
        ensure_trained(request, Place(benchmarks, workspace, device="cpu", threads=1), compute=COMPUTE)
    )


def drawn(folder, *texts, **rest):
    options = {"samples": 1, "seed": 0, "attention": False, "device": "cpu", **rest}
    return np.asarray(Image.open(io.BytesIO(draw_sheet(folder, texts, **options))))


def test_a_sheet_is_a_function_of_text_and_seed(folder):
    one = drawn(folder, "a red square")
    assert np.array_equal(one, drawn(folder, "  a red   square "))
    assert not np.array_equal(one, drawn(folder, "a red square", seed=1))
    both = drawn(folder, "a red square", "a blue square")
    assert np.array_equal(both[: len(one) - 12, : one.shape[1]], one[:-12])  # the other caption changes nothing


def test_samples_stand_side_by_side_and_attention_adds_maps(folder):
    one = drawn(folder, "a red square")
    assert drawn(folder, "a red square", samples=4).shape[1] > one.shape[1]
    assert drawn(folder, "a red square", attention=True, samples=2).shape[0] > 3 * one.shape[0]


def test_the_place_most_looked_at_is_the_brightest():
    weights = torch.zeros(1, 2, 4, 4)
    weights[0, 0, 1, 2], weights[0, 1] = 0.8, 0.25
    tiles = attention_tiles(torch.zeros(3, 16, 16), AttentionMap(16, (("red", "bird"),), weights), 0)
    assert [tile.label for tile in tiles] == ["red  0-80%", "bird  25-25%"]
    bright = np.asarray(tiles[0].image).sum(axis=2)
    row, column = np.unravel_index(bright.argmax(), bright.shape)
    resolution = bright.shape[0] // 4
    assert (row // resolution, column // resolution) == (1, 2)
    assert np.ptp(np.asarray(tiles[1].image).sum(axis=2)) == 0  # looked at evenly: evenly dark


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_an_empty_caption(text):
    with pytest.raises(UserError, match="empty"):
        user_captions(["a bird", text])


def test_unknown_words_only(folder):
    with pytest.raises(UserError, match="no word that the text encoder knows"):
        drawn(folder, "zebra")


def test_a_word_for_unknown_ones_does_not_make_a_caption_known():
    parameters = AlignDRAWParameters(resolution=12, steps=2, patch=4, latent=5)
    words = ("<end>", "<unk>", "digit", "the")
    model = AlignDRAW.build(parameters, BuildContext("generate", words))
    require_known_words(model, user_captions(["the zebra", "digit"]))
    with pytest.raises(UserError, match=r"no word that the text encoder knows \(it holds 'qwerty', 'zxcv'\)"):
        require_known_words(model, user_captions(["the digit", "qwerty zxcv"]))


def test_outputs_are_checked_first(tmp_path):
    (tmp_path / "file").write_text("")
    for path, sentence in (
        (tmp_path, "is a folder"),
        (tmp_path / "x.jpg", "does not end in .png"),
        (tmp_path / "file" / "x.png", "Cannot write"),
    ):
        with pytest.raises(UserError, match=sentence):
            check_output(path)
    check_output(tmp_path / "new" / "x.png")


def test_words_that_were_not_read_are_said(folder, capsys, monkeypatch):
    drawn(folder, "a red square")
    assert "did not read" not in capsys.readouterr().err
    vocabulary = Vocabulary(("<end>", "a", "red", "square"))
    model = type("Reader", (), {"vocabulary": vocabulary, "encoder": None})()
    captions = user_captions(["a red zebra, square", "a квадрат and a zebra", "a red-square !"])
    assert unread_words(model, captions) == ("zebra", "квадрат", "and")
    reader = type("Reader", (), {"encoder": model})()
    assert unread_words(reader, captions) == ("zebra", "квадрат", "and")
    assert unread_words(type("Free", (), {})(), captions) == ()
    monkeypatch.setattr("t2ibench.sampling.sample.unread_words", lambda model, captions: ("zebra", "квадрат", "and"))
    drawn(folder, "a red square")
    assert "did not read: 'zebra', 'квадрат', 'and'." in capsys.readouterr().err
