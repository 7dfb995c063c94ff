"""Sentence codes from StackGAN's files: every form they come in, and a sentence for everything that can be wrong."""

import os
import pickle

import numpy as np
import pytest
from safetensors.numpy import save_file

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import BuildContext, ReadsDataFiles, Trainable
from t2ibench.core.types import Caption
from t2ibench.text.char_cnn_rnn import CharCNNRNN, CharCNNRNNParameters
from tests.unit.data.test_pickles import python_2

NAMES = {"train": ["001.Wren/Wren_1", "001.Wren/Wren_2", "002.Jay/Jay_1"], "test": ["003.Owl/Owl_1"]}
CODES = {
    split: np.random.default_rng(len(names)).normal(size=(len(names), 2, 4)).astype(np.float32)
    for split, names in NAMES.items()
}
STEM = "char-CNN-RNN-embeddings"


def as_python_2_wrote_it(array):
    return b"\x80\x02](" + b"".join(map(python_2, array)) + b"e."


FORMS = {
    "a list of Python 2": ("pickle", as_python_2_wrote_it),
    "an array of Python 2": ("pickle", lambda array: b"\x80\x02" + python_2(array) + b"."),
    "a list of today": ("pickle", lambda array: pickle.dumps(list(array))),
    "an array": ("pickle", lambda array: pickle.dumps(array, 2)),
    "lists of numbers": ("pickle", lambda array: pickle.dumps(array.tolist(), 2)),
    "a list of lists of arrays' rows": ("pickle", lambda array: pickle.dumps([one.tolist() for one in array], 0)),
}


def write(place, forms=FORMS["a list of Python 2"], codes=CODES):
    ending, form = forms
    for split, names in NAMES.items():
        folder = place / split
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "filenames.pickle").write_bytes(b"(lp0\n" + b"".join(b"S'%s'\na" % n.encode() for n in names) + b".")
        (folder / f"{STEM}.{ending}").write_bytes(form(codes[split]))


def encoder(root, **parameters):
    return CharCNNRNN.build(CharCNNRNNParameters(dimension=4, **parameters), BuildContext("train", data_root=root))


def caption(image="001.Wren/Wren_2", index=1, split="train"):
    return Caption(f"cub/{split}/{image}#{index}", "this bird is brown", image, index)


@pytest.mark.parametrize("place", [".", "birds", "data/birds", "data"])
@pytest.mark.parametrize("form", FORMS)
def test_codes_are_those_of_the_files(tmp_path, form, place):
    write(tmp_path / place, FORMS[form])
    asked = [caption(), caption("003.Owl/Owl_1", 0, "test"), caption("002.Jay/Jay_1", 0)]
    found = encoder(tmp_path).sentences(asked)
    np.testing.assert_array_equal(found, np.stack([CODES["train"][1, 1], CODES["test"][0, 0], CODES["train"][2, 0]]))
    assert found.dtype.is_floating_point and found.shape == (3, 4)


def test_conversions_are_taken_too(tmp_path):
    write(tmp_path)
    for split in NAMES:
        (tmp_path / split / f"{STEM}.pickle").unlink()
    np.savez(tmp_path / "train" / f"{STEM}.npz", codes=CODES["train"])
    save_file({"codes": CODES["test"]}, tmp_path / "test" / f"{STEM}.safetensors")
    found = encoder(tmp_path).sentences([caption(), caption("003.Owl/Owl_1", 1, "test")])
    np.testing.assert_array_equal(found, np.stack([CODES["train"][1, 1], CODES["test"][0, 1]]))
    np.savez(tmp_path / "train" / f"{STEM}.npz", codes=np.array([object()]))
    with pytest.raises(UserError, match="damaged or not what its name says"):
        encoder(tmp_path).sentences([caption()])


def test_there_is_nothing_to_learn_and_nothing_to_keep(tmp_path):
    write(tmp_path)
    made = encoder(tmp_path)
    assert made.exported() == {} and made.dimension == 4 and not isinstance(made, Trainable)
    assert isinstance(CharCNNRNN, ReadsDataFiles)
    assert made.sentences([]).shape == (0, 4)


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (Caption("user/1", "a red bird"), "'a red bird' cannot be read.*codes from files.*text = \"damsm\""),
        (caption("009.Tit/Tit_1"), r"009.Tit/Tit_1 has no char-CNN-RNN code: .*filenames.pickle"),
        (caption(index=2), "has 2 char-CNN-RNN codes, so its caption number 3.*captions_per_image"),
    ],
)
def test_captions_without_a_code_are_told(tmp_path, asked, sentence):
    write(tmp_path)
    with pytest.raises(UserError, match=sentence):
        encoder(tmp_path).sentences([caption(), asked])


