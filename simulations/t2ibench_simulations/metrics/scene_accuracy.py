"""Of what captions of drawn scenes state (digits and positions, counts and relations), the share that images show."""

from __future__ import annotations

from t2ibench.metrics.named import ShareShown
from t2ibench_simulations.mnist_captions.statements import IN_PLACE, POSITIONS, SHOWN
from t2ibench_simulations.simscenes.statement_list import COUNTED, RELATED


class _SceneAccuracy(ShareShown):
    """What all share: a part of the statements, counted. `chance` is in %, shown in the column's head."""

    version = 1
    layer = "statements"
    title = "Scene"


class DigitAccuracy(_SceneAccuracy):
    """Share of the digits named by captions of mnist-captions that a classifier finds in the images, in %.

    Wherever they are, by default: a caption of two threes names two digits, and an image with one three shows one of
    them. The row of the ground truth is the classifier's ceiling.

    Chance: an image of another scene, drawn as the data set draws its own, shows 14.0 % of a caption's digits (0.2105
    of 1.5 a caption), and 2.1 % of them in their place (0.03125 of 1.5). Held-out captions favour the digits held out,
    so their own chance is a little off; the row of shuffled captions measures it.

    Args:
        in_place: count a digit only where it is at the place that the caption names.
    """

    name = "digit_accuracy"
    title = "Digits"

    def __init__(self, *, in_place: bool = False) -> None:
        self._columns = IN_PLACE if in_place else SHOWN
        self.chance = 100 * (0.03125 if in_place else 0.2105) / 1.5
        if in_place:
            self.title = "Digits in place"


class PositionAccuracy(_SceneAccuracy):
    """Share of images whose digits lie as their caption says, whichever digits they are, in %.

    For captions of mnist-captions. A classifier tells six layouts: side by side, one above the other, and a digit alone
    in one of four corners. The row of the ground truth is its ceiling.

    Chance: an image of another scene, drawn as the data set draws its own, lies so in 18.75 % (2/16 + 4/64, as half of
    the scenes have one digit); the same layout for every caption scores 25 % at best. Of held-out captions fewer speak
    of one digit; the row of shuffled captions measures their chance.
    """

    name = "position_accuracy"
    title = "Positions"
    chance = 18.75
    _columns = POSITIONS


class CountAccuracy(_SceneAccuracy):
    """Share of the numbers of objects stated by captions of simscenes that their images show, in %.

    "two red cars and a cat" states two: that there are two cars, of whatever colour, and one cat. Where there is none
    of a kind, its number is wrong. Judged by a classifier: the row of the ground truth is its ceiling, shuffled
    captions show what luck gets.
    """

    name = "count_accuracy"
    title = "Counts"
    _columns = COUNTED


class RelationAccuracy(_SceneAccuracy):
    """Share of the relations ("left of", "above", "on", "beside") stated by captions of simscenes that hold, in %.

    Both kinds must be there and lie as stated, whatever their colours and numbers; captions that state no relation do
    not count. Judged by where a network sees the kinds: the row of the ground truth is its ceiling, shuffled captions
    show what luck gets.
    """

    name = "relation_accuracy"
    title = "Relations"
    _columns = RELATED
