"""What lies behind a row's numbers, kept beside the records for reports: a JSON file a row and plan, and strips of PNG.

A file holds the values of caption-linked measures caption by caption, hits by thing named, the captions that the row
shows worst and best, what a captioner reads in its images, what its model shows while it draws, and how its training
went. All of it follows from what the
records name; a row that lacks a part lacks its key.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of, read_json, write_bytes, write_json
from t2ibench.core.interfaces import MetricInput, PerImage
from t2ibench.core.types import Origin, PlanItem
from t2ibench.evaluation.details.training_story import curves_of, samples_of
from t2ibench.evaluation.external.statistics_source import StatisticsSource
from t2ibench.evaluation.images.plan import training_images
from t2ibench.evaluation.images.sources import ModelSource, Source, ground_truth
from t2ibench.evaluation.images.strips import png_bytes, strip_of
from t2ibench.evaluation.measuring.measure import Column, source_record
from t2ibench.features.language.caption_back import LAYER, sentences_of
from t2ibench.metrics.memorisation.nearest import nearest_two, training_and

if TYPE_CHECKING:
    import torch
    from PIL.Image import Image

    from t2ibench.evaluation.measuring.table import Table

SCHEMA: Final = 2
INSIDE: Final = 2
"""Version of the inner life that is kept; files of an older one get theirs anew. 2: boxes, and untrained samplers."""
EXTREMES: Final = 8
"""How many of the captions shown worst, and of those shown best, have their images kept."""
SEEN_INSIDE: Final = 2
"""Captions whose making is shown."""
PAIRED: Final = 6
"""Captions shown on which either of two rows is ahead by most."""
NEAREST: Final = 8
"""Images kept that lie nearest to training images: copies are seen, not argued."""
READ_BACK: Final = 6
"""Captions of which it is kept what a captioner reads in their images."""
_SIDE: Final = 128
_FIRST: Final = ("attribute_accuracy", "scene_accuracy", "soa_i", "clip_score", "r_precision")
"""Measures that say which captions are shown worst, the most trusted first."""


def keep_details(table: Table, sources: Sequence[Source]) -> None:
    """Write the details of rows that were just evaluated; what is there is not made again.

    Rows that cannot have any (statistics of others) have none; a part that cannot be had is left out.
    """
    for source in sources:
        name = table.row_digest(source)[:24]
        path = table.results.details / f"{name}.json"
        if isinstance(source, StatisticsSource):
            continue
        if path.is_file():
            _renew_inside(table, source, name, path)
            continue
        columns = [column for column in table.columns if _by_caption(column)]
        content: dict[str, Any] = {
            "schema": SCHEMA,
            "captions": captions_file(table),
            **values_of(table, source, columns),
        }
        if source_record(source).origin is not Origin.CONTROL:
            with suppress(UserError):  # an image of a folder that cannot be read any more
                content |= _extremes(table, source, columns, content["values"], name)
                content |= _nearest(table, source, name)
                content |= _read_back(table, source, name)
            if isinstance(source, ModelSource):
                content |= {"inside_version": INSIDE, **_inside(table, source, name)}
                # A sampler over another model was not trained itself.
                content |= _training(table, source) if source.steps != 0 else {}
        write_json(path, content)


def keep_pair(table: Table, first: Source, second: Source) -> None:
    """Write the details of both rows, and the captions on which either is ahead by most, with images of both.

    Nothing is written for rows without a measure by caption, or whose images depend on their batch. What is there is
    not made again.
    """
    keep_details(table, (first, second))
    names = (table.row_digest(first)[:24], table.row_digest(second)[:24])
    folder = table.results.details
    name = f"pair-{digest_of(list(names))[:24]}"
    if (folder / f"{name}.json").is_file() or first.together is not None or second.together is not None:
        return
    values = [_values(folder / f"{stem}.json") for stem in names]
    shared = {digest: values[0][digest] for digest in values[0] if digest in values[1]}
    column = leading(table.columns, first, shared)
    if column is None:
        return
    digest, sign = column.record.digest, 1 if column.record.higher_is_better else -1
    gains = [sign * (one - other) for one, other in zip(values[0][digest], values[1][digest], strict=True)]
    ahead = furthest(gains, PAIRED)
    behind = furthest([-gain for gain in gains], PAIRED)
    items = [table.plan.items[place] for place in (*ahead, *behind)]
    if not items:
        return
    real = ground_truth(table.manifest, table.plan, table.protocol.resolution)
    tiles = [image for source in (real, first, second) for image in strip_of_items(source, items, table.plan.seed)]
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "first": names[0],
        "second": names[1],
        "metric": digest,
        "ahead": ahead,
        "behind": behind,
        "image": _kept(table, f"{name}.png", tiles),
    }
    write_json(folder / f"{name}.json", content)


def furthest(gains: Sequence[float], count: int) -> list[int]:
    """Return the places of the largest gains above 0, the largest first; of equal ones the first."""
    order = sorted((place for place, gain in enumerate(gains) if gain > 0), key=lambda place: (-gains[place], place))
    return order[:count]


def _values(path: Path) -> dict[str, list[float]]:
    try:
        found: dict[str, list[float]] = json.loads(path.read_text(encoding="utf-8"))["values"]
    except (OSError, ValueError, KeyError):
        return {}
    return found


def captions_file(table: Table) -> str:
    """Write the captions of a table's plan, in its order, and return the file's name."""
    name = f"captions-{table.plan.digest[:24]}.json"
    if not (table.results.details / name).is_file():
        write_json(table.results.details / name, {"captions": [item.caption.text for item in table.plan.items]})
    return name


def values_of(table: Table, source: Source, columns: Sequence[Column]) -> dict[str, Any]:
    """Return {"values": metric digest -> a value a caption, "parts": metric digest -> [name, named, shown] lists}.

    Where a measure counts what captions state, a caption's value is the share of its own statements in %, 100 where it
    states nothing; their mean is not the row's figure, in which longer captions weigh more.
    """
    values: dict[str, list[float]] = {}
    parts: dict[str, list[list[Any]]] = {}
    usable = [column for column in columns if source.caption_linked and not column.extractor.fault]
    if source.plan_of(table.plan).digest != table.plan.digest:
        usable = []  # a folder with captions of its own choice
    try:
        inputs = table.inputs(source, usable) if usable else {}
    except UserError:
        inputs = {}
    for column in usable:
        given = inputs.get(column.name)
        if not isinstance(given, MetricInput) or not isinstance(column.metric, PerImage):
            continue
        try:
            values[column.record.digest] = _by_image(column.metric, given)
            if found := _parts(column, given):
                parts[column.record.digest] = found
        except UserError:
            continue  # its record says why
    return {"values": values, "parts": parts}


def leading(columns: Sequence[Column], source: Source, values: dict[str, list[float]]) -> Column | None:
    """Return the column that says which captions are shown worst: one whose judge the model has not seen, if any."""

    def rank(column: Column) -> tuple[bool, int]:
        identity = column.extractor.identity
        seen = identity is not None and identity.weights in source.card.trained_with
        name = column.metric.name
        return (seen, _FIRST.index(name) if name in _FIRST else len(_FIRST))

    return min((one for one in columns if one.record.digest in values), key=rank, default=None)


def strip_of_items(source: Source, items: Sequence[PlanItem], seed: int) -> list[Image]:
    """Return a source's images of some items of a plan, at most 128 pixels wide."""
    return _shown(source.pixels_of(items, seed))


