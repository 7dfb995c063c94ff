"""Images whose bytes are not those of their digest, whose EXIF is odd, and files that are no images."""

import hashlib
import os

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.data.coco.images import ImageIndex
from t2ibench.data.images import read_file
from t2ibench.data.manifest import stamp_of
from t2ibench.evaluation.external.image_files import read_square
from t2ibench.evaluation.external.manifest_lines import read_manifest_lines
from t2ibench.evaluation.external.rows import ExternalRows


def halves(path, orientation=None):
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[:, 4:] = 240
    image = Image.fromarray(pixels)
    exif = image.getexif()
    if orientation is not None:
        exif[0x0112] = orientation
    image.save(path, exif=exif)
    return path


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("read", [read_file, read_square])
def test_other_bytes_than_those_of_the_digest_are_refused(tmp_path, read):
    path = halves(tmp_path / "x.png")
    known = digest(path)
    read(path, sha256=known)
    halves(path, orientation=3)
    with pytest.raises(UserError, match="has changed"):
        read(path, sha256=known)


def test_a_change_that_keeps_size_and_time_is_seen(tmp_path):
    path = tmp_path / "x.png"
    path.write_bytes(b"one")
    state, before = path.stat(), stamp_of(tmp_path, ["x.png"])
    path.write_bytes(b"two")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert path.stat().st_mtime_ns == state.st_mtime_ns and stamp_of(tmp_path, ["x.png"]) != before


@pytest.mark.parametrize("orientation", range(1, 9))
def test_folders_and_own_data_turn_a_photograph_alike(tmp_path, orientation):
    path = halves(tmp_path / "x.png", orientation)
    own = np.asarray(read_file(path, upright=True))
    np.testing.assert_array_equal(read_square(path), own)
    across = abs(int(own[4, 0, 0]) - int(own[4, 7, 0])) > 200  # the halves lie beside each other
    assert across == (orientation <= 4)


@pytest.mark.parametrize("kind", ["of an odd type", "none at all", "cut off"])
def test_odd_exif_beside_an_orientation_does_no_harm(tmp_path, kind):
    path = tmp_path / "x.png"
    pixels = np.zeros((8, 8, 3), dtype=np.uint8)
    pixels[:, 4:] = 240
    exif = Image.fromarray(pixels).getexif()
    exif[0x0112] = 6
    exif[0x0132] = "a date"
    raw = exif.tobytes()
    raw = {
        "of an odd type": raw.replace(b"\x02\x00", b"\x7f\x00", 1),
        "none at all": b"Exif\0\0junk",
        "cut off": raw[:20],
    }[kind]
    Image.fromarray(pixels).save(path, exif=raw)
    turned = np.rot90(pixels, -1) if kind == "of an odd type" else pixels  # the others hold no orientation to follow
    np.testing.assert_array_equal(np.asarray(read_file(path, upright=True)), turned)
    np.testing.assert_array_equal(read_square(path), turned)


def test_hidden_twins_are_not_taken_for_images(tmp_path):
    (tmp_path / "val2017").mkdir()
    for name in ("._000000000009.jpg", "000000000009.jpg"):
        (tmp_path / "val2017" / name).write_bytes(b"")
    index = ImageIndex([tmp_path / "val2017"])
    assert index.others([]) == ["000000000009.jpg"]


def test_a_byte_order_mark_and_a_dot_before_the_name_are_read(tmp_path):
    path = tmp_path / "manifest.jsonl"
    line = '{"file": "./x.png", "caption": "a bird\u2028b"}\n'
    path.write_text(line, encoding="utf-8-sig")
    assert [one.file for one in read_manifest_lines(path)] == ["x.png"]
    path.write_text(line + line.replace("./", ""), encoding="utf-8")
    with pytest.raises(UserError, match="came before"):
        read_manifest_lines(path)


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "a\u2028b"])
def test_names_that_cannot_be_shown_are_refused(tmp_path, name):
    with pytest.raises(UserError, match="printable"):
        ExternalRows(images=(tmp_path,), names=(name,)).check()