def test_missing_files_name_themselves_and_where_to_put_them(tmp_path):
    with pytest.raises(UserError, match=rf"train/{STEM}.pickle is missing: .*StackGAN's data.*under {tmp_path}"):
        encoder(tmp_path).sentences([caption()])
    write(tmp_path / "birds")
    (tmp_path / "birds" / "test" / f"{STEM}.pickle").unlink()
    with pytest.raises(UserError, match=rf"birds/test/{STEM}.pickle is missing"):
        CharCNNRNN.with_files(CharCNNRNNParameters(), tmp_path)
    with pytest.raises(UserError, match="no data set is open here"):
        encoder(None).sentences([caption()])


TEST = CODES["test"]
BAD = {
    "another size": (
        {"train": CODES["train"][..., :3], "test": CODES["test"]},
        "3 x 2 x 3 numbers where .* x 4 finite",
    ),
    "other images": (
        {"train": CODES["train"][:2], "test": CODES["test"]},
        "2 images for the 3 of filenames.pickle",
    ),
    "flat": ({"train": CODES["train"][:, 0], "test": TEST}, "3 x 4 numbers"),
    "not finite": ({"train": CODES["train"] * np.inf, "test": TEST}, "finite"),
}


@pytest.mark.parametrize("fault", BAD)
def test_codes_of_another_form_are_told(tmp_path, fault):
    codes, sentence = BAD[fault]
    write(tmp_path, FORMS["an array"], codes)
    with pytest.raises(UserError, match=sentence):
        encoder(tmp_path).sentences([caption()])


@pytest.mark.parametrize("content", [[[1, 2], [3]], {"a": 1}, "text", [[["a"]]], [np.zeros((2, 4)), np.zeros((1, 4))]])
def test_content_that_is_no_array_is_told(tmp_path, content):
    write(tmp_path)
    (tmp_path / "train" / f"{STEM}.pickle").write_bytes(pickle.dumps(content, 2))
    with pytest.raises(UserError, match=rf"{STEM}\.pickle"):
        encoder(tmp_path).sentences([caption()])


class Hostile:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (os.system, (f"touch {self.target}",))


def test_a_hostile_pickle_is_refused_and_runs_nothing(tmp_path):
    write(tmp_path)
    target = tmp_path / "touched"
    for file in (f"{STEM}.pickle", "filenames.pickle"):
        write(tmp_path)
        (tmp_path / "train" / file).write_bytes(pickle.dumps([CODES["train"][0], Hostile(target)], 2))
        with pytest.raises(UserError, match=r"is refused.*[Nn]othing of it was run"):
            encoder(tmp_path).sentences([caption()])
    assert not target.exists()


def test_a_changed_file_or_order_is_not_that_of_the_model(tmp_path):
    write(tmp_path)
    parameters = CharCNNRNN.with_files(CharCNNRNNParameters(dimension=4), tmp_path)
    assert set(parameters.digests) == {"train", "test"} and parameters.digests["train"] != parameters.digests["test"]
    assert CharCNNRNN.with_files(parameters, tmp_path) == parameters
    encoder(tmp_path, digests=parameters.digests).sentences([caption()])
    for change in ("codes", "order"):
        write(tmp_path, codes=CODES if change == "order" else {**CODES, "train": CODES["train"] + 1})
        if change == "order":
            names = [*NAMES["train"][1:], NAMES["train"][0]]
            (tmp_path / "train" / "filenames.pickle").write_bytes(pickle.dumps(names, 2))
        with pytest.raises(UserError, match="is not the file that the model was trained with"):
            encoder(tmp_path, digests=parameters.digests).sentences([caption()])
        with pytest.raises(UserError, match="are not those whose digests were given"):
            CharCNNRNN.with_files(parameters, tmp_path)
        # the other split's file is as it was, and is read
        encoder(tmp_path, digests=parameters.digests).sentences([caption("003.Owl/Owl_1", 0, "test")])