def _shown(pixels: torch.Tensor) -> list[Image]:
    from t2ibench.training.tracking.sample_images import to_image

    images = [to_image(one) for one in pixels]
    return [image.resize((_SIDE, _SIDE)) if image.width > _SIDE else image for image in images]


def _kept(table: Table, name: str, tiles: Sequence[Image]) -> str:
    """Return the name of the PNG that the tiles were written to, side by side."""
    write_bytes(table.results.details / name, png_bytes(strip_of(tiles)))
    return name


def _by_caption(column: Column) -> bool:
    return column.metric.caption_linked and isinstance(column.metric, PerImage) and not column.extractor.reads_model


def _by_image(metric: PerImage, given: MetricInput) -> list[float]:
    hits = getattr(metric, "hits_by_image", None)
    if hits is None:
        return [float(one) for one in metric.image_values(given)]
    named, shown = hits(given)
    return [100 * int(one) / int(of) if of else 100.0 for of, one in zip(named, shown, strict=True)]


def _parts(column: Column, given: MetricInput) -> list[list[Any]]:
    """Return [name, times named, times shown] by the judge's own names of what captions speak of; [] without any."""
    hits = getattr(column.metric, "hits_by_thing", None)
    if hits is None:
        return []
    names: Sequence[str] = getattr(column.extractor.opened(), "subjects", ())
    named, shown = hits(given)
    if len(named) != len(names):
        return []
    counts: dict[str, list[int]] = {}
    for name, one, other in zip(names, named, shown, strict=True):
        count = counts.setdefault(name, [0, 0])
        count[0] += int(one)
        count[1] += int(other)
    return [[name, *count] for name, count in counts.items() if count[0]]


def _extremes(
    table: Table, source: Source, columns: Sequence[Column], values: dict[str, list[float]], name: str
) -> dict[str, Any]:
    """Return the captions shown worst and best, and keep their images beside the real ones."""
    column = leading(columns, source, values)
    # Images that depend on their batch would be others when they are made again by themselves.
    if column is None or source.together is not None:
        return {}
    scores = values[column.record.digest]
    sign = 1 if column.record.higher_is_better else -1
    order = sorted(range(len(scores)), key=lambda place: (sign * scores[place], place))
    worst = order[:EXTREMES]
    best = sorted(order[-EXTREMES:], key=lambda place: (-sign * scores[place], place))
    items = [table.plan.items[place] for place in (*worst, *best)]
    real = ground_truth(table.manifest, table.plan, table.protocol.resolution)
    tiles = strip_of_items(source, items, table.plan.seed) + strip_of_items(real, items, table.plan.seed)
    image = _kept(table, f"{name}-extremes.png", tiles)
    return {"extremes": {"metric": column.record.digest, "worst": worst, "best": best, "image": image}}


