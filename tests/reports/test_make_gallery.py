"""The gallery of the docs: a row of images a system, its numbers, its training time; small files."""

import pytest
from PIL import Image

from benchmarks import make_gallery
from t2ibench.core.types import Origin
from tests.reports.sample_results import CAPTIONS, FID, R, record, source, write_sample


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(make_gallery, "IMAGES", tmp_path / "kept")
    first = source("attngan", title="AttnGAN", model="attngan", steps=4000, training_seconds=1500.0)
    second = source("dmgan", title="DM-GAN", model="dmgan", variant="m", steps=3000)
    real = source("ground-truth", Origin.CONTROL, title="Ground truth")
    hidden = source("real-train", Origin.CONTROL, title="Real, train split")
    records = [
        record(second, FID, 18.5, 1, images="b.png"),
        record(hidden, FID, 3, 1, images="d.png"),
        record(first, FID, 17.0, 1, images="a.png"),
        record(first, R, 71.5, 3, images="a.png", judge_seen_in_training=True),
        record(second, R, None, images="b.png"),
        record(real, FID, 0.6, 0.4, images="c.png"),
    ]
    results = write_sample(tmp_path / "results", records)
    return make_gallery.section("simbirds", records, results.folder / "images")


def test_the_table_has_a_row_a_system_with_interval_and_time(page):
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    assert rows[0] == ["", "FID ↓", "R-precision (%) ↑", "training"]
    assert rows[2:] == [
        ["Ground truth", r"0.6 \[0.2, 1.0\]", "-", "-"],
        ["AttnGAN", r"17.0 \[16.0, 18.0\]", r"71.5 \[68.5, 74.5\]†", "4,000 steps, 25 min"],
        ["DM-GAN (m)", r"18.5 \[17.5, 19.5\]", "-", "3,000 steps, time not recorded"],
    ]


def test_each_system_has_its_images_of_the_same_captions(page):
    assert [f"{place}. {caption}" in page for place, caption in enumerate(CAPTIONS, start=1)] == [True] * 5
    names = ("simbirds-ground-truth", "simbirds-attngan", "simbirds-dmgan--m")
    assert sorted(path.stem for path in make_gallery.IMAGES.iterdir()) == sorted(names)
    for name in names:
        assert f"(images/gallery/{name}.webp)" in page
        path = make_gallery.IMAGES / f"{name}.webp"
        assert path.stat().st_size <= make_gallery.LIMIT
        with Image.open(path) as image:
            assert image.size == (5 * 128, 128)
