"""Tables, lists, names and encodings of users' own data: nothing lost, swapped or left out without a word."""

import json
import os
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from t2ibench.cli import main
from t2ibench.core.errors import UserError
from t2ibench.core.files import check_writable, json_line, read_json, write_json_lines, writing_failed
from t2ibench.core.reading.text import parse_json, read_text, text_lines
from t2ibench.core.spec.benchmarks import Benchmarks, DatasetEntry
from t2ibench.core.workspace import Workspace
from t2ibench.data.adapter import MissingImagesError
from t2ibench.data.coco import COCO
from t2ibench.data.folder import ImageFolder
from t2ibench.data.images import read_file
from t2ibench.data.listing import list_images
from t2ibench.data.open import open_dataset


def image(path, seed=0, size=(32, 32)):
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


@pytest.fixture
def root(tmp_path):
    for place in range(4):
        image(tmp_path / "mine" / f"{place}.png", place)
    return tmp_path / "mine"


def read(root, partial=False, **options):
    entry = DatasetEntry(adapter="folder", protocol="p", captions_per_image=10, options=options)
    return ImageFolder("mine", entry).read(root, partial=partial)


def captions_of(manifest):
    return {one.id: one.captions for one in manifest.images}


def rows(root, pairs):
    write_json_lines(root / "captions.jsonl", ({"file": file, "caption": caption} for file, caption in pairs))


GOOD = [(f"{place}.png", f"a red bird {place}") for place in range(4)]


@pytest.mark.parametrize(("name", "mark"), [("captions.csv", ","), ("captions.tsv", "\t")])
@pytest.mark.parametrize(
    ("second", "third", "said"),
    [
        ('"a blue bird', "a green bird", "line 3: a quote is not closed"),  # to the end of the file
        ('"a blue bird', 'a "green" bird', "line 3"),
        ('"a blue bird', 'a green bird"', "line 3: a quote is not closed in this line, .* reads like a row"),
        ('"a blue" bird', "a green bird", "line 3: the quotes are wrong"),
    ],
)
def test_an_open_quote_swallows_no_row(root, name, mark, second, third, said):
    (root / name).write_text(
        f"file{mark}caption\n0.png{mark}x\n1.png{mark}{second}\n2.png{mark}{third}\n3.png{mark}y\n"
    )
    with pytest.raises(UserError, match=rf"{name}, {said}"):
        read(root)


def test_quoted_commas_quotes_and_line_breaks_are_read(root):
    lines = [
        "file,caption",
        '0.png,"a ""red"" bird, sitting"',
        '1.png,"two',
        'lines, here"',
        "",
        ",",
        "2.png,a",
        "3.png,b",
    ]
    text = "\r\n".join(lines)
    (root / "captions.csv").write_bytes(text.encode())
    assert captions_of(read(root)) == {
        "0": ('a "red" bird, sitting',), "1": ("two lines, here",), "2": ("a",), "3": ("b",),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("file,caption,caption\n0.png,a,b\n", "line 1: the column 'caption' stands twice"),
        ("file,caption\n0.png\n", "line 2: there are fewer values than columns"),
        ("file,caption\n0.png,a\n,a red bird\n", "line 3 names the image '', which is empty"),
        ("file,caption\nimages\\0.png,a\n", "line 2 names .* holds a backslash"),
        ("file,caption\n../0.png,a\n", "line 2 names .* lies outside the data set"),
    ],
)
def test_what_cannot_be_read_of_a_table_names_its_line(root, content, said):
    (root / "captions.csv").write_text(content)
    with pytest.raises(UserError, match=said):
        read(root)


@pytest.mark.parametrize("option", ["split", "classes"])
def test_rows_that_disagree_are_refused_with_both_values_and_lines(root, option):
    column = {"split": ("train", "test", ""), "classes": ("wren", "owl", "")}[option]
    lines = [f"{place}.png,a bird,{column[0]}" for place in range(4)]
    (root / "captions.csv").write_text("\n".join(["file,caption,told", *lines, f"0.png,b,{column[2]}"]) + "\n")
    assert len(read(root, **{option: "told"}).by_id["0"].captions) == 2  # an empty cell contradicts nothing
    (root / "captions.csv").write_text("\n".join(["file,caption,told", *lines, f"0.png,b,{column[1]}"]) + "\n")
    with pytest.raises(UserError, match=rf"'0\.png' disagree: .* told says '{column[0]}' \(line 2\) and '{column[1]}'"):
        read(root, **{option: "told"})
    read(root)  # where the column is not asked for, it may say what it likes


def test_one_name_is_one_image(root):
    rows(root, [("./0.png", "a blue bird"), *GOOD])
    manifest = read(root)
    assert captions_of(manifest)["0"] == ("a blue bird", "a red bird 0") and not any(
        "0.png" in w for w in manifest.warnings
    )
    (root / "train.txt").write_text(".//0.png\n1\n")
    (root / "test.txt").write_text("2.png\n3.png\n")
    assert {one.id: one.split for one in read(root, split="lists").images}["0"] == "train"


