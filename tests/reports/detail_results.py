"""Details of two rows as an evaluation and a comparison leave them beside the records: captions, images, a run."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

from PIL import Image

from t2ibench.core.files import digest_of, write_bytes, write_text
from t2ibench.core.records import ResultRecord, Results
from tests.reports.sample_results import FID, R, record, source, write_sample

CAPTIONS = tuple(f"a bird number {place} with <b>{place % 3}</b> wings" for place in range(12))
FIRST = tuple(100.0 if place < 7 else 0.0 for place in range(12))
SECOND = tuple(100.0 if place >= 4 else 0.0 for place in range(12))
STEMS = ("first", "second")
ROWS = tuple(
    source(name, title=title, identity=digest_of(name), steps=600)
    for name, title in (("attngan", "AttnGAN"), ("dmgan", "DM-GAN"))
)
EXTREMES = {"worst": [7, 8], "best": [0, 1]}


def detail_records() -> list[ResultRecord]:
    found = []
    for row, stem, values in zip(ROWS, STEMS, (FIRST, SECOND), strict=True):
        found.append(record(row, R, sum(values) / len(values), 9, n=12, images=f"{stem}.png"))
        found.append(record(row, FID, 30.0, 2, n=12, images=f"{stem}.png"))
    return found


def content_of(stem: str, scores: tuple[float, ...], **changes: Any) -> dict[str, Any]:
    """Return a row's details file."""
    views = [
        {"title": "Stages", "labels": ["16 px", "64 px"]},
        {"title": "Writing gate for 64 px, by word", "bars": [["red", 0.25], ["bird", 1.0]]},
    ]
    return {
        "schema": 2,
        "captions": "captions-plan.json",
        "values": {R.digest: list(scores)},
        "parts": {R.digest: [["wing", 10, 9], ["<i>tail</i>", 4, 1]]},
        "extremes": {"metric": R.digest, **EXTREMES, "image": f"{stem}-extremes.png"},
        "nearest": {
            "metric": FID.digest,
            "places": [3, 5],
            "training": ["a", "b"],
            "shares": [0.1, 0.9],
            "image": f"{stem}-nearest.png",
        },
        "inside": {"seen": [{"caption": CAPTIONS[0], "views": views}], "image": f"{stem}-inside.png", "tiles": 2},
        "training": {
            "curves": {"generator/loss": [[10, 3.0], [20, 2.5]], "discriminator/64/loss": [[10, 1.0], [20, 0.9]]},
            "samples": {"steps": [10, 20], "captions": ["one", "two"], "image": f"{stem}-samples.png"},
        },
        **changes,
    }


def write_details(folder: Path, **changes: Any) -> Results:
    """Write records, their sample images and their details to a results folder; `changes` go to the first row's."""
    results = write_sample(folder, detail_records())
    details = results.details
    write_text(details / "captions-plan.json", json.dumps({"captions": CAPTIONS}))
    for stem, values in zip(STEMS, (FIRST, SECOND), strict=True):
        content = content_of(stem, values, **(changes if stem == "first" else {}))
        write_text(details / f"{stem}.json", json.dumps(content))
        for name, count in (("extremes", 8), ("nearest", 4), ("inside", 2), ("samples", 4)):
            write_bytes(details / f"{stem}-{name}.png", colours(count))
    pair = {"schema": 2, "first": "first", "second": "second", "metric": R.digest, "ahead": [0, 1], "behind": [8]}
    name = f"pair-{digest_of(list(STEMS))[:24]}"
    write_text(details / f"{name}.json", json.dumps({**pair, "image": f"{name}.png"}))
    write_bytes(details / f"{name}.png", colours(9))
    return results


def colours(count: int, side: int = 16) -> bytes:
    """Return a PNG strip of plain images, the place of each in its red."""
    strip = Image.new("RGB", (side * count, side))
    for place in range(count):
        strip.paste((10 * place, 90, 90), (place * side, 0, (place + 1) * side, side))
    buffer = io.BytesIO()
    strip.save(buffer, "PNG")
    return buffer.getvalue()
