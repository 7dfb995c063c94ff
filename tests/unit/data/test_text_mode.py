"""Metadata pickles that went through a transfer in text mode: a carriage return before every line feed."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.reading.pickles import open_plain_pickle
from t2ibench.data.attngan_metadata import read_class_ids, read_file_names
from t2ibench.text.captions_pickle import read_captions_pickle

NAMES = [f"{number:03}.Bird/Bird_{number:04}" for number in range(1, 40)]


def damaged(content):
    return content.replace(b"\n", b"\r\n")


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_names_and_classes_are_repaired(tmp_path, protocol):
    names, classes = tmp_path / "filenames.pickle", tmp_path / "class_info.pickle"
    names.write_bytes(damaged(pickle.dumps(NAMES, protocol)))
    classes.write_bytes(damaged(pickle.dumps([np.int64(number) for number in range(40)], protocol)))
    assert read_file_names(names) == NAMES
    assert read_class_ids(classes) == list(range(40))


def test_a_vocabulary_is_repaired_and_says_so(tmp_path):
    words = dict(enumerate(["<end>", *(f"word{number}" for number in range(2600))]))
    content = [[[10, 13, 266]], [[2573]], words, {word: index for index, word in words.items()}]
    path = tmp_path / "captions.pickle"
    path.write_bytes(pickle.dumps(content, 2))
    assert not open_plain_pickle(path).repaired
    path.write_bytes(damaged(pickle.dumps(content, 2)))
    assert open_plain_pickle(path).repaired and open_plain_pickle(path).value == content
    assert read_captions_pickle(path).words == tuple(words.values())


@given(
    numbers=st.lists(st.sampled_from([10, 13, 2573, 3338, 266, 1]), max_size=20),
    protocol=st.sampled_from([0, 1, 2, 4]),
)
def test_sound_pickles_are_never_repaired(numbers, protocol, tmp_path_factory):
    """13 and 10 are the bytes of a carriage return and a line feed, 2573 is the pair."""
    path = tmp_path_factory.getbasetemp() / "sound.pickle"
    path.write_bytes(pickle.dumps(numbers, protocol))
    found = open_plain_pickle(path)
    assert found.value == numbers and not found.repaired


def test_what_cannot_be_repaired_is_a_sentence(tmp_path):
    path = tmp_path / "captions.pickle"
    sound = pickle.dumps([[list(range(300))], [[10, 13]], {0: "<end>"}, {}], 2)
    path.write_bytes(sound.replace(b"\r", b""))  # a transfer the other way loses bytes for good
    with pytest.raises(UserError, match=r"captions\.pickle is truncated or is no pickle of plain data"):
        read_captions_pickle(path)
    path.write_bytes(damaged(sound)[:300])
    with pytest.raises(UserError, match=r"Its line ends were changed on the way: transfer it in binary mode"):
        read_captions_pickle(path)


@pytest.mark.parametrize("protocol", [0, 2])
def test_a_damaged_hostile_pickle_is_still_refused(tmp_path, protocol, monkeypatch):
    monkeypatch.chdir(tmp_path)

    class Touch:
        def __reduce__(self):
            return (__import__("os").system, ("touch touched",))

    path = tmp_path / "filenames.pickle"
    path.write_bytes(damaged(pickle.dumps([Touch()], protocol)))
    with pytest.raises(UserError, match=r"filenames\.pickle is refused.*Nothing of it was run"):
        read_file_names(path)
    assert not (tmp_path / "touched").exists()
