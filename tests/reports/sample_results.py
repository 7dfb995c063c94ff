"""Makes a results folder as an evaluation leaves it: eight models, five controls, failures, images, two plans."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw

from t2ibench.core.files import digest_of, write_text
from t2ibench.core.records import (
    CostRecord,
    IntervalRecord,
    MetricRecord,
    PlanRecord,
    ResultRecord,
    Results,
    SourceRecord,
)
from t2ibench.core.types import Origin

CAPTIONS = (
    "a small red bird with a short yellow beak and black wings",
    "this bird is blue all over and has a long grey tail",
    "a green bird with a white belly sits on a branch",
    "the bird has an orange crown, brown wings and a pointed beak",
    "a tiny yellow bird with stripes on its wings",
)
COLOURS = ("#b3352f", "#2f62b3", "#3d8f4f", "#c77d2a", "#c9b02e")

SIMNET = {
    "name": "simnet",
    "version": 1,
    "weights": digest_of("simnet"),
    "resize": "bilinear 64",
    "range": "[-1, 1]",
    "standing": "stand-in",
}
INCEPTION = SIMNET | {"name": "inception-tf", "resize": "bilinear-tf1 299", "standing": "standard"}
DAMSM = SIMNET | {"name": "damsm", "weights": digest_of("damsm"), "resize": "bilinear 299"}

IS = MetricRecord(
    column="is-simnet",
    metric="inception_score",
    version=1,
    title="IS",
    unit="",
    higher_is_better=True,
    features=SIMNET,
    options={"splits": 10},
    subtitle="simnet v1, 10 splits, n 600",
)
FID = MetricRecord(
    column="fid-simnet",
    metric="fid",
    version=1,
    title="FID",
    unit="",
    higher_is_better=False,
    features=SIMNET,
    reference=digest_of("reference"),
    subtitle="simnet v1, ref simbirds/test 400, n 600",
)
R = MetricRecord(
    column="r-damsm",
    metric="r_precision",
    version=1,
    title="R-precision",
    unit="%",
    higher_is_better=True,
    features=DAMSM,
    options={"negatives": 99, "folds": 10},
    subtitle="damsm v1, 1 of 100, n 600",
)
METHODS = {
    "IS": "jackknife over images",
    "FID": "jackknife over images, bias kept",
    "R-precision": "Wilson, clustered by image",
}
SPREADS = {"IS": "std over 10 splits", "FID": "", "R-precision": "std over 10 folds"}

MODELS: Sequence[tuple[str, str, str, Origin, int | None, tuple[float, float, float]]] = (
    ("dmgan", "DM-GAN", "", Origin.RETRAINED, 12_000, (5.91, 44.1, 46.2)),
    ("attngan", "AttnGAN", "", Origin.RETRAINED, 12_000, (5.62, 46.8, 43.2)),
    ("attngan", "AttnGAN", "no-damsm", Origin.RETRAINED, 12_000, (5.31, 52.6, 9.5)),
    ("attngan", "AttnGAN", "attngan1", Origin.OFFICIAL_WEIGHTS, 110_400, (5.18, 61.9, 35.0)),
    ("stackgan_v2", "StackGAN-v2", "", Origin.RETRAINED, 12_000, (5.02, 58.3, 8.8)),
    ("dfgan", "DF-GAN", "", Origin.RETRAINED, 20_000, (5.95, 31.7, 28.4)),
    ("gan_int_cls", "GAN-INT-CLS", "", Origin.RETRAINED, 6_000, (3.44, 138.2, 5.1)),
    ("my-folder", "Images of a colleague", "", Origin.EXTERNAL_IMAGES, None, (4.2, 97.4, 17.3)),
)
CONTROLS: Sequence[tuple[str, str, tuple[float, float, float]]] = (
    ("ground-truth", "Ground truth", (7.42, 3.2, 71.5)),
    ("real-train", "Real images of the training split", (7.11, 24.4, 22.1)),
    ("shuffled-captions", "Shuffled captions", (7.42, 3.2, 1.3)),
    ("untrained", "Untrained AttnGAN", (1.12, 402.8, 1.1)),
    ("noise", "Noise", (1.03, 511.9, 0.8)),
)


def plan(dataset: str = "simbirds", n: int = 600, protocol: str = "simbirds-1", **changes: Any) -> PlanRecord:
    values = {
        "dataset": dataset,
        "manifest": digest_of(["manifest", dataset]),
        "split": "test",
        "digest": digest_of(["plan", dataset, n]),
        "protocol": protocol,
        "protocol_digest": digest_of(["protocol", protocol, n]),
        "seed": 100,
        "resolution": 64,
        "quantise": "round",
    }
    return PlanRecord(**(values | changes))


def source(name: str, origin: Origin = Origin.RETRAINED, **changes: Any) -> SourceRecord:
    values: dict[str, Any] = {"name": name, "title": name, "origin": origin, "identity": digest_of(["source", name])}
    return SourceRecord(**(values | changes))


def record(
    of: SourceRecord,
    metric: MetricRecord,
    value: float | None,
    half: float | None = None,
    asked: PlanRecord | None = None,
    n: int = 600,
    **changes: Any,
) -> ResultRecord:
    """Return a record; without a value, a failed one."""
    asked = asked or plan(n=n)
    interval = None
    if value is not None and half is not None:
        low = max(value - half, 1.0 if metric.metric == "inception_score" else 0.0)
        interval = IntervalRecord(low=low, high=value + half, level=0.95, method=METHODS.get(metric.title, "jackknife"))
    values: dict[str, Any] = {
        "id": ResultRecord.key(of, asked, metric),
        "created": "2026-11-20T10:00:00Z",
        "source": of,
        "plan": asked,
        "metric": metric,
        "status": "ok" if value is not None else "failed",
        "value": value,
        "interval": interval,
        "n": n if value is not None else 0,
        "error": "" if value is not None else "not enough memory for 600 images; ask again with a smaller batch",
        "images_digest": digest_of(["images", of.name, of.variant]),
        "environment": {
            "t2ibench": "0.1.0",
            "commit": "668b70a",
            "python": "3.13.1",
            "torch": "2.9.0",
            "device": "cpu",
            "tf32": False,
        },
    }
    return ResultRecord(**(values | changes))


def sample_records() -> list[ResultRecord]:
    """Return some 60 records: 8 models and 5 controls by 3 metrics, two failures, a second sample count, a paper."""
    found: list[ResultRecord] = []
    for asked, n in ((plan(), 600), (plan(n=200), 200)):
        wide = (600 / n) ** 0.5
        models = MODELS if n == 600 else MODELS[:3]
        for name, title, variant, origin, steps, values in models:
            of = _model(name, title, variant, origin, steps)
            found += _row(of, values, wide, asked, n, seen="dmgan" in name or (name == "attngan" and variant == ""))
        for name, title, values in CONTROLS:
            of = source(name, Origin.CONTROL, title=title)
            found += _row(of, values, wide, asked, n, seen=False)
    failed = _model("aligndraw", "alignDRAW", "", Origin.RETRAINED, 4_000)
    found += [
        record(failed, IS, 2.31, 0.05, images=_image_name(failed), cost=CostRecord(seconds=30.5)),
        record(failed, FID, None),
        record(failed, R, None, error="the loss became NaN at step 812; lower the learning rate"),
    ]
    paper = source(
        "attngan-paper", Origin.REPORTED, title="AttnGAN (Xu et al. 2018, Table 3)", paper="arXiv 1711.10485"
    )
    printed = IS.model_copy(update={"features": INCEPTION, "subtitle": "as printed", "column": "is-paper"})
    found.append(record(paper, printed, 4.36, None, plan(protocol="paper"), spread={"std over 10 splits": 0.03}))
    return found


def many_records(count: int) -> list[ResultRecord]:
    """Return so many records: rows of three numbers each, 50 rows a plan."""
    found: list[ResultRecord] = []
    for place in range(-(-count // 3)):
        of = source(f"model-{place:04}", steps=1000 + place, trained_on="simbirds")
        asked = plan(f"data-{place // 50}")
        for metric, value in ((IS, 3 + place % 7 / 10), (FID, 40 + place % 90), (R, 10 + place % 80)):
            found.append(record(of, metric, value, 1 + place % 5, asked, n=600))
    return found[:count]


def write_sample(folder: Path, records: Sequence[ResultRecord] | None = None) -> Results:
    """Write records (the sample's unless given) and their images to a results folder."""
    results = Results(folder)
    records = sample_records() if records is None else records
    results.append(records)
    for place, name in enumerate(sorted({one.images for one in records if one.images})):
        results.attach_image(name, strip(place))
        write_text(folder / "images" / f"{Path(name).stem}.json", json.dumps({"captions": CAPTIONS}))
    return results


def strip(seed: int, side: int = 64) -> bytes:
    """Return a PNG of five birds side by side, worse for a greater seed."""
    image = Image.new("RGB", (side * len(CAPTIONS), side), "#9fb8c4")
    draw = ImageDraw.Draw(image)
    for place, colour in enumerate(COLOURS):
        x, shift = place * side, (seed * 7 + place * 5) % 11
        draw.rectangle((x, 0, x + side, side), fill=f"hsl({(seed * 23 + place * 17) % 360}, 22%, 78%)")
        draw.ellipse((x + 14 + shift, 22, x + 50, 50 - shift // 2), fill=colour)
        draw.ellipse((x + 38, 12 + shift // 2, x + 56, 30), fill=colour)
        draw.polygon([(x + 55, 18), (x + 63, 22), (x + 55, 25)], fill="#e0b13a")
        draw.ellipse((x + 46, 17, x + 50, 21), fill="black")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _model(name: str, title: str, variant: str, origin: Origin, steps: int | None) -> SourceRecord:
    return source(
        name,
        origin,
        title=title,
        variant=variant,
        identity=digest_of([name, variant]),
        steps=steps,
        trained_on="" if origin is Origin.EXTERNAL_IMAGES else "simbirds",
        paper="Xu et al., CVPR 2018" if name == "attngan" else "",
        licence="MIT",
        notes=("Trained for fewer steps than the paper.",) if name == "attngan" else (),
    )


def _image_name(of: SourceRecord) -> str:
    return f"{of.name}-{of.identity[:12]}.png"


def _row(
    of: SourceRecord, values: Sequence[float], wide: float, asked: PlanRecord, n: int, *, seen: bool
) -> list[ResultRecord]:
    halves = (0.19, 2.4, 3.9)
    found = []
    for metric, value, half in zip((IS, FID, R), values, halves, strict=True):
        if metric is R:
            half = max(4 * (value * (100 - value) / 10_000) ** 0.5 * 2, 0.7)
        spread = {SPREADS[metric.title]: half / 2} if SPREADS[metric.title] else {}
        warnings = ("600 images are few for FID: its bias depends on n.",) if metric is FID and n < 600 else ()
        found.append(
            record(
                of,
                metric,
                value,
                half * wide,
                asked,
                n,
                spread=spread,
                warnings=warnings,
                judge_seen_in_training=seen and metric is R,
                cost=CostRecord(seconds=20 + value / 9, images_per_second=31.4, peak_memory_bytes=1_420_000_000),
                images=_image_name(of) if n == 600 else "",
            )
        )
    return found
