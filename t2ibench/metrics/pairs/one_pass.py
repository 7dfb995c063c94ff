"""One pass over pairs of images for all metrics that read them: each inner product is computed once, none is kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar, cast

from t2ibench.core.interfaces import MetricInput
from t2ibench.metrics.checks import groups_of, reference_pair
from t2ibench.metrics.intervals import jackknife_parts
from t2ibench.metrics.pairs.neighbours import Nearest
from t2ibench.metrics.pairs.tiles import Points, Tile, tiles_across, tiles_within

if TYPE_CHECKING:
    import numpy as np
    import torch

Side = Literal["images", "reference"]


class PairReader:
    """What one metric gathers in a pass. Pairs within a side come first, then pairs across.

    Attributes:
        nearest: how many of its nearest others it wants to know of every point of a side.
        within: whether it reads tiles within the sides.
    """

    nearest: Mapping[Side, int] = {}
    within = False

    def read_within(self, side: Side, tile: Tile) -> None:
        """Take in pairs within a side."""

    def begin_across(self, images: Points, reference: Points, nearest: Mapping[Side, Nearest]) -> None:
        """Take in the nearest others of every point of the sides that `nearest` asked for."""

    def read_across(self, tile: Tile) -> None:
        """Take in pairs of an image and a reference image."""


Made = TypeVar("Made")
Reader = TypeVar("Reader", bound=PairReader)
Reads = TypeVar("Reads", bound=PairReader, covariant=True)


class PairMetric(Protocol[Reads]):
    """A metric of pairs. It may share its pass with others on the same features."""

    title: str
    layer: str
    minimum_n: int

    def reader(self, sizes: tuple[int, int], parts: list[np.ndarray], seed: int) -> Reads:
        """Return what gathers for this metric.

        Args:
            sizes: numbers of images and of reference images.
            parts: bool N each: which images the jackknife leaves out together.
            seed: of what is drawn.
        """
        ...


class PairPass:
    """A pass for several metrics on the same features, made when the first of them asks.

    Args:
        metrics: all that share it; others are left out.
    """

    def __init__(self, metrics: Sequence[object]) -> None:
        self._metrics = [cast("PairMetric[PairReader]", one) for one in metrics if hasattr(one, "reader")]
        self._readers: dict[int, PairReader] = {}
        self._of: tuple[object, ...] = ()
        self._made: dict[str, tuple[tuple[object, ...], object]] = {}

    def reader(self, metric: PairMetric[Reader], given: MetricInput) -> Reader:
        """Return the reader of one of the metrics after the pass.

        Raises:
            UserError: too few images on a side, features that are not finite or of different widths.
        """
        layer = metric.layer
        of = (given.features.get(layer), given.reference.get(layer), layer, given.seed)
        known = len(of) == len(self._of) and all(one is other for one, other in zip(of, self._of, strict=True))
        if not known or id(metric) not in self._readers:
            features, reference = reference_pair(metric.title, given, layer, metric.minimum_n)
            sizes = len(features), len(reference)
            parts = jackknife_parts(groups_of(given, sizes[0]), given.seed)
            sharing = [one for one in self._metrics if one.layer == layer and one.minimum_n <= min(sizes)]
            self._readers = {id(one): one.reader(sizes, parts, given.seed) for one in sharing}
            read_pairs(features, reference, list(self._readers.values()), device=given.device)
            self._of = of
        return cast("Reader", self._readers[id(metric)])

    def once(self, key: str, of: tuple[object, ...], make: Callable[[], Made]) -> Made:
        """Return what `make` makes, made when it is first asked for on the very arrays `of`."""
        held = self._made.get(key)
        if held is None or not all(one is other for one, other in zip(held[0], of, strict=True)):
            held = self._made[key] = (of, make())
        return cast("Made", held[1])

    def serves(self, metric: object) -> bool:
        """Return whether `metric` is one of those that share this pass."""
        return any(one is metric for one in self._metrics)


def after_the_pass(metric: PairMetric[Reader], given: MetricInput) -> Reader:
    """Return the metric's reader after the pass that it shares, or one of its own. Errors as `PairPass.reader`."""
    shared = given.pairs
    return (shared if shared is not None and shared.serves(metric) else PairPass([metric])).reader(metric, given)


def read_pairs(
    features: np.ndarray, reference: np.ndarray, readers: Sequence[PairReader], *, device: str | torch.device = "cpu"
) -> None:
    """Give all pairs of float N x d and M x d to `readers`, a tile at a time; what nobody reads is not computed."""
    import torch

    origin = torch.from_numpy(reference.mean(axis=0, dtype="float64")).to(device)
    images, others = Points.of(features, origin), Points.of(reference, origin)
    nearest: dict[Side, Nearest] = {}
    sides: tuple[tuple[Side, Points], ...] = (("images", images), ("reference", others))
    for side, points in sides:
        wanted = max((one.nearest.get(side, 0) for one in readers), default=0)
        inside = [one for one in readers if one.within]
        if wanted:
            nearest[side] = Nearest(points, wanted)
        for tile in tiles_within(points) if wanted or inside else ():
            if wanted:
                nearest[side].read(tile)
            for reader in inside:
                reader.read_within(side, tile)
    for reader in readers:
        reader.begin_across(images, others, nearest)
    for tile in tiles_across(images, others):
        for reader in readers:
            reader.read_across(tile)
