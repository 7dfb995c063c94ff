"""Metadata pickles come from file-sharing links: plain data is read, anything else is refused and never run."""

import io
import os
import pickle
import pickletools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.reading.pickles import read_plain_pickle
from t2ibench.data.attngan_metadata import read_class_ids, read_file_names
from t2ibench.text.captions_pickle import read_captions_pickle

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner, inner),
    max_leaves=10,
)


@settings(deadline=None)
@given(value=PLAIN, protocol=st.sampled_from([0, 1, 2, 4, 5]))
def test_plain_data_is_read_as_pickle_reads_it(value, protocol, tmp_path_factory):
    path = tmp_path_factory.getbasetemp() / "plain.pickle"
    path.write_bytes(pickle.dumps(value, protocol))
    assert read_plain_pickle(path) == value


class Touch:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.system, (f"touch {self.path}",))


class Evaluate(Touch):
    def __reduce__(self):
        return (eval, (f"open({str(self.path)!r}, 'w')",))


class Opener(Touch):
    def __reduce__(self):
        return (io.open, (str(self.path), "w"))


@pytest.mark.parametrize("kind", [Touch, Evaluate, Opener])
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_would_run_code_is_refused_and_not_run(tmp_path, kind, protocol):
    target, path = tmp_path / "touched", tmp_path / "filenames.pickle"
    path.write_bytes(pickle.dumps([kind(target)], protocol))
    with pytest.raises(UserError, match=r"filenames\.pickle is refused.*Nothing of it was run"):
        read_file_names(path)
    assert not target.exists()


@pytest.mark.parametrize(
    "program",
    [
        b"cos\nsystem\n(S'touch x'\ntR.",
        b"(S'touch x'\nios\nsystem\n.",
        b"\x80\x02cbuiltins\ngetattr\n.",
        b"\x80\x02cnumpy\nndarray\n.",
        b"\x80\x02Pid\n.",
        b"\x80\x02\x82\x01.",
        b"\x80\x02cnumpy\ndtype\n(U\x02O8K\x00K\x01tR.",
        b"\x80\x02c_codecs\nencode\n(U\x01aU\x04zlibtR.",
    ],
)
def test_other_programs_are_refused_too(tmp_path, program, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "class_info.pickle"
    path.write_bytes(program)
    with pytest.raises(UserError, match=r"class_info\.pickle is"):
        read_class_ids(path)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("protocol", [0, 2])
def test_a_truncated_pickle_names_itself_and_the_next_step(tmp_path, protocol):
    path = tmp_path / "filenames.pickle"
    path.write_bytes(pickle.dumps(["001.A/a"] * 50 + ["b"], protocol)[:40])
    with pytest.raises(UserError, match=r"filenames\.pickle is truncated.*fetch it again"):
        read_file_names(path)
    path.write_bytes(b"")
    with pytest.raises(UserError, match="truncated"):
        read_file_names(path)


@pytest.mark.parametrize("kind", ["<i8", "<i4", ">i8", "<u2", "|u1", "<f4"])
def test_numpy_numbers_of_the_released_class_info_become_plain(tmp_path, kind):
    numbers = [np.dtype(kind).type(value) for value in (3, 200)]
    path = tmp_path / "class_info.pickle"
    path.write_bytes(pickle.dumps(numbers, 2).replace(b"numpy._core", b"numpy.core"))
    found = read_plain_pickle(path)
    assert found == [3, 200] and all(type(value) in (int, float) for value in found)


def test_python_2_wrote_them_as_strings(tmp_path):
    text = (
        b"(lp0\ncnumpy.core.multiarray\nscalar\np1\n(cnumpy\ndtype\np2\n(S'i8'\np3\nI0\nI1\ntp4\nRp5\n(I3\nS'<'\np6\n"
        b"NNNI-1\nI-1\nI0\ntp7\nbS'\\xc8\\x00\\x00\\x00\\x00\\x00\\x00\\x00'\np8\ntp9\nRp10\nag10\na."
    )
    path = tmp_path / "class_info.pickle"
    path.write_bytes(text)
    assert read_class_ids(path) == [200, 200]


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "", "a\\b"])
def test_names_cannot_leave_the_data_set(tmp_path, name):
    path = tmp_path / "filenames.pickle"
    path.write_bytes(pickle.dumps([name]))
    with pytest.raises(UserError, match="outside the data set"):
        read_file_names(path)


@pytest.mark.parametrize("value", [{"a": 1}, [1, 2], "abc", None])
def test_another_form_is_named(tmp_path, value):
    path = tmp_path / "filenames.pickle"
    path.write_bytes(pickle.dumps(value))
    with pytest.raises(UserError, match=r"filenames\.pickle should hold a list of image names"):
        read_file_names(path)


