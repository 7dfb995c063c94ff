from __future__ import annotations

import pytest

from t2ibench.core.errors import UserError
from t2ibench.core.noise import Noise
from t2ibench.core.types import Caption
from t2ibench.text.tokens import encode_captions
from t2ibench.text.vocabulary import END, UNKNOWN, Vocabulary

LONG = "a small red bird with a black head and a short yellow beak sits on a green branch of a tree"


def test_words_are_sorted_and_begin_with_the_padding() -> None:
    vocabulary = Vocabulary.from_captions(["The red bird", "a bird"])
    assert vocabulary.words == (END, "a", "bird", "red", "the")
    assert len(vocabulary) == 5
    assert vocabulary.encode("a RED bird") == [1, 3, 2]
    assert vocabulary.decode([1, 3, 0]) == ("a", "red")


def test_a_learned_vocabulary_reads_what_it_does_not_know() -> None:
    vocabulary = Vocabulary.learned(["the red bird", "a red bird", "a blue jay"])
    assert vocabulary.words == (END, UNKNOWN, "a", "bird", "red")
    assert vocabulary.encode("a purple bird") == [2, 1, 3]
    assert vocabulary.encode("the blue jay") == [1, 1, 1]  # which is how the encoder learns to read it
    assert vocabulary.encode("<unk> bird", maximum=1) == [1]
    assert vocabulary.decode([2, 1, 0]) == ("a", UNKNOWN)
    with pytest.raises(UserError, match="holds no words"):
        vocabulary.encode("...")
    assert UNKNOWN not in Vocabulary.from_captions(["the red bird"]).words
    assert Vocabulary.learned(["a bird"], minimum=1).words == (END, UNKNOWN, "a", "bird")


def test_order_matters_to_the_digest() -> None:
    one = Vocabulary.from_words([END, "a", "b"])
    assert one.digest == Vocabulary.from_words((END, "a", "b")).digest
    assert one.digest != Vocabulary.from_words([END, "b", "a"]).digest


@pytest.mark.parametrize(
    ("words", "message"),
    [([], "empty"), (["a", END], "begins with 'a'"), ([END, "a", "b", "a"], "'a' twice")],
)
def test_bad_lists_of_words(words: list[str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Vocabulary.from_words(words)


def test_unknown_words_are_dropped() -> None:
    vocabulary = Vocabulary.from_captions(["a bird"])
    assert vocabulary.encode("a purple bird") == vocabulary.encode("a bird")


@pytest.mark.parametrize("text", ["", "...", "purple dragons"])
def test_a_caption_without_a_known_word_is_named(text: str) -> None:
    with pytest.raises(UserError) as error:
        Vocabulary.from_captions(["a bird"]).encode(text)
    assert repr(text) in str(error.value)
    assert all(repr(word) in str(error.value) for word in text.split() if word.isalpha())


def test_the_padding_word_cannot_be_written() -> None:
    assert Vocabulary.from_words([END, "end", "a"]).encode("<end> a") == [1, 2]


def test_thinning_keeps_order_and_follows_the_noise() -> None:
    vocabulary = Vocabulary.from_captions([LONG])
    captions = [Caption("long", LONG), Caption("short", "a red bird")]
    noise = Noise(3)
    batch = encode_captions(vocabulary, captions, maximum=6, noise=noise.bind([("long", 0), ("short", 0)]))
    assert batch.lengths.tolist() == [6, 3]
    assert batch.ids.shape == (2, 6)
    assert batch.ids[1, 3:].tolist() == [0, 0, 0]
    positions = iter(LONG.split())
    assert all(word in positions for word in batch.words[0])  # a subsequence
    alone = encode_captions(vocabulary, captions[:1], maximum=6, noise=noise.bind([("long", 0)]))
    assert alone.words[0] == batch.words[0]
    drawn = {
        encode_captions(vocabulary, captions[:1], maximum=6, noise=Noise(seed).bind([("long", 0)])).words[0]
        for seed in range(8)
    }
    assert len(drawn) > 4


def test_without_noise_the_first_words_stay_and_without_maximum_all() -> None:
    vocabulary = Vocabulary.from_captions([LONG])
    assert encode_captions(vocabulary, [Caption("x", LONG)], maximum=3).words == (("a", "small", "red"),)
    assert encode_captions(vocabulary, [Caption("x", LONG)]).words == (tuple(LONG.split()),)
