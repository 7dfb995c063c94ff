"""captions.pickle: the words in their order, a vocabulary built anew told from the released one, damage repaired."""

import pickle
from pathlib import Path

import pytest

from t2ibench.core.errors import UserError
from t2ibench.text.captions_pickle import read_captions_pickle

WORDS = ("<end>", "wing", "bird", *(f"w{number}" for number in range(40, 4, -1)), "red")
CAPTIONS = [[2, 1, 10], [13, 10], [3]]


def write(path: Path, words=WORDS, captions=CAPTIONS, table=None, protocol=2) -> Path:
    indices = {word: index for index, word in enumerate(words)} if table is None else table
    path.write_bytes(pickle.dumps([captions, [[1]], dict(enumerate(words)), indices], protocol))
    return path


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_the_words_are_read_in_order(tmp_path, protocol):
    found = read_captions_pickle(write(tmp_path / "captions.pickle", protocol=protocol))
    assert (found.words, found.order, found.repaired) == (WORDS, "", False)


def test_a_vocabulary_built_anew_gives_itself_away(tmp_path):
    path = tmp_path / "captions.pickle"
    assert read_captions_pickle(write(path, ("<end>", *sorted(WORDS[1:])))).order == "alphabetical"
    first_use = [[1, 2], [1, 3, 4], list(range(5, len(WORDS)))]
    assert read_captions_pickle(write(path, captions=first_use)).order == "first appearance"


@pytest.mark.parametrize("protocol", [0, 2])
def test_a_transfer_in_text_mode_is_undone_exactly(tmp_path, protocol):
    # Index 10 is a line feed in protocol 2, and 2573 is a carriage return with one behind it.
    words = (*WORDS, *(f"x{number}" for number in range(2600)))
    path = write(tmp_path / "captions.pickle", words, [*CAPTIONS, [2573, 10]], protocol=protocol)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    found = read_captions_pickle(path)
    assert found.repaired and found.words == words


def test_what_cannot_be_repaired_is_refused(tmp_path):
    path = write(tmp_path / "captions.pickle")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n")[:-30])
    with pytest.raises(UserError, match=r"captions\.pickle is truncated.*transfer it in binary mode"):
        read_captions_pickle(path)
    path = write(tmp_path / "captions.pickle")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(UserError, match=r"captions\.pickle is truncated"):
        read_captions_pickle(path)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"captions": [[len(WORDS)]]}, "its captions use the index 40, but its vocabulary has 40 words"),
        ({"table": {"wing": 2, "bird": 1}}, "contradict each other"),
        ({"words": ("<end>", "a", "a")}, "contradict each other"),
        ({"words": ("bird", "a")}, "not 0, 1, 2"),
        ({"captions": "text"}, "should hold"),
    ],
)
def test_contradictions_are_told(tmp_path, changes, expected):
    with pytest.raises(UserError, match=expected):
        read_captions_pickle(write(tmp_path / "captions.pickle", **changes))


def test_the_released_words_of_the_birds_are_not_taken_for_rebuilt():
    path = Path(__file__).resolve().parents[4] / "shared" / "data" / "cub-mini" / "birds" / "captions.pickle"
    if not path.is_file():
        pytest.skip("the real vocabulary of ../shared/data/cub-mini is not on this machine")
    found = read_captions_pickle(path)
    assert len(found.words) == 5450 and found.order == "" and not found.repaired
