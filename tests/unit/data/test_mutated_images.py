"""Image files of every format that Pillow can write, damaged at random: a fault with a reason, never anything else.

T2IBENCH_MUTATIONS=50000 python -m pytest tests/unit/data/test_mutated_images.py
"""

import io
import os
import random
import warnings

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.data.images import fault_of_image, read_file
from t2ibench.evaluation.external.image_files import header_of, read_square, reason_of

MUTATIONS = int(os.environ.get("T2IBENCH_MUTATIONS", "3000"))
MODES = ("RGB", "L", "P", "RGBA", "1", "I;16", "F", "CMYK")
PARTS = 5


def samples():
    """Return (format and mode, file) of a small image in every format and mode that can be written and read here."""
    Image.init()
    whole = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 24, 3), dtype=np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x0132] = 6, "a date"
    found = []
    for form in sorted(set(Image.SAVE) & set(Image.OPEN)):
        for mode in MODES:
            file = io.BytesIO()
            try:
                image = whole.convert("L").convert("I").convert("I;16") if mode == "I;16" else whole.convert(mode)
                image.save(file, form, **({"exif": exif} if form in ("JPEG", "PNG", "WEBP", "AVIF", "MPO") else {}))
                with Image.open(io.BytesIO(file.getvalue())) as back:
                    back.load()
            except Exception:  # not of this format, or not to be read back (EPS asks for another program)
                continue
            found.append((f"{form} {mode}", file.getvalue()))
    return found


def mutated(content, draw):
    """Return a file with some bytes changed, most of them near its beginning, taken out, put in, or its end cut off."""
    changed = bytearray(content)
    for _ in range(draw.choice((1, 1, 2, 4, 16))):
        place = draw.randrange(min(len(changed), draw.choice((64, 256, len(changed)))) or 1)
        match draw.randrange(6):
            case 0:
                del changed[place:]
            case 1:
                changed[place:place] = draw.randbytes(draw.randint(1, 4))
            case 2:
                del changed[place : place + draw.randint(1, 4)]
            case 3:
                changed[place : place + 4] = draw.choice((b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff"))
            case _:
                changed[place : place + 1] = draw.randbytes(1)
    return bytes(changed)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_images_are_faults_with_a_reason(tmp_path, part):
    draw = random.Random(part)
    files = samples()
    assert {"PNG RGB", "JPEG RGB", "TIFF F", "GIF P", "BMP RGB"} <= {name for name, _ in files}
    path, sound = tmp_path / "x", 0
    for trial in range(MUTATIONS // PARTS):
        name, content = files[trial % len(files)]
        path.write_bytes(mutated(content, draw))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fault = fault_of_image(io.BytesIO(path.read_bytes()))
            try:
                header_of(path.read_bytes(), decode=True)
                assert not fault, name
            except Exception as error:  # what the scan of a folder keeps as the file's fault
                assert fault and reason_of(error), name
            for read in (lambda: read_file(path, upright=True), lambda: read_square(path)):
                try:
                    pixels = np.asarray(read())
                    assert not fault and pixels.ndim == 3 and pixels.shape[2] == 3 and pixels.dtype == np.uint8, name
                    sound += 1
                except UserError as error:
                    assert fault and "\n" not in str(error).strip(), name
    assert 0 < sound < 2 * (MUTATIONS // PARTS)