def test_accents_match_whether_composed_or_not(root):
    image(root / "cafe\u0301.png")
    rows(root, [*GOOD, ("caf\u00e9.png", "a cup")])
    assert "a cup" in [text for one in read(root).images for text in one.captions]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["captions.csv", "captions.jsonl", "0.txt", "train.txt"])
def test_other_encodings_are_named(root, encoding, name):
    rows(root, GOOD) if name == "train.txt" else None
    if name == "0.txt":
        (root / "1.txt").write_text("a bird")
    (root / name).write_text("file,caption\n0.png,a red bird\n", encoding=encoding)
    with pytest.raises(UserError, match=rf"{name} is UTF-16.*: save it as UTF-8"):
        read(root, split="lists" if name == "train.txt" else "hash")


def test_a_list_that_is_not_utf8_names_the_line(root):
    rows(root, GOOD)
    (root / "train.txt").write_bytes(b"0.png\ncaf\xe9.png\n")
    with pytest.raises(UserError, match=r"train\.txt, line 2: this is not UTF-8 \(byte 0xe9\)"):
        read(root, split="lists")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"file": "0.png", "caption": "a \\ud83d"}', "half of a character"),
        ('{"file": "0.png", "caption": ' + "[" * 100_000 + "]" * 100_000 + "}", "nested too deep"),
        ('{"file": "0.png", "caption": "a", "caption": "b"}', "'caption' stands twice"),
        ('{"file": "0.png", "caption"', "this is not JSON"),
    ],
)
def test_odd_json_is_refused_with_its_line(root, line, said):
    rows(root, GOOD[1:])
    with (root / "captions.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(UserError, match=rf"captions\.jsonl, line 4: .*{said}"):
        read(root)
    (root / "x.json").write_text(line)
    with pytest.raises(UserError, match="cannot be read as a thing"):
        read_json(root / "x.json", what="a thing")


def test_whole_emoji_and_separators_are_kept():
    value = {"a": "\U0001f600 \u2028 \u0085 x"}
    assert parse_json(json.dumps(value)) == value
    assert [parse_json(line) for _, line in text_lines(json_line(value) + "\n" + json_line(value))] == [value, value]


def test_a_file_name_that_is_not_utf8_is_told_with_escapes(root):
    odd = os.fsencode(root) + b"/caf\xe9.png"
    with open(odd, "wb") as file:  # noqa: PTH123
        file.write((root / "0.png").read_bytes())
    rows(root, GOOD)
    manifest = read(root)
    assert any("1 with a name that is not UTF-8 (caf\\xe9.png)" in warning for warning in manifest.warnings)
    manifest.write(root / "manifest.json")
    (root / "captions.jsonl").unlink()
    for place in range(4):
        (root / f"{place}.txt").write_text("a bird")
    assert len(read(root).images) == 4


def test_arguments_that_are_not_utf8_are_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["t2ibench", "sample", "attngan", "a bird \udcff"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2 and "argument 'a bird \\xff' is not UTF-8" in capsys.readouterr().err


def test_every_kind_of_image_is_listed_and_the_rest_is_counted(root, tmp_path):
    for place, (name, form) in enumerate({"a.webp": "WEBP", "b.bmp": "BMP", "c.tif": "TIFF", "d.jfif": "JPEG",
                                          "e.JPE": "JPEG", "f.avif": "AVIF", "g": "PNG"}.items()):  # fmt: skip
        Image.open(root / "0.png").save(root / name, form)
        assert name in list_images(root).images, place
    image(tmp_path / "far" / "h.png")
    (root / "linked").symlink_to(tmp_path / "far")
    (root / "again").symlink_to(tmp_path / "far")
    (root / "up").symlink_to(tmp_path)
    image(root / "folder.png" / "inside.png")
    for hidden in ("._0.png", ".hidden/x.png"):
        image(root / hidden)
    (root / "README").write_text("a text")
    (root / "stats.npz").write_bytes(b"x")
    found = list_images(root)
    assert {"again/h.png", "folder.png/inside.png"} <= set(found.images) and len(found.images) == 4 + 7 + 2
    said = found.unread()
    assert (
        said.startswith("4 files were not read")
        and "1 .npz (stats.npz)" in said
        and "1 without an ending (README)" in said
    )
    assert "2 links to a folder" in said and "up" in {name for names in found.others.values() for name in names}


def test_captions_without_image_and_other_files_are_told(root):
    for place in range(4):
        (root / f"{place}.txt").write_text("a red bird\n")
    (root / "orphan.txt").write_text("a caption")
    (root / "notes.md").write_text("a note")
    warnings = " ".join(read(root).warnings)
    assert (
        "1 text files lie beside no image and were not read: orphan.txt" in warnings and "1 .md (notes.md)" in warnings
    )


def test_all_that_is_missing_is_named_with_near_names(root):
    rows(root, [("0.PNG", "a"), *((f"x{place}.png", "a") for place in range(7))])
    with pytest.raises(MissingImagesError) as caught:
        read(root)
    assert "8 of the 8 images" in str(caught.value) and "0.PNG (0.png?)" in str(caught.value)
    assert all(f"x{place}.png" in str(caught.value) for place in range(7))


def test_all_that_cannot_be_read_is_named_with_its_reason(root):
    for place in range(5):
        (root / f"bad{place}.jpg").write_text("<html>429")
    Image.new("1", (20000, 10000)).save(root / "huge.png")
    image(root / "line.png", size=(2000, 1))
    rows(root, [*GOOD, *((f"{name}", "a") for name in sorted(os.listdir(root)) if name[0] in "bhl")])  # noqa: PTH208
    with pytest.raises(MissingImagesError) as caught:
        read(root)
    said = str(caught.value)
    assert (
        "7 of the 11 images" in said and "bad0.jpg, bad1.jpg, bad2.jpg, bad3.jpg, bad4.jpg (no image that PIL" in said
    )
    assert "huge.png (too large: over 178,956,970 pixels)" in said
    assert "line.png (2000 x 1 pixels: longer than 100 times its shorter side)" in said and "BytesIO" not in said
    partial = read(root, partial=True)
    assert len(partial.images) == 4 and any("line.png (2000 x 1" in warning for warning in partial.warnings)
    with pytest.raises(UserError, match="longer than 100 times"):
        read_file(root / "line.png")
    read_file(image(root / "banner.png", size=(3200, 32)))  # just within the limit


def coco(root, captions, files):
    (root / "annotations").mkdir(parents=True)
    images = [{"id": number, "file_name": f"{number:012d}.jpg"} for number in captions]
    rows = [(number, text) for number, texts in captions.items() for text in texts]
    content = {
        "images": images,
        "annotations": [{"image_id": n, "id": i, "caption": t} for i, (n, t) in enumerate(rows)],
    }
    (root / "annotations" / "captions_train2014.json").write_text(json.dumps(content))
    for file in files:
        image(root / "train2014" / file)
    return COCO("coco", DatasetEntry(adapter="coco", protocol="p", captions_per_image=5)).read(root)


def test_coco_tells_what_it_cuts_and_what_has_no_caption(tmp_path):
    files = [f"{number:012d}.jpg" for number in (1, 2, 3)]
    manifest = coco(tmp_path, {1: ["a"] * 5, 2: ["a"] * 7}, [*files, f"._{files[0]}"])
    assert [one.file for one in manifest.images] == ["train2014/000000000001.jpg", "train2014/000000000002.jpg"]
    assert "1 images have more than 5 captions; the first 5 were taken: 000000000002." in manifest.warnings
    assert "1 image files have no caption and were left out: 000000000003.jpg." in manifest.warnings


@pytest.mark.parametrize("how", ["moved", "copied"])
def test_a_workspace_reads_its_own_files_wherever_it_lies(tmp_path, how):
    birds = DatasetEntry(adapter="simbirds", protocol="p", options={"images": 8, "size": 32, "seed": 0})
    known = Benchmarks(schema=1, datasets={"simbirds": birds}, models={}, metrics={}, protocols={"p": {"metrics": ()}})
    first = open_dataset("simbirds", known, Workspace.at(tmp_path / "a"))
    if how == "moved":
        (tmp_path / "a").rename(tmp_path / "b")
    else:
        shutil.copytree(tmp_path / "a", tmp_path / "b")
    second = open_dataset("simbirds", known, Workspace.at(tmp_path / "b"))
    assert second.root == tmp_path / "b" / "data" / "simbirds" / "files" and second.digest == first.digest
    assert second.path(second.images[0]).is_file()


def test_a_copied_manifest_of_an_older_form_does_not_read_the_original(tmp_path):
    birds = DatasetEntry(adapter="simbirds", protocol="p", options={"images": 8, "size": 32, "seed": 0})
    known = Benchmarks(schema=1, datasets={"simbirds": birds}, models={}, metrics={}, protocols={"p": {"metrics": ()}})
    first = open_dataset("simbirds", known, Workspace.at(tmp_path / "a"))
    place = tmp_path / "b" / "data" / "simbirds"
    place.mkdir(parents=True)
    first.write(place / "manifest.json")  # names the absolute folder of the original
    second = open_dataset("simbirds", known, Workspace.at(tmp_path / "b"))
    assert second.root == place / "files" and second.digest == first.digest


def test_where_nothing_can_be_written_space_is_not_asked_for(tmp_path):
    (tmp_path / "results").write_text("a file where a folder is wanted")
    with pytest.raises(UserError, match=r"Cannot write .*another --workspace") as caught:
        check_writable(tmp_path / "results")
    assert "free some space" not in str(caught.value)
    full = writing_failed(tmp_path, OSError(28, "No space left on device"))
    assert "free some space" in str(full) and full.exit_code == 1
    forbidden = writing_failed(tmp_path, OSError(30, "Read-only file system"))
    assert "free some space" not in str(forbidden) and forbidden.exit_code == 2


def test_every_line_end_parts_lines(tmp_path):
    (tmp_path / "x").write_bytes("\ufeffa\r\nb\u2028c\rd".encode())
    assert list(text_lines(read_text(tmp_path / "x", what="lines"))) == [(1, "a"), (2, "b\u2028c"), (3, "d")]
