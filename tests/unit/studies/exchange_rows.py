"""Rows of images of squares, measured in workspaces of their own, to be exchanged."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.external.command import write_image_manifest
from t2ibench.evaluation.external.rows import ExternalRows
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.request.request import EvaluateRequest
from tests.unit.evaluation.stubs import register_all, write_config

COLUMNS = ("is", "fid", "r")


def place_in(folder: Path) -> Place:
    """Return a place with a workspace of its own in a folder."""
    register_all()
    folder.mkdir(parents=True, exist_ok=True)
    return Place(load_benchmarks(write_config(folder)).content, Workspace(folder / "workspace"), device="cpu")


def measured(folder: Path, name: str, strength: float) -> tuple[Place, Path]:
    """Return (a place with the row's results, the row's folder): real images under noise, all controls beside them."""
    place = place_in(folder)
    manifest = open_dataset("squares", place.benchmarks, place.workspace)
    plan = make_plan(manifest, place.benchmarks.protocols["p"], None)
    images = folder / name
    images.mkdir()
    drawn = np.random.default_rng(7)
    files = []
    for item in plan.items:
        with Image.open(manifest.path(manifest.by_id[item.caption.image_id])) as image:
            pixels = np.asarray(image.convert("RGB").resize((16, 16)), dtype=float)
        files.append(f"{len(files):06}.png")
        noisy = np.clip(pixels + drawn.normal(0, strength, pixels.shape), 0, 255).astype(np.uint8)
        Image.fromarray(noisy).save(images / files[-1])
    write_image_manifest(images, plan, files)
    request = EvaluateRequest((), ("squares",), metrics=COLUMNS, external=ExternalRows(images=(images,)))
    evaluate(replace(request, controls=True), place)
    return place, images
