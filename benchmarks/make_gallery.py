"""Make docs/gallery.md: of every system that comes with the package images, numbers and training time.

    python benchmarks/make_gallery.py --workspace workspace

Evaluates what is shipped under each data set's own protocol (what the workspace knows is not measured again) and writes
docs/gallery.md, and an image a row to docs/images/gallery/, which it empties first.
"""

from __future__ import annotations

import argparse
import io
import json
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from PIL import Image

from t2ibench.core.files import write_bytes, write_text
from t2ibench.core.place import Place
from t2ibench.core.records import ResultRecord
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.request.request import EvaluateRequest
from t2ibench.models.shipped import shipped_models

DOCS = Path(__file__).resolve().parents[1] / "docs"
IMAGES = DOCS / "images" / "gallery"
LIMIT = 60_000
"""Bytes of an image file."""
SHOWN = 8
"""Captions."""
SIDE = 128
"""Images are enlarged to this side, without smoothing, so that their pixels can be seen."""
FIRST = ("ground-truth", "shuffled-captions", "noise")
LEAD = """# Gallery

Every system that comes with the package, on the captions that its data set's protocol asks first: not chosen by anyone,
the same captions for all rows of a table, the same noise for all models. Networks of ours judge; compare rows of one
table, nothing else. Made, and made again, by `python benchmarks/make_gallery.py`.

"""


def rows_of(records: Iterable[ResultRecord]) -> list[list[ResultRecord]]:
    """Return the records of each row with sample images: real images first, then models by name."""
    kept = [
        one for one in records if one.images and (one.source.origin is not Origin.CONTROL or one.source.name in FIRST)
    ]
    order = {name: place for place, name in enumerate(FIRST)}

    def place(record: ResultRecord) -> tuple[int, str]:
        name = record.source.name
        return (0 if name == FIRST[0] else 2 + order[name] if name in order else 1, name)

    return [list(found) for _, found in groupby(sorted(kept, key=place), key=place)]


def figure(record: ResultRecord) -> str:
    """Return a value with its interval; a dash where there is none."""
    if record.value is None:
        return "-"
    ends = record.interval
    said = "" if ends is None else f" \\[{ends.low:.1f}, {ends.high:.1f}\\]"
    return f"{record.value:.1f}{said}{'†' if record.judge_seen_in_training else ''}"


def time_of(record: ResultRecord) -> str:
    """Return how long a model was trained."""
    if record.source.origin is Origin.CONTROL:
        return "-"
    steps = "" if record.source.steps is None else f"{record.source.steps:,} steps"
    seconds = record.source.training_seconds
    return ", ".join(filter(None, (steps, "time not recorded" if seconds is None else f"{seconds / 60:.0f} min")))


def table(rows: Sequence[Sequence[ResultRecord]]) -> str:
    """Return the numbers of all rows as Markdown."""
    columns = list({one.metric.digest: one.metric for row in rows for one in row}.values())
    heads = [
        f"{one.title}{f' ({one.unit})' if one.unit else ''} {'↑' if one.higher_is_better else '↓'}" for one in columns
    ]
    lines = [f"| | {' | '.join(heads)} | training |", f"|:--|{'--:|' * len(heads)}--:|"]
    for row in rows:
        found = {one.metric.digest: figure(one) for one in row}
        cells = " | ".join(found.get(one.digest, "-") for one in columns)
        lines.append(f"| {title_of(row[0])} | {cells} | {time_of(row[0])} |")
    return "\n".join(lines)


def title_of(record: ResultRecord) -> str:
    """Return a row's title with its variant."""
    source = record.source
    return f"{source.title} ({source.variant})" if source.variant else source.title


def picture(strip: Path, target: Path, count: int) -> None:
    """Write the first images of a strip side by side, as WebP of at most LIMIT bytes.

    Raises:
        ValueError: they do not fit.
    """
    with Image.open(strip, formats=("PNG",)) as opened:
        side = opened.height
        shown = opened.convert("RGB").crop((0, 0, side * min(count, SHOWN), side))
    factor = max(1, SIDE // side)
    shown = shown.resize((shown.width * factor, shown.height * factor), Image.Resampling.NEAREST)
    for quality in (90, 80, 65, 50):
        buffer = io.BytesIO()
        shown.save(buffer, "WEBP", quality=quality, method=6)
        if buffer.tell() <= LIMIT:
            write_bytes(target, buffer.getvalue())
            return
    raise ValueError(f"{target.name} has {buffer.tell()} bytes at the lowest quality; at most {LIMIT} are kept.")


def section(dataset: str, records: Sequence[ResultRecord], images: Path) -> str:
    """Return a data set's part of the page and write its images."""
    rows = rows_of(records)
    names = [json.loads((images / f"{Path(row[0].images).stem}.json").read_text())["captions"] for row in rows]
    captions = names[0][:SHOWN]
    protocol = records[0].plan.protocol
    asked = f"`t2ibench eval --data {dataset}` with protocol `{protocol}`; † the judge was seen in training."
    parts = [f"## {dataset}", asked]
    parts += [table(rows), "\n".join(f"{place}. {one}" for place, one in enumerate(captions, start=1))]
    for row, own in zip(rows, names, strict=True):
        target = IMAGES / f"{dataset}-{row[0].source.label.replace(':', '--')}.webp"
        picture(images / row[0].images, target, len(own))
        said = f"{title_of(row[0])}, captions 1 to {len(captions)}"
        parts.append(f"**{title_of(row[0])}**\n\n![{said}](images/gallery/{target.name})")
    return "\n\n".join(parts)


def main() -> None:
    """Evaluate, draw, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=Path("workspace"))
    parser.add_argument("--data", nargs="*", default=[], help="data sets; all that models are shipped for by default")
    given = parser.parse_args()
    loaded, workspace = load_benchmarks(), Workspace(given.workspace)
    benchmarks = loaded.content
    models = [one for one in shipped_models(benchmarks) if one.description.kind == "model"]
    for path in IMAGES.glob("*.webp"):
        path.unlink()
    sections = []
    for dataset in given.data or sorted({one.dataset for one in models}):
        chosen = tuple(str(one.path) for one in models if one.dataset == dataset)
        (found,) = evaluate(EvaluateRequest(chosen, (dataset,)), Place(benchmarks, workspace, device="cpu"))
        sections.append(section(dataset, found.records, workspace.results / "images"))
    write_text(DOCS / "gallery.md", LEAD + "\n\n".join(sections) + "\n")


if __name__ == "__main__":
    main()
