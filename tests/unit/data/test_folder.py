"""Images of one's own: three ways to write captions, splits and classes, and a sentence for every mistake."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.adapter import MissingImagesError
from t2ibench.data.folder import ImageFolder
from t2ibench.data.folder.splits import split_by_hash

IMAGES = [f"{kind}/{kind}{number}.png" for kind in ("ball", "cube") for number in range(6)]


@pytest.fixture
def entry():
    return DatasetEntry(adapter="folder", protocol="p", captions_per_image=10)


@pytest.fixture
def root(tmp_path):
    """Twelve small images in two folders, with captions.jsonl."""
    folder = tmp_path / "mine"
    for place, name in enumerate(IMAGES):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20 + place, 24), (20 * place, 0, 0)).save(path)
    write_rows(folder, [{"file": name, "captions": [caption(name), f"one {caption(name)}"]} for name in IMAGES])
    return folder


def caption(name):
    return f"a {name.partition('/')[0]} of this and that"


def write_rows(folder, rows):
    (folder / "captions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))


def read(root, entry, partial=False, **options):
    given = entry.model_copy(update={"options": options})
    return ImageFolder("mine", given).read(root, partial=partial)


def test_contents(root, entry):
    manifest = read(root, entry)
    assert set(manifest.by_id) == {name.removesuffix(".png") for name in IMAGES}
    one = manifest.by_id["cube/cube3"]
    assert one.captions == ("a cube of this and that", "one a cube of this and that") and one.class_id is None
    assert manifest.upright and manifest.vocabulary_origin == "built" and "<unk>" in manifest.vocabulary
    assert list(manifest.splits) == ["train", "test"]


def _csv(root):
    rows = [f'{name},"{caption(name)}"\n{name},"one {caption(name)}"\n' for name in IMAGES]
    (root / "captions.csv").write_text("\ufefffile_name,text\n" + "".join(rows), encoding="utf-8")


def _tsv(root):
    rows = [f"{caption(name)}\t{name}\none {caption(name)}\t{name}\n" for name in IMAGES]
    (root / "captions.tsv").write_text("caption\timage\n" + "".join(rows))


def _texts(root):
    for name in IMAGES:
        (root / name).with_suffix(".txt").write_text(f"{caption(name)}\r\n\r\none {caption(name)}\r\n")


def _texts_apart(root):
    for name in IMAGES:
        path = (root / "text" / name).with_suffix(".txt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{caption(name)}\none {caption(name)}")
        target = root / "images" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (root / name).rename(target)


@pytest.mark.parametrize("write", [_csv, _tsv, _texts])
def test_the_ways_to_write_captions_are_equal(root, entry, write):
    before = read(root, entry)
    (root / "captions.jsonl").unlink()
    write(root)
    after = read(root, entry)
    assert {i.id: (i.captions, i.split) for i in after.images} == {i.id: (i.captions, i.split) for i in before.images}


def test_texts_may_lie_beside_images(root, entry):
    (root / "captions.jsonl").unlink()
    _texts_apart(root)
    manifest = read(root, entry)
    assert manifest.by_id["images/ball/ball0"].captions == ("a ball of this and that", "one a ball of this and that")


@pytest.mark.parametrize("share", [0.1, 0.2, 0.5])
def test_the_hash_splits_by_the_share_and_by_the_id_alone(share):
    keys = [f"photos/{number}" for number in range(2000)]
    found = [split_by_hash(key, share) for key in keys]
    assert found == [split_by_hash(key, share) for key in keys] and set(found) == {"train", "test"}
    assert abs(found.count("test") / len(found) - share) < 0.06  # 5 standard deviations at a half
    larger = [split_by_hash(key, share + 0.2) for key in keys]
    assert all(two == "test" for one, two in zip(found, larger, strict=True) if one == "test")


def test_more_images_move_none(root, entry):
    before = {image.id: image.split for image in read(root, entry).images}
    write_rows(root, [{"file": name, "caption": caption(name)} for name in IMAGES[3:]])
    assert all(before[image.id] == image.split for image in read(root, entry).images)


def test_lists(root, entry):
    (root / "train.txt").write_text("ball/ball0.png\ncube/cube1\n\n")
    (root / "test.txt").write_text("cube/cube2.png\n")
    manifest = read(root, entry, split="lists")
    assert {image.id: image.split for image in manifest.images} == {
        "ball/ball0": "train", "cube/cube1": "train", "cube/cube2": "test",
    }  # fmt: skip
    assert "9 images are in no list" in manifest.warnings[0]
    (root / "test.txt").write_text("cube/cube22\n")
    with pytest.raises(UserError, match=r"test\.txt.* called 'cube/cube22'\. Did you mean cube/cube2"):
        read(root, entry, split="lists")
    (root / "test.txt").write_text("cube/cube1\n")
    with pytest.raises(UserError, match="another list names too"):
        read(root, entry, split="lists")


def test_a_column_or_folders_may_say_splits_and_classes(root, entry):
    rows = [
        {"file": name, "caption": caption(name), "part": "test" if place % 3 == 0 else "train", "kind": name[:4]}
        for place, name in enumerate(IMAGES)
    ]
    write_rows(root, rows)
    manifest = read(root, entry, split="part", classes="kind")
    assert {name: len(images) for name, images in manifest.splits.items()} == {"train": 8, "test": 4}
    assert {image.id[:4]: image.class_id for image in manifest.images} == {"ball": 1, "cube": 2}
    by_folder = read(root, entry, classes="folders")
    assert {image.id[:4]: image.class_id for image in by_folder.images} == {"ball": 1, "cube": 2}
    with pytest.raises(UserError, match=r"the split '', which is none of train, val, test"):
        read(root, entry, split="folders")
    with pytest.raises(UserError, match="Did you mean kind"):
        read(root, entry, classes="kinds")
    rows[4]["part"] = "trian"
    write_rows(root, rows)
    with pytest.raises(UserError, match=r"'ball/ball4\.png' is of the split 'trian', which is none of"):
        read(root, entry, split="part")


def test_folders_may_be_splits(root, entry):
    (root / "ball").rename(root / "train")
    (root / "cube").rename(root / "test")
    files = [path.relative_to(root).as_posix() for path in sorted(root.rglob("*.png"))]
    write_rows(root, [{"file": name, "caption": "a thing"} for name in files])
    assert {i.id.partition("/")[0]: i.split for i in read(root, entry, split="folders").images} == {
        "train": "train", "test": "test",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("nonsense", "line 13: this is not JSON"),
        ("[1]", "line 13: a line like"),
        ('{"caption": "a"}', "line 13: no image is named; a column file or"),
        ('{"file": "a.png"}', "line 13: no caption is named"),
        ('{"file": 3, "caption": "a"}', "line 13: 'file' should be a text"),
        ('{"file": "a.png", "captions": [1]}', "line 13: the captions of 'a.png' are not all texts"),
        ('{"file": "../../x.png", "caption": "a"}', r"'\.\./\.\./x\.png', which lies outside the data set"),
        ('{"file": "/etc/x.png", "caption": "a"}', "outside the data set"),
        ('{"file": "ball/ball0.jpg", "caption": "a"}', "differ from others in their ending only"),
    ],
)
def test_a_wrong_line_is_named(root, entry, line, sentence):
    path = root / "captions.jsonl"
    path.write_text(path.read_text() + line + "\n")
    with pytest.raises(UserError, match=sentence) as caught:
        read(root, entry)
    assert "captions.jsonl" in str(caught.value)


def test_a_caption_with_a_comma_wants_quotes(root, entry):
    rows = ["file,caption", *(f'{name},"{caption(name)}, on a mat"' for name in IMAGES)]
    (root / "captions.jsonl").unlink()
    (root / "captions.csv").write_text("\n".join(rows) + "\n")
    said = {one for image in read(root, entry).images for one in image.captions}
    assert {f"{caption(name)}, on a mat" for name in IMAGES} == {getattr(one, "text", one) for one in said}
    (root / "captions.csv").write_text("\n".join([*rows, f"{IMAGES[0]},black cat, on a mat"]) + "\n")
    with pytest.raises(UserError, match=r"captions\.csv, line 14: there are more values than columns .* double quotes"):
        read(root, entry)


def test_only_line_feeds_part_captions(root, entry):
    rows = [{"file": name, "captions": [f"{caption(name)}\u2028twice\x85thrice"]} for name in IMAGES]
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    (root / "captions.jsonl").write_text(text, encoding="utf-8")
    assert all(len(image.captions) == 1 for image in read(root, entry).images)


def test_captions_that_are_not_there_are_explained(root, entry):
    (root / "captions.jsonl").unlink()
    with pytest.raises(UserError, match=r"12 images and no captions. Write captions\.jsonl"):
        read(root, entry)
    with pytest.raises(UserError, match=r"words\.csv does not exist"):
        read(root, entry, captions="words.csv")
    (root / "captions.csv").write_bytes(b"file,caption\nball/ball0.png,caf\xe9\n")
    with pytest.raises(UserError, match=r"captions\.csv, line 2: this is not UTF-8 \(byte 0xe9\)"):
        read(root, entry)


def test_what_cannot_be_used_is_named_and_left_out_on_request(root, entry):
    rows = [{"file": name, "captions": [caption(name)]} for name in [*IMAGES, "ball/gone.png"]]
    rows[1]["captions"] = ["", "...", "日本"]
    write_rows(root, rows)
    path = root / IMAGES[2]
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(MissingImagesError) as caught:
        read(root, entry)
    message = str(caught.value)
    assert "1 of the 13 images" in message and "are not there: ball/gone" in message
    assert "have no caption with a word in it: ball/ball1.png" in message
    assert "cannot be read: ball/ball2.png (" in message
    assert set(caught.value.names) == {"ball/gone", "ball/ball1", "ball/ball2"}
    manifest = read(root, entry, partial=True)
    assert len(manifest.images) == 10 and set(manifest.missing) == set(caught.value.names)
    assert "mine is partial: 3 of its 13 images" in manifest.caveats[0]


def test_odd_captions_and_images_are_told(root, entry):
    rows = [{"file": name, "captions": [caption(name)]} for name in IMAGES[1:]]
    rows[0]["captions"] += ["*", *(f"more {place}" for place in range(12))]
    write_rows(root, rows)
    (root / IMAGES[2]).write_bytes((root / IMAGES[1]).read_bytes())
    said = " ".join(read(root, entry).warnings)
    assert "1 images are not in captions.jsonl and were left out: ball/ball0.png" in said
    assert "without a word in English letters were left out at 1 images" in said
    assert "1 images have more than 10 captions; the first 10 were taken: ball/ball1.png" in said


def test_equal_images_in_two_splits_are_told(root, entry):
    (root / "train.txt").write_text("ball/ball0\n"), (root / "test.txt").write_text("ball/ball1\n")
    (root / IMAGES[1]).write_bytes((root / IMAGES[0]).read_bytes())
    assert "1 images of mine are, byte for byte, in another split too" in read(root, entry, split="lists").warnings[-1]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"test_share": 1.5}, "test_share = 1.5 is not between 0 and 1"),
        ({"test_share": "half"}, "does not fit; a value like 0.2"),
        ({"classes": True}, "does not fit"),
        ({"clases": "folders"}, "Did you mean classes"),
    ],
)
def test_wrong_options_are_sentences(root, entry, options, sentence):
    with pytest.raises(UserError, match=sentence):
        read(root, entry, **options)


def test_images_of_every_kind_are_shown_right(root, entry):
    """Grey, 16 bits, transparency, palette, CMYK and a photo that lies on its side."""
    from t2ibench.data.images import read_image

    folder = root / "odd"
    folder.mkdir()
    half = np.zeros((8, 16), dtype=np.uint8)
    half[:, 8:] = 200
    Image.fromarray(half).save(folder / "grey.png")
    Image.fromarray(half.astype(np.uint16) * 257).save(folder / "deep.png")
    Image.fromarray(half.astype(np.uint16) * 257).save(folder / "deep.tif")
    (folder / "deep.tif").rename(folder / "deeptif.tif")
    clear = np.dstack([half, half, half, (half > 0).astype(np.uint8) * 255])
    Image.fromarray(clear).save(folder / "clear.png")
    Image.fromarray(half).convert("P").save(folder / "palette.gif")
    Image.fromarray(half).convert("RGB").convert("CMYK").save(folder / "print.jpg", quality=100)
    sideways = Image.fromarray(half).convert("RGB")
    exif = sideways.getexif()
    exif[0x0112] = 6  # the camera was turned: shown right after a quarter turn clockwise
    sideways.save(folder / "sideways.jpg", exif=exif, quality=100)
    names = [path.name for path in sorted(folder.iterdir())]
    write_rows(root, [{"file": f"odd/{name}", "caption": "two halves"} for name in names])
    manifest = read(root, entry)
    arrays = {image.id: np.asarray(read_image(manifest, image)).astype(int) for image in manifest.images}
    assert len(arrays) == 7 and all(one.shape[2] == 3 for one in arrays.values())
    for name in ("grey", "deep", "deeptif", "palette", "print"):
        assert abs(arrays[f"odd/{name}"][4, 3] - 0).max() <= 3, name
        assert abs(arrays[f"odd/{name}"][4, 12] - 200).max() <= 3, name
    assert (arrays["odd/clear"][4, 3] == 255).all() and (arrays["odd/clear"][4, 12] == 200).all()
    assert arrays["odd/sideways"].shape == (16, 8, 3)
    assert arrays["odd/sideways"][2, 4].max() < 10 and arrays["odd/sideways"][13, 4].min() > 190


def test_a_image_of_absurd_size_is_damaged(root, entry):
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    import zlib

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    (root / IMAGES[0]).write_bytes(bomb)
    with pytest.raises(MissingImagesError, match=r"cannot be read: ball/ball0\.png \(too large"):
        read(root, entry)


def test_the_emoji(entry):
    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "emoji"
    if not folder.is_dir():
        pytest.skip("../shared/data/emoji is not on this machine")
    manifest = read(folder, entry, classes="group")
    assert len(manifest.images) == 1911 and len({image.class_id for image in manifest.images}) == 10
    assert 330 < len(manifest.split("test")) < 440
