"""Makes results of probes as `t2ibench probe` leaves them: one that is scored, one with attention, one only shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from t2ibench.core.files import digest_of

WORDS = ("red", "yellow", "blue")


def interval(low: float, high: float) -> dict[str, Any]:
    return {"low": low, "high": high, "level": 0.95, "method": "Wilson, clustered by noise"}


def score(row: str, measure: str, value: float, **rest: Any) -> dict[str, Any]:
    spread = interval(max(value - 9.5, 0), min(value + 4.25, 100))
    return {"row": row, "measure": measure, "value": value, "interval": spread, "n": 60, **rest}


def question(number: int, title: str, labels: tuple[str, ...] = WORDS, **rest: Any) -> dict[str, Any]:
    return {
        "title": title,
        "group": "",
        "pairing": "all",
        "variants": [{"text": title.replace("…", label), "label": label, "word": ""} for label in labels],
        "images": [f"{number}-{row}.png" for row in range(2)],
        "truth": [f"{number}-drawn-0.png"],
        **rest,
    }


def probe(name: str = "colours", label: str = "attngan", dataset: str = "simbirds", **rest: Any) -> dict[str, Any]:
    """Return a record; `rest` takes the place of its values."""
    scores = [
        score("model", "asked", 71.25, deaf=100 / 3),
        score("model", "asked", 91.5, subject="wing", deaf=100 / 3),
        score("model", "rest", 80.0),
        score("model", "kept", 54.0),
        score("model", "alone", 2.5),
        score("model", "pixels", 32.0),
        score("drawn", "asked", 99.0),
        score("drawn", "asked", 100.0, subject="wing"),
        score("drawn", "alone", 81.0),
    ]
    source = {"label": label, "title": "AttnGAN", "identity": digest_of(label), "origin": "retrained", "steps": 4000}
    record = {
        "schema": 2, "created": "2026-11-21T12:00:00+00:00", "probe": name, "kind": "change", "dataset": dataset,
        "title": "One colour word changed", "rows": 20, "seed": 100, "resolution": 16,
        "truth_rows": 8, "unknown_words": [],
        "source": source, "judge": {"name": "simattributes"},
        "questions": [question(0, "a … bird"), question(1, "a bird with … wings")],
        "scores": scores, "words": [], "environment": {}, **rest,
    }  # fmt: skip
    return {"id": digest_of(record), **record}


def attended() -> dict[str, Any]:
    """Return a probe of words."""
    labels = ("as it is", "red → blue", "belly → crown")
    words = [
        {"question": 0, "column": 1, "word": "red", "attention": 0.2, "pixels": 30.0, "difference": 20.0},
        {"question": 0, "column": 2, "word": "belly", "attention": 0.1, "pixels": 10.0, "difference": 5.0},
    ]
    asked = [question(0, "a red bird with a white belly", labels, pairing="first", truth=[])]
    return probe("words", kind="words", questions=asked, words=words, scores=[score("model", "difference", 12.5)])


def shown(label: str = "dmgan") -> dict[str, Any]:
    """Return a probe that nothing reads."""
    asked = [question(0, "what never happens", ("a bus on the moon", "a cat made of glass"), group="never", truth=[])]
    rest = {"kind": "compositions", "questions": asked, "scores": [], "judge": None, "unknown_words": ["moon"]}
    return probe("compositions", label, "coco", **rest)


def write_probes(results: Path, records: list[dict[str, Any]]) -> Path:
    """Write records with their images and return the results folder."""
    for record in records:
        folder = results / "probes" / record["id"][:16]
        folder.mkdir(parents=True)
        for asked in record["questions"]:
            for place, name in enumerate((*asked["images"], *asked["truth"])):
                strip = Image.new("RGB", (16 * len(asked["variants"]), 16), (40 * place, 90, 160))
                if "/" not in name:
                    strip.save(folder / name)
        (folder / "probe.json").write_text(json.dumps(record), encoding="utf-8")
    return results
