"""R-precision with the bookkeeping of DM-GAN's code: ties are hits, ten groups, their mean and deviation."""

from __future__ import annotations

from typing import Literal

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import MetricInput
from t2ibench.core.types import Estimate
from t2ibench.metrics.alignment.r_precision import RPrecision
from t2ibench.metrics.checks import groups_of
from t2ibench.metrics.intervals import keyed_order, percent_interval


class OfficialRPrecision(RPrecision):
    """R-precision as DM-GAN counts it; which captions are ranked is the protocol's (`negatives_rule = "fresh"`).

    Source: DM-GAN's trainer (the only code released for the figures of AttnGAN's and DM-GAN's tables). Its own caption
    stands first among the hundred and argmax takes the first of equals, so a tie is a hit: `ties = "own"`. Hits are
    shuffled (there without a seed, here by the protocol's) and cut into ten groups, of which the mean and the
    population deviation are printed. `drop_last_of_group` repeats a slip of that code: each group's slice ends one
    image early, so 2,999 of 3,000 count. With n not divisible by ten, where that code prints nothing or drops the
    rest, groups differ by one and the value is the mean over images.
    """

    name = "r_precision_official"
    version = 1

    def __init__(
        self, *, groups: int = 10, ties: Literal["own", "shared"] = "own", drop_last_of_group: bool = False
    ) -> None:
        super().__init__(folds=groups)
        if ties not in ("own", "shared"):
            raise UserError(f'R-precision knows ties "own" (a hit) and "shared" (a share of one); found {ties!r}.')
        self.ties = ties
        self.drop_last_of_group = drop_last_of_group
        self.minimum_n = max(10, groups * (2 if drop_last_of_group else 1))

    def image_values(self, given: MetricInput) -> np.ndarray:
        """Return float64 N: 100 where no caption is nearer than an image's own, else 0; errors as RPrecision."""
        values = super().image_values(given)
        return 100.0 * (values > 0) if self.ties == "own" else values

    def estimate(self, given: MetricInput) -> Estimate:
        """Return the share of hits, an interval clustered by image, and the groups' population deviation.

        Raises:
            UserError: too few images, no caption codes or negatives, or codes that are not finite.
        """
        values = self.image_values(given)
        groups = np.array_split(keyed_order(len(values), given.seed, "official groups"), self.folds)
        if self.drop_last_of_group:
            groups = [group[:-1] for group in groups]
        counted = np.sort(np.concatenate(groups))
        interval = percent_interval(values[counted] / 100, groups_of(given, len(values))[counted])
        name = f"population std over {self.folds} groups" + (", the last of each left out" * self.drop_last_of_group)
        return Estimate(
            value=float(values[counted].mean()),
            interval=interval,
            n=len(counted),
            spread={name: float(np.std([values[group].mean() for group in groups]))},
        )
