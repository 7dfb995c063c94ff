import pytest

from t2ibench.text.object_words import NAMES, numbers_in


@pytest.mark.parametrize(
    ("caption", "labels"),
    [
        ("A man riding a wave on top of a surfboard.", {"person", "surfboard"}),
        ("Two dogs and three kittens lie on the couch", {"dog", "cat", "couch"}),
        ("a hot dog with ketchup on a dining table", {"hot dog", "dining table"}),
        ("a teddy bear sits on a bench", {"teddy bear", "bench"}),
        ("children at the bus stop", {"person"}),
        ("a baseball player swings a baseball bat", {"person", "baseball bat"}),
        ("an orange cat next to a bowl of oranges", {"cat", "bowl", "orange"}),
        ("knives, glasses of wine and two sandwiches", {"knife", "wine glass", "sandwich"}),
        ("carts and catalogues", set()),
        ("Buses pass a red fire hydrant near the STOP SIGN", {"bus", "fire hydrant", "stop sign"}),
        ("a slice of carrot cake on a plate", set()),
    ],
)
def test_labels_follow_the_rules_of_words(caption, labels):
    assert numbers_in(caption).keys() == labels


def test_there_are_coco_s_eighty_labels_and_each_names_itself():
    assert len(NAMES) == 80
    for label in NAMES:
        if label not in ("skis", "scissors", "orange"):
            assert label in numbers_in(f"there is a {label} here"), label


def test_no_name_belongs_to_two_labels():
    names = [name for names in NAMES.values() for name in names]
    assert len(names) == len(set(names))
