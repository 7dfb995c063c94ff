"""Sentence vectors: what hashed words are, and what a file of vectors must be."""

import hashlib

import numpy as np
import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import ReadsDataFiles
from t2ibench.core.types import Caption
from t2ibench.text.sentence_vectors import (
    HashedSentences,
    HashedSentencesParameters,
    SkipThoughts,
    SkipThoughtsParameters,
)

TEXTS = ["A red bird.", "a  red bird with wings", "blue"]


def captions(*texts):
    return [Caption(str(index), text) for index, text in enumerate(texts)]


def unit_halves(count, half=4, seed=0):
    rows = np.random.default_rng(seed).normal(size=(count, 2, half))
    return (rows / np.linalg.norm(rows, axis=2, keepdims=True)).reshape(count, 2 * half).astype(np.float32)


def encoder(folder, **changes):
    return SkipThoughts(SkipThoughtsParameters(**{"dimension": 8, **changes}), folder)


def test_a_word_lands_where_its_digest_says():
    found = HashedSentences(HashedSentencesParameters(dimension=20)).sentences(captions("bird"))[0]
    number = int.from_bytes(hashlib.blake2b(b"bird", digest_size=8).digest(), "little")
    expected = torch.zeros(20)
    expected[(number >> 1) % 10] = 1.0 if number & 1 else -1.0
    assert torch.equal(found, expected)  # one word has no pair: the other half stays 0


def test_halves_have_length_1_and_order_is_in_the_second_alone():
    made = HashedSentences(HashedSentencesParameters())
    one, other = made.sentences(captions("a red bird on a blue stone", "a blue bird on a red stone"))
    for half in (one[:2400], one[2400:]):
        assert float(half.norm()) == pytest.approx(1, abs=1e-6)
    assert torch.equal(one[:2400], other[:2400]) and not torch.equal(one[2400:], other[2400:])
    assert torch.equal(made.sentences(captions("A RED bird, on a blue stone!"))[0], one)


def test_vectors_of_a_file_belong_to_its_captions(tmp_path):
    vectors = unit_halves(3)
    np.savez(tmp_path / "skip-thoughts.npz", vectors=vectors, captions=np.array(TEXTS))
    found = encoder(tmp_path).sentences(captions("blue", " A red  bird. "))
    assert torch.equal(found, torch.from_numpy(vectors[[2, 0]]))
    np.save(tmp_path / "v.npy", vectors)
    (tmp_path / "v.txt").write_text("\n".join(TEXTS))
    assert torch.equal(encoder(None, file=str(tmp_path / "v.npy")).sentences(captions("blue", "A red bird.")), found)
    with pytest.raises(UserError, match=r"'a red bird\.', 'green'"):  # case is kept
        encoder(tmp_path).sentences(captions("blue", "a red bird.", "green"))


def test_a_changed_file_never_meets_its_model(tmp_path):
    assert isinstance(SkipThoughts, ReadsDataFiles)
    np.savez(tmp_path / "skip-thoughts.npz", vectors=unit_halves(3), captions=np.array(TEXTS))
    told = SkipThoughts.with_files(SkipThoughtsParameters(dimension=8), tmp_path)
    assert set(told.digests) == {"file"}
    np.savez(tmp_path / "skip-thoughts.npz", vectors=unit_halves(3, seed=1), captions=np.array(TEXTS))
    with pytest.raises(UserError, match="not the file that the model was trained with"):
        SkipThoughts(told, tmp_path).sentences(captions("blue"))
    with pytest.raises(UserError, match="whose digests were given"):
        SkipThoughts.with_files(told, tmp_path)


@pytest.mark.parametrize(
    ("vectors", "texts", "reason"),
    [
        (unit_halves(2), TEXTS, "2 x 8 of float32 for 3 captions; expected are 3 x 8"),
        (unit_halves(3, half=5), TEXTS, "expected are 3 x 8"),
        (unit_halves(3).astype(int), TEXTS, "int64"),
        (np.zeros((3, 10, 1024), np.float32), TEXTS, "char-CNN-RNN"),
        (np.full((3, 8), np.nan, np.float32), TEXTS, "not finite"),
        (unit_halves(3), ["blue", "red", "blue "], "two different vectors for the caption 'blue '"),
    ],
)
def test_a_file_of_another_form_is_a_sentence(tmp_path, vectors, texts, reason):
    np.savez(tmp_path / "skip-thoughts.npz", vectors=vectors, captions=np.array(texts))
    with pytest.raises(UserError, match=reason):
        encoder(tmp_path).sentences(captions("blue"))


def test_no_file_and_no_pickle(tmp_path):
    with pytest.raises(UserError, match=r"skip_thoughts\.file=PATH"):
        SkipThoughts.with_files(SkipThoughtsParameters(), tmp_path)
    np.savez(tmp_path / "skip-thoughts.npz", vectors=unit_halves(1), captions=np.array(["blue"], dtype=object))
    with pytest.raises(UserError, match="cannot be read"):
        encoder(tmp_path).sentences(captions("blue"))


def test_halves_of_another_length_are_warned_of_and_kept(tmp_path):
    vectors = unit_halves(3) * 2
    np.savez(tmp_path / "skip-thoughts.npz", vectors=vectors, captions=np.array(TEXTS))
    with pytest.warns(UserWarning, match="3 of 3 vectors"):
        found = encoder(tmp_path).sentences(captions("blue"))
    assert torch.equal(found[0], torch.from_numpy(vectors[2]))