def test_vocabulary_of_a_captions_pickle(tmp_path):
    path = tmp_path / "captions.pickle"
    words = {0: "<end>", 1: "bird", 2: "red"}
    path.write_bytes(pickle.dumps([[[1]], [[2]], words, {word: index for index, word in words.items()}], 2))
    assert read_captions_pickle(path).words == ("<end>", "bird", "red")
    path.write_bytes(pickle.dumps([[[1]], [[2]], {0: "<end>", 2: "red"}, {}], 2))
    with pytest.raises(UserError, match="not 0, 1, 2"):
        read_captions_pickle(path)


def test_the_stand_ins_are_what_pickles_of_numpy_ask_for():
    asked = {op[1] for op in pickletools.genops(pickle.dumps(np.int64(1), 2)) if op[0].name == "GLOBAL"}
    assert asked <= {"numpy.core.multiarray scalar", "numpy._core.multiarray scalar", "numpy dtype", "_codecs encode"}


def python_2(array, protocol=2):
    """A pickle as numpy wrote it under Python 2: strings for bytes, numpy.core for numpy._core."""
    kind, order = array.dtype.str[1:], array.dtype.str[0]
    shape = b"(" + b"".join(b"K" + bytes([size]) for size in array.shape) + b"t"
    raw = array.tobytes()
    return (
        b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR(K\x01"
        + shape
        + b"cnumpy\ndtype\n(U\x02"
        + kind.encode()
        + b"K\x00K\x01tR(K\x03U\x01"
        + order.encode()
        + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89T"
        + len(raw).to_bytes(4, "little")
        + raw
        + b"tb"
    )


NUMBERS = np.arange(24, dtype=np.float32).reshape(2, 3, 4) - 7.5


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", ["<f4", ">f8", "<i8"])
def test_arrays_of_numbers_are_rebuilt_where_they_are_expected(tmp_path, protocol, order, kind):
    array = np.array(NUMBERS, dtype=kind, order=order)
    path = tmp_path / "codes.pickle"
    path.write_bytes(pickle.dumps([array, "a"], protocol))
    found = read_plain_pickle(path, arrays=True)
    np.testing.assert_array_equal(np.asarray(found[0]), array)
    assert np.asarray(found[0]).dtype == array.dtype and found[1] == "a"
    with pytest.raises(UserError, match="is refused"):
        read_plain_pickle(path)


def test_arrays_that_python_2_wrote(tmp_path):
    path = tmp_path / "codes.pickle"
    path.write_bytes(b"\x80\x02](" + python_2(NUMBERS) + python_2(NUMBERS + 1) + b"e.")
    assert pickle.loads(path.read_bytes(), encoding="latin1")[1].shape == (2, 3, 4)  # it is what numpy takes
    found = read_plain_pickle(path, arrays=True)
    np.testing.assert_array_equal(np.asarray(found[0]), NUMBERS)
    np.testing.assert_array_equal(np.asarray(found[1]), NUMBERS + 1)


@pytest.mark.parametrize(
    "array", [np.array([Touch("x")], dtype=object), np.array(["a"]), np.zeros(2, "f4,i4"), np.ma.zeros(2)]
)
def test_arrays_of_anything_else_are_refused(tmp_path, array):
    path = tmp_path / "codes.pickle"
    path.write_bytes(pickle.dumps(array, 2))
    with pytest.raises(UserError, match=r"codes\.pickle is"):
        read_plain_pickle(path, arrays=True)


def test_an_array_of_another_size_than_its_bytes_is_refused(tmp_path):
    path = tmp_path / "codes.pickle"
    path.write_bytes(b"\x80\x02" + python_2(NUMBERS).replace(b"K\x02K\x03K\x04t", b"K\x02K\x03K\x05t") + b".")
    with pytest.raises(UserError, match="shape and bytes disagree"):
        read_plain_pickle(path, arrays=True)
    whole = pickle.dumps(np.arange(3), 2)
    path.write_bytes(whole.replace(b"K\x03\x85", b"J\xff\xff\xff\xff\x85"))  # -1, "as many as there are"
    assert path.read_bytes() != whole
    with pytest.raises(UserError, match="shape and bytes disagree"):
        read_plain_pickle(path, arrays=True)


def test_a_pickle_cannot_change_our_stand_ins(tmp_path):
    path = tmp_path / "codes.pickle"
    # BUILD with a pair of states sets attributes of what lies below it: here of the stand-in for numpy.dtype.
    path.write_bytes(b"\x80\x02cnumpy\ndtype\n(N}U\x06numberK\x05stb.")
    read_plain_pickle(path, arrays=True)
    path.write_bytes(pickle.dumps(np.int64(3), 2))
    assert read_plain_pickle(path) == 3
