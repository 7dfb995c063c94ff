"""Pickles that make an unpickler allocate, hash or repeat far more than their size: refused before one sees them."""

import pickle
import random
import resource
import struct
import sys

import numpy as np
import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.reading.pickle_bounds import check_bounds
from t2ibench.core.reading.pickles import read_plain_pickle


def shared(levels):
    value = [1] * 10
    for _ in range(levels):
        value = [value, value]
    return pickle.dumps(value, 2)


def within_itself():
    value = []
    value.append(value)
    return pickle.dumps(value, 2)


BOMBS = {
    "a memo of 2 GB": (b"\x80\x02]r" + struct.pack("<I", 2**27) + b".", "numbers what it holds 134,217,728"),
    "a memo of 17 GB": (b"\x80\x02]r" + struct.pack("<I", 2**30) + b".", "numbers what it holds"),
    "a memo in text": (b"(lp134217728\n.", "numbers what it holds"),
    "a string": (b"\x80\x02X" + struct.pack("<I", 2**31 - 1) + b"a.", "declares 2,147,483,647 bytes where 2 are left"),
    "a bytearray": (b"\x80\x05\x96" + struct.pack("<Q", 2**36) + b"a.", "declares"),
    "a frame": (b"\x80\x04\x95" + struct.pack("<Q", 2**40) + b"N.", "declares"),
    "deep tuples": (b"\x80\x02N" + b"\x85" * 200_000 + b"Ns.", "more than 64 deep"),
    "deep lists": (b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".", "more than 64 deep"),
    "repeated lists": (shared(40), "far larger than the file"),
    "a list of one long list": (pickle.dumps([[0] * 10_000] * 10_000, 2), "far larger than the file"),
    "a list within itself": (within_itself(), "lies in a list"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_and_nothing_is_allocated(tmp_path, name):
    content, reason = BOMBS[name]
    path = tmp_path / "x.pickle"
    path.write_bytes(content)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UserError, match=reason):
        read_plain_pickle(path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * (1 if sys.platform == "darwin" else 1024) < 100e6


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_picklers_write_passes(protocol):
    name = "001.Black/x"
    for value in (
        [[[1, 2, 70_000, -3, 2**40]] * 3, {0: "<end>", 1: "a"}, {"a": 1.5, "b": None}, True],
        [name] * 50,
        {("a", 1): frozenset([1]), "set": {1, 2}, "bytes": b"\0" * 300, "more": bytearray(b"x")},
        [np.float32(1.5)] * 20,
        [np.zeros((3, 4)), np.arange(5, dtype=np.int32)],
        list(range(5000)),
        (),
    ):
        check_bounds(pickle.dumps(value, protocol))


def test_damaged_pickles_are_refused_or_read_and_never_anything_else(tmp_path):
    """Bytes of a sound pickle are changed, taken out and put in."""
    draw = random.Random(1)
    path = tmp_path / "x.pickle"
    sound = [pickle.dumps([["a", 1], {"b": (2.5, None)}, [3] * 9], protocol) for protocol in (0, 2, 4)]
    read = 0
    for trial in range(3000):
        content = bytearray(sound[trial % 3])
        for _ in range(draw.randint(1, 3)):
            place = draw.randrange(len(content))
            content[place : place + draw.randint(0, 2)] = draw.randbytes(draw.randint(0, 2))
        path.write_bytes(content)
        try:
            read_plain_pickle(path)
            read += 1
        except UserError as error:
            assert "x.pickle" in str(error)
    assert 0 < read < 3000