def _nearest(table: Table, source: Source, name: str) -> dict[str, Any]:
    """Return the images that lie nearest to training images, and keep them beside those; nothing where nobody asked.

    Said are the metric whose features were compared, the places of the images in the plan, nearest first, the training
    images' ids, and the distance to each over the mean of the row.
    """
    from t2ibench.data.images import RealImages

    column = next((one for one in table.columns if getattr(one.metric, "needs_training", False)), None)
    ids = training_images(table.manifest, table.protocol)
    # Images that depend on their batch, or on a folder's own choice, would be others when they are asked for again.
    fixed = source.together is None and source.plan_of(table.plan).digest == table.plan.digest
    if column is None or column.extractor.fault or not ids or not fixed:
        return {}
    given = table.inputs(source, [column])[column.name]
    if not isinstance(given, MetricInput):
        return {}
    try:
        features, training = training_and(column.metric, given)
    except UserError:  # its record says why
        return {}
    index, first, _ = nearest_two(features, training)
    places = first.argsort(kind="stable")[:NEAREST].tolist()
    usual = float(first.mean()) or 1.0
    near = [ids[int(index[place])] for place in places]
    tiles = strip_of_items(source, [table.plan.items[place] for place in places], table.plan.seed)
    tiles += _shown(RealImages(table.manifest).load(near, table.protocol.resolution))
    return {
        "nearest": {
            "metric": column.record.digest,
            "places": places,
            "training": near,
            "shares": [float(first[place]) / usual for place in places],
            "image": _kept(table, f"{name}-nearest.png", tiles),
        }
    }


def _read_back(table: Table, source: Source, name: str) -> dict[str, Any]:
    """Return the sentences read back from the images of the first captions and from the real ones, and keep these."""
    column = next((one for one in table.columns if one.metric.layer == LAYER and not one.extractor.fault), None)
    if column is None or source.together is not None or not source.caption_linked:
        return {}
    items = source.plan_of(table.plan).items[:READ_BACK]
    captioner = column.extractor.opened()
    said, tiles = [], []
    for one in (source, ground_truth(table.manifest, table.plan, table.protocol.resolution)):
        said.append(sentences_of(captioner.extract(one.pixels_of(items, table.plan.seed))[LAYER].numpy()))
        tiles += strip_of_items(one, items, table.plan.seed)
    image = _kept(table, f"{name}-read-back.png", tiles)
    rows = [list(row) for row in zip([item.caption.text for item in items], *said, strict=True)]
    return {"read_back": {"by": captioner.identity.captions, "rows": rows, "image": image}}


def _inside(table: Table, source: ModelSource, name: str) -> dict[str, Any]:
    """Return what a model shows while it draws the first captions; nothing of one that shows nothing."""
    if source.together is not None:
        return {}
    from t2ibench.sampling.inner_life import views_of  # imports torch

    seen: list[dict[str, Any]] = []
    tiles: list[Image] = []
    items = table.plan.items[:SEEN_INSIDE]
    images, trace = source.inside(items, table.plan.seed)
    for index, item in enumerate(items):
        views, found = views_of(images, trace, index)
        seen += [{"caption": item.caption.text, "views": views}] if views else []
        tiles += found if views else []
    if not seen:
        return {}
    image = _kept(table, f"{name}-inside.png", tiles) if tiles else ""
    return {"inside": {"seen": seen, "image": image, "tiles": len(tiles)}}


def _renew_inside(table: Table, source: Source, name: str, path: Path) -> None:
    """Bring a row's inner life up to date where an older version kept it, or nothing of a model that has one."""
    if not isinstance(source, ModelSource) or source_record(source).origin is Origin.CONTROL:
        return
    content = read_json(path, what="what lies behind a row's numbers")
    if content.get("schema") == SCHEMA and content.get("inside_version", 1) < INSIDE:
        write_json(path, {**content, "inside_version": INSIDE, **_inside(table, source, name)})


def _training(table: Table, source: ModelSource) -> dict[str, Any]:
    """Return curves and samples of the run that a model was exported from; nothing for imported and shipped ones."""
    folder = source.folder.path
    if folder.parent.name != "model" or source.steps is None:
        return {}
    run: Path = folder.parent.parent
    found: dict[str, Any] = {}
    if curves := curves_of(run, source.steps):
        found["curves"] = curves
    if (samples := samples_of(run, source.steps)) is not None:
        described, strip = samples
        image = f"training-{source.identity[:24]}.png"
        write_bytes(table.results.details / image, png_bytes(strip))
        found["samples"] = {**described, "image": image}
    return {"training": found} if found else {}
