"""What the record of a folder says of its images: repeated, mixed, converted, left out; and intervals of width 0."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.types import Interval
from t2ibench.evaluation.external.folder_source import FolderSource
from t2ibench.evaluation.external.manifest_lines import FILE_NAME
from t2ibench.evaluation.measuring.measure import _interval_record


def image(seed=0):
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (16, 16, 3), dtype=np.uint8))


def deep_png():
    """Return an RGB PNG of 16 bits, which PIL can read and not write."""
    rows = b"".join(b"\0" + bytes(16 * 6) for _ in range(16))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", 16, 16, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    packed = (
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


@pytest.fixture
def notes(manifest, tmp_path):
    def read():
        source = FolderSource(tmp_path / "made", manifest, "train", resolution=16, memory=tmp_path / "memory")
        return " ".join(source.card.notes)

    (tmp_path / "made").mkdir()
    for place in range(3):
        image(place).save(tmp_path / "made" / f"p{place}.png")
    return read


def test_plain_images_have_no_remark(notes):
    assert not any(word in notes() for word in ("different", "formats", "Read as RGB", "not read"))


def test_copies_are_counted(notes, tmp_path):
    for place in range(4):
        image(0).save(tmp_path / "made" / f"copy{place}.png")
    assert "Of the 7 images only 3 are different, byte for byte; one stands 5 times." in notes()


def test_mixed_formats_are_counted(notes, tmp_path):
    image(5).save(tmp_path / "made" / "x.jpg")
    image(6).save(tmp_path / "made" / "y.webp")
    assert "of several formats, whose compression moves metrics: 1 JPEG, 3 PNG, 1 WEBP." in notes()


def test_conversions_that_the_mode_does_not_tell_are_counted(notes, tmp_path):
    (tmp_path / "made" / "deep.png").write_bytes(deep_png())
    image(7).save(tmp_path / "made" / "key.png", transparency=(1, 2, 3))
    image(8).save(tmp_path / "made" / "film.gif", save_all=True, append_images=[image(9)])
    said = notes()
    assert (
        "1 RGB of 16 bits" in said
        and "1 RGB with a transparent colour" in said
        and "the first of several frames" in said
    )


def test_images_that_a_manifest_does_not_name_are_told(notes, tmp_path):
    lines = '{"file": "./p0.png", "caption": "x"}\n{"file": "p1.png", "caption": "x"}\n'
    (tmp_path / "made" / FILE_NAME).write_text(lines)
    (tmp_path / "made" / "stats.npz").write_bytes(b"x")
    said = notes()
    assert f"1 images are not in {FILE_NAME} and were left out: p2.png." in said and "1 .npz (stats.npz)" in said


@pytest.mark.parametrize(
    ("low", "high", "kept"), [(233.0, 233.0, False), (233.0, 233.0 + 1e-10, False), (1.0, 1.1, True)]
)
def test_an_interval_without_width_is_none(low, high, kept):
    assert (_interval_record(Interval(low, high, 0.95, "jackknife")) is not None) == kept
