"""The captions that an evaluation asks images of, for those who make the images themselves."""

from __future__ import annotations

from typing import Unpack

from t2ibench.api.place import PlaceOptions, place_at
from t2ibench.core.types import Caption
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.request.request import protocol_for


def captions(
    data: str,
    samples: int | None = None,
    *,
    protocol: str | None = None,
    seed: int | None = None,
    **place: Unpack[PlaceOptions],
) -> tuple[Caption, ...]:
    """Return the captions of a table's images, in order; one image for each goes to `evaluate` with them.

    A caption that comes again asks for a second image of it. `.text` is the sentence, `.id` ties an image to it.

    Args:
        data: name of the data set.
        samples: how many; None as the protocol says, 0 for every caption once.
        protocol: of benchmarks.toml; None for the data set's own.
        seed: of the choice; None for the protocol's.
        place: see `PlaceOptions`.

    Raises:
        UserError: a name is unknown (near names are given), or the data set is not there.
    """
    at = place_at(**place)
    _, judged = protocol_for(data, at.benchmarks, protocol, seed)
    manifest = open_dataset(data, at.benchmarks, at.workspace, root=at.data_root)
    return tuple(item.caption for item in make_plan(manifest, judged, samples).items)
