"""Images of other depths than 8 bits: scaled by what the file states, or refused by name; the same by both ways in."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.data.images import fault_of_image, read_file
from t2ibench.evaluation.external.image_files import header_of, read_square

RAMP = np.linspace(0, 65535, 4096).reshape(64, 64).astype(np.uint16)


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(rows, width, depth, colour, *, clear=b""):
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    content = zlib.compress(b"".join(b"\0" + row for row in rows))
    parts = [chunk(b"IHDR", header), chunk(b"tRNS", clear) if clear else b"", chunk(b"IDAT", content)]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + chunk(b"IEND", b"")


def tiff(numbers, bits, form, *, photometric=1):
    content = numbers if isinstance(numbers, bytes) else numbers.tobytes()
    entries = [(256, 64), (257, 64), (258, bits), (259, 1), (262, photometric), (273, 8), (277, 1), (278, 64),
               (279, len(content)), (339, form)]  # fmt: skip
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in entries)
    head = b"II" + struct.pack("<HI", 42, 8 + len(content))
    return head + content + struct.pack("<H", len(entries)) + table + bytes(4)


def both(path):
    own, theirs = np.asarray(read_file(path, upright=True)), read_square(path)
    np.testing.assert_array_equal(own, theirs)
    return own


@pytest.mark.parametrize("clear", [1000, 200])  # 200: taken for 8 bits, another grey would be clear
def test_the_clear_grey_of_16_bits_alone_is_white(tmp_path, clear):
    grey = RAMP.copy()
    grey[:32] = clear
    grey[0, 0] = clear + 1  # the same in 8 bits
    path = tmp_path / "x.png"
    path.write_bytes(png([row.astype(">u2").tobytes() for row in grey], 64, 16, 0, clear=struct.pack(">H", clear)))
    found = both(path)
    assert (found[:32].reshape(-1, 3)[1:] == 255).all() and (found[0, 0] == clear // 257).all()
    np.testing.assert_array_equal(found[32:, :, 0], RAMP[32:] // 257)


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_the_clear_grey_of_few_bits_is_white(tmp_path, bits):
    ones = bytes([{1: 0xFF, 2: 0x55, 4: 0x11}[bits]]) * bits
    path = tmp_path / "x.png"
    for clear in (0, 1):
        path.write_bytes(png([ones, *[bytes(bits)] * 7], 8, bits, 0, clear=struct.pack(">H", clear)))
        found = both(path)
        one = 255 // (2**bits - 1)
        assert (found[0] == (255 if clear == 1 else one)).all() and (found[1:] == (255 if clear == 0 else 0)).all()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (png([np.repeat(row[:, None], 3, 1).astype(">u2").tobytes() for row in RAMP], 64, 16, 2,
             clear=struct.pack(">3H", 1000, 1000, 1000)), "transparent colour of 16 bits"),
        (tiff(RAMP.astype(np.uint32) * 65537, 32, 1), "32-bit or signed integers"),
        (tiff(RAMP.astype(np.int32), 32, 2), "32-bit or signed integers"),
        (tiff((RAMP // 2).astype(np.int16), 16, 2), "32-bit or signed integers"),
        (tiff((RAMP / 65535).astype(np.float32), 32, 3), "floating-point"),
    ],
    ids=["clear colour of 16 bits", "uint32", "int32", "int16", "float32"],
)  # fmt: skip
def test_what_no_file_says_the_white_of_is_refused_by_name(tmp_path, content, reason):
    path = tmp_path / "x"
    path.write_bytes(content)
    for read in (lambda: read_file(path), lambda: read_square(path)):
        with pytest.raises(UserError, match=reason):
            read()
    assert reason in fault_of_image(io.BytesIO(content))  # at `data prepare` already
    with pytest.raises(ValueError, match=reason):
        header_of(content, decode=False)  # and where only headers are read


def test_deep_grey_is_scaled_by_what_the_file_states(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(tiff(RAMP, 16, 1))
    np.testing.assert_array_equal(both(path)[..., 0], RAMP // 257)
    path.write_bytes(tiff(RAMP, 16, 1, photometric=0))  # counts from white
    np.testing.assert_array_equal(both(path)[..., 0], 255 - RAMP // 257)
    pairs = (RAMP >> 4).reshape(-1, 2).astype(np.uint32)  # 12 bits a number, two in three bytes
    packed = np.stack([pairs[:, 0] >> 4, (pairs[:, 0] & 15) << 4 | pairs[:, 1] >> 8, pairs[:, 1] & 255], 1)
    path.write_bytes(tiff(packed.astype(np.uint8).tobytes(), 12, 1))
    np.testing.assert_array_equal(both(path)[..., 0], (RAMP >> 4).astype(int) * 255 // 4095)
    path.write_bytes(b"P5 64 64 65535\n" + RAMP.astype(">u2").tobytes())
    np.testing.assert_array_equal(both(path)[..., 0], RAMP // 257)
    path.write_bytes(b"P5 64 64 1023\n" + (RAMP >> 6).astype(">u2").tobytes())  # Pillow scales it to 16 bits
    assert np.abs(both(path)[..., 0].astype(int) - RAMP // 257).max() <= 1


def test_deep_grey_is_turned_as_its_exif_says(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "x.png"
    Image.fromarray(RAMP).save(path, exif=exif)
    np.testing.assert_array_equal(both(path)[..., 0], np.rot90(RAMP // 257, -1))
