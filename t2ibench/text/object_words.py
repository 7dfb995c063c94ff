"""Which of COCO's 80 objects a caption names, by rules on its words.

The rules are ours, after the idea of Hinz et al., Semantic Object Accuracy, 2020, appendix: a label has names, and some
expressions that hold a name mean something else ("hot dog" is no dog, a "teddy bear" no bear). Plurals are understood.
"""

from __future__ import annotations

import re
from typing import Final

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "person": ("person", "people", "man", "men", "woman", "women", "boy", "girl", "child", "children", "kid",
        "baby", "lady", "guy", "player", "baseball player", "football player", "skier", "surfer", "skateboarder",
        "snowboarder", "rider", "adult", "toddler"),
    "bicycle": ("bicycle", "bike"), "car": ("car", "sedan", "suv", "taxi", "automobile"),
    "motorcycle": ("motorcycle", "motorbike", "scooter", "moped"),
    "airplane": ("airplane", "plane", "jet", "aeroplane", "aircraft", "jetliner"), "bus": ("bus", "double decker"),
    "train": ("train", "locomotive"), "truck": ("truck", "fire truck", "lorry", "pickup"),
    "boat": ("boat", "ship", "canoe", "kayak", "sailboat", "ferry", "yacht"),
    "traffic light": ("traffic light", "stop light", "stoplight", "traffic signal"),
    "fire hydrant": ("fire hydrant", "hydrant"), "stop sign": ("stop sign",), "parking meter": ("parking meter",),
    "bench": ("bench",),
    "bird": ("bird", "seagull", "gull", "duck", "goose", "geese", "pigeon", "parrot", "owl", "eagle", "swan",
        "pelican"),
    "cat": ("cat", "kitten", "kitty"), "dog": ("dog", "puppy"), "horse": ("horse", "pony", "foal"),
    "sheep": ("sheep", "lamb", "ram"), "cow": ("cow", "cattle", "calf", "calves", "bull", "ox", "oxen"),
    "elephant": ("elephant",), "bear": ("bear", "polar bear", "grizzly"), "zebra": ("zebra",),
    "giraffe": ("giraffe",), "backpack": ("backpack", "rucksack"), "umbrella": ("umbrella", "parasol"),
    "handbag": ("handbag", "purse"), "tie": ("tie", "necktie"), "suitcase": ("suitcase", "luggage"),
    "frisbee": ("frisbee",), "skis": ("ski", "skis"), "snowboard": ("snowboard",),
    "sports ball": ("ball", "baseball", "soccer ball", "tennis ball", "football", "basketball"), "kite": ("kite",),
    "baseball bat": ("baseball bat", "bat"), "baseball glove": ("baseball glove", "mitt"),
    "skateboard": ("skateboard",), "surfboard": ("surfboard", "surf board"),
    "tennis racket": ("tennis racket", "racket", "racquet"), "bottle": ("bottle",),
    "wine glass": ("wine glass", "wineglass", "glass of wine", "glasses of wine"), "cup": ("cup", "mug"),
    "fork": ("fork",), "knife": ("knife", "knives"), "spoon": ("spoon",), "bowl": ("bowl",), "banana": ("banana",),
    "apple": ("apple",), "sandwich": ("sandwich", "burger", "hamburger"),
    "orange": ("oranges", "orange slice", "mandarin", "tangerine", "clementine"), "broccoli": ("broccoli",),
    "carrot": ("carrot",), "hot dog": ("hot dog", "hotdog"), "pizza": ("pizza",), "donut": ("donut", "doughnut"),
    "cake": ("cake", "cupcake"), "chair": ("chair", "armchair", "stool"), "couch": ("couch", "sofa"),
    "potted plant": ("potted plant", "houseplant", "plant in a pot", "flower pot"), "bed": ("bed",),
    "dining table": ("dining table", "table", "desk"), "toilet": ("toilet",), "tv": ("tv", "television", "monitor"),
    "laptop": ("laptop",), "mouse": ("computer mouse", "mouse", "mice"),
    "remote": ("remote", "remote control", "wii remote", "controller"), "keyboard": ("keyboard",),
    "cell phone": ("cell phone", "cellphone", "phone", "smartphone"), "microwave": ("microwave",),
    "oven": ("oven", "stove"), "toaster": ("toaster",), "sink": ("sink",), "refrigerator": ("refrigerator", "fridge"),
    "book": ("book",), "clock": ("clock",), "vase": ("vase",), "scissors": ("scissors",),
    "teddy bear": ("teddy bear", "teddy", "stuffed bear"), "hair drier": ("hair drier", "hair dryer", "blow dryer"),
    "toothbrush": ("toothbrush", "tooth brush"),
}  # fmt: skip
"""COCO's label -> its names in captions, singular or with an irregular plural. The order is COCO's."""

OTHER_MEANINGS: Final = (
    "toy car", "train car", "cable car", "street car", "bike rack", "bike path", "bike lane", "train track",
    "train tracks", "train station", "toy train", "toy truck", "truck bed", "bus stop", "bus station", "bird house",
    "bird cage", "bird feeder", "cat food", "dog food", "dog house", "horse drawn", "zebra crossing", "ski lift",
    "ski slope", "ski slopes", "ski pole", "ski poles", "ski resort", "baseball game", "baseball field",
    "baseball uniform", "baseball cap", "football field", "tie dye", "cup holder", "cup cake", "carrot cake",
    "apple computer", "pizza box", "pizza oven", "chair lift", "flower bed", "bed spread", "table cloth",
    "toilet paper", "mouse pad", "book shelf", "book case", "pay phone", "phone booth", "bear costume",
)  # fmt: skip
"""Expressions with a name in them that mean something else. Colours are no fruit: "orange" alone names nothing."""

NUMBERS: Final = {"a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6}
"""Word -> how many it says."""

OPEN: Final = 0.5
"""What stands for "some" in the place of a number: above 0, and below any number that a caption states."""


def numbers_in(caption: str) -> dict[str, float]:
    """Return label, of COCO's 80, that a caption names -> how many of it; `OPEN` where it does not say.

    The longest name wins: "a hot dog on a dining table" names a hot dog and a dining table, and no dog. A number word
    counts at most two words before the name ("two small dogs"); where a label is named twice, the larger number.
    """
    text = f" {' '.join(re.findall(r'[a-z]+', caption.lower()))} "
    found: dict[str, float] = {}
    for expression in _EXPRESSIONS:
        while f" {expression} " in text:
            before, _, after = text.partition(f" {expression} ")
            if expression in _LABELS:
                near = [NUMBERS[word] for word in before.split()[-3:] if word in NUMBERS]
                label = _LABELS[expression]
                found[label] = max(found.get(label, OPEN), near[-1] if near else OPEN)
            text = f"{before} - {after}"
    return found


def _plural(name: str) -> str:
    if name.endswith(("s", "sh", "ch", "x")):
        return f"{name}es"
    return f"{name[:-1]}ies" if name.endswith("y") and name[-2] not in "aeiou" else f"{name}s"


_LABELS: Final = {
    form: label for label, names in NAMES.items() for name in names for form in dict.fromkeys((name, _plural(name)))
}
_EXPRESSIONS: Final = sorted({*_LABELS, *OTHER_MEANINGS}, key=lambda expression: (-len(expression), expression))
