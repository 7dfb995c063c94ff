"""COCO in every layout people have it in: equal images and captions give equal manifests."""

import json
import pickle
import shutil
from pathlib import Path

import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import DatasetEntry, SourceFile
from t2ibench.data.adapter import DatasetAdapter, MissingImagesError
from t2ibench.data.coco import COCO

NUMBERS = {"train": (9, 25, 581929), "val": (42, 391895)}
FILES = {
    "train2014.zip": SourceFile(url="https://example.org/train2014.zip", note="unpack it"),
    "annotations_trainval2014.zip": SourceFile(url="https://example.org/annotations.zip", note="unpack it"),
}


def captions_of(number):
    return [f"A man, number {number}, rides bike {index}." for index in range(5)]


def write_images(folder, numbers, prefix=""):
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        level = number % 251
        Image.new("RGB", (40, 30), (level, level, level)).save(folder / f"{prefix}{number:012d}.jpg")


def write_annotations(folder, year, prefix=True):
    folder.mkdir(parents=True, exist_ok=True)
    for part, numbers in NUMBERS.items():
        name = f"COCO_{part}{year}_" if prefix else ""
        images = [{"id": number, "file_name": f"{name}{number:012d}.jpg", "height": 30} for number in reversed(numbers)]
        rows = [(number, text) for number in numbers for text in [*captions_of(number), "One too many."]]
        annotations = [{"image_id": n, "id": place, "caption": text} for place, (n, text) in enumerate(rows)]
        content = {"info": {}, "images": images, "annotations": annotations[::-1]}
        (folder / f"captions_{part}{year}.json").write_text(json.dumps(content))


def write_metadata(folder, text=True):
    splits = {"train": NUMBERS["train"], "test": NUMBERS["val"]}
    numbers, words = [], {0: "<end>", 1: "zebra"}
    for split, part in (("train", "train"), ("test", "val")):
        keys = [f"COCO_{part}2014_{number:012d}" for number in splits[split]]
        (folder / split).mkdir(parents=True)
        (folder / split / "filenames.pickle").write_bytes(pickle.dumps(keys, 0))
        rows = []
        for key, number in zip(keys, splits[split], strict=True):
            if text:
                (folder / "text").mkdir(exist_ok=True)
                (folder / "text" / f"{key}.txt").write_text("\n".join(captions_of(number)) + "\n")
            for caption in captions_of(number):
                tokens = caption.lower().replace(",", "").replace(".", "").split()
                for token in tokens:
                    if token not in words.values():
                        words[len(words)] = token
                rows.append([index for token in tokens for index, word in words.items() if word == token])
        numbers.append(rows)
    content = [*numbers, words, {word: index for index, word in words.items()}]
    (folder / "captions.pickle").write_bytes(pickle.dumps(content, 2))


@pytest.fixture
def entry():
    return DatasetEntry(adapter="coco", protocol="p", splits={"train": 3, "test": 2}, captions_per_image=5, files=FILES)


@pytest.fixture
def tree(tmp_path):
    """COCO 2014 as it comes."""
    root = tmp_path / "tree"
    write_annotations(root / "annotations", 2014)
    for part, numbers in NUMBERS.items():
        write_images(root / f"{part}2014", numbers, f"COCO_{part}2014_")
    return root


def read(root, entry, **options):
    given = entry.model_copy(update={"options": options}) if options else entry
    return COCO("coco", given).read(Path(root).absolute())


def test_the_tree_of_2014(tree, entry):
    manifest = read(tree, entry)
    assert {name: [image.id for image in images] for name, images in manifest.splits.items()} == {
        "train": ["000000000009", "000000000025", "000000581929"],
        "test": ["000000000042", "000000391895"],
    }
    first = manifest.images[0]
    assert first.file == "train2014/COCO_train2014_000000000009.jpg" and first.class_id is None and first.box is None
    assert list(first.captions) == captions_of(9) and manifest.caveats == ()
    assert [warning[:38] for warning in manifest.warnings] == ["5 images have more than 5 captions; th"]
    assert manifest.vocabulary[:2] == ("<end>", "<unk>") and manifest.vocabulary_origin == "built"
    assert isinstance(COCO("coco", entry), DatasetAdapter)


def _move_to_2017(root):
    shutil.rmtree(root / "annotations")
    write_annotations(root / "annotations", 2017, prefix=False)
    for part in NUMBERS:
        folder = root / f"{part}2014"
        for path in folder.iterdir():
            path.rename(path.with_name(path.name.rpartition("_")[2]))
        folder.rename(root / f"{part}2017")


def _flat_images(root):
    (root / "images").mkdir()
    for part in NUMBERS:
        for path in (root / f"{part}2014").iterdir():
            path.rename(root / "images" / path.name)


def _folders_in_images(root):
    (root / "images").mkdir()
    for part in NUMBERS:
        (root / f"{part}2014").rename(root / "images" / f"{part}2014")


def _captions_of_2014_images_of_2017(root):
    saved = root.parent / "saved"
    shutil.copytree(root / "annotations", saved)
    _move_to_2017(root)
    shutil.rmtree(root / "annotations")
    saved.rename(root / "annotations")


def _attngan(root):
    _flat_images(root)
    shutil.rmtree(root / "annotations")
    write_metadata(root)
    (root / "captions.pickle").unlink()


def _dfgan(root):
    _folders_in_images(root)
    shutil.rmtree(root / "annotations")
    write_metadata(root)
    (root / "captions.pickle").unlink()


@pytest.mark.parametrize(
    "change",
    [_move_to_2017, _flat_images, _folders_in_images, _captions_of_2014_images_of_2017, _attngan, _dfgan],
)
def test_every_layout_gives_the_same_manifest(tree, entry, change):
    before = read(tree, entry)
    change(tree)
    after = read(tree, entry)
    assert after.digest == before.digest and after.images != before.images  # the files lie elsewhere
    assert all(after.path(image).is_file() for image in after.images) and len(after.found) >= 2


def test_the_folder_above_is_understood(tree, entry, tmp_path):
    digest = read(tree, entry).digest
    (tmp_path / "data").mkdir()
    tree.rename(tmp_path / "data" / "coco")
    assert read(tmp_path, entry).digest == read(tmp_path / "data", entry).digest == digest


@pytest.mark.parametrize("name", ["captions.pickle", "captions_DAMSM.pickle"])
def test_the_released_vocabulary_is_taken_and_stands_in_for_the_text_files(tree, entry, name):
    _attngan(tree)
    shutil.rmtree(tree / "train"), shutil.rmtree(tree / "test"), shutil.rmtree(tree / "text")
    write_metadata(tree, text=False)
    (tree / "captions.pickle").rename(tree / name)
    manifest = read(tree, entry)
    assert manifest.vocabulary_origin == "released" and manifest.vocabulary[:3] == ("<end>", "zebra", "a")
    assert manifest.images[0].captions[1] == "a man number 9 rides bike 1"
    with pytest.raises(UserError, match=r"not 4 each\. They come from different releases"):
        read(tree, entry.model_copy(update={"captions_per_image": 4}))


def test_a_year_can_be_asked_for(tree, entry):
    write_annotations(tree / "annotations", 2017, prefix=False)
    assert "2017" in read(tree, entry, year=2017).found[0] and "2014" in read(tree, entry).found[0]
    with pytest.raises(UserError, match="year = 2015 is none of"):
        read(tree, entry, year=2015)


def test_karpathys_split_is_used_on_request(tree, entry):
    splits = {9: "train", 25: "restval", 581929: "val", 42: "test", 391895: "test"}
    images = [
        {
            "cocoid": number,
            "filename": f"COCO_{'train' if number in NUMBERS['train'] else 'val'}2014_{number:012d}.jpg",
            "split": split,
            "sentences": [{"raw": text, "tokens": []} for text in captions_of(number)],
        }
        for number, split in splits.items()
    ]
    with pytest.raises(UserError, match=r"dataset_coco\.json is missing"):
        read(tree, entry, split="karpathy")
    path = tree / "dataset_coco.json"
    path.write_text(json.dumps({"images": images}))
    assert any("dataset_coco.json is there too" in sentence for sentence in read(tree, entry).found)
    found = read(tree, entry, split="karpathy").splits
    assert {name: len(listed) for name, listed in found.items()} == {"train": 2, "val": 1, "test": 2}
    images[0]["split"] = "trian"
    path.write_text(json.dumps({"images": images}))
    with pytest.raises(UserError, match="'trian', which is unknown"):
        read(tree, entry, split="karpathy")
    with pytest.raises(UserError, match="Did you mean karpathy"):
        read(tree, entry, split="karpaty")


def test_missing_images_refuse_unless_asked(tree, entry):
    (tree / "train2014" / "COCO_train2014_000000000025.jpg").unlink()
    with pytest.raises(MissingImagesError, match=r"1 of the 5 images .*: 000000000025\. .*--partial") as caught:
        read(tree, entry)
    assert caught.value.names == ("000000000025",) and "https://example.org/train2014.zip" in str(caught.value)
    manifest = COCO("coco", entry).read(tree, partial=True)
    assert manifest.missing == ("000000000025",) and len(manifest.images) == 4
    assert (
        "coco is partial: 1 of its 5 images" in manifest.caveats[0] and "2 images in its train" in manifest.caveats[1]
    )


def test_missing_captions_name_their_source(tree, entry):
    shutil.rmtree(tree / "annotations")
    with pytest.raises(UserError, match=r"captions_train2014\.json is missing.*https://example.org/annotations.zip"):
        read(tree, entry)
    with pytest.raises(UserError, match="is not a folder"):
        read(tree / "none", entry)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "EOF while parsing"),
        ("[]", "is not of COCO's form"),
        ('{"images": []}', "annotations: Field required"),
        ('{"images": [{"id": "x", "file_name": "a.jpg"}], "annotations": []}', r"images\.0\.id: Input should be"),
        ('{"images": [{"id": 1, "file_name": "../../x.jpg"}], "annotations": []}', "outside the data set"),
        ('{"images": [{"id": 1, "file_name": "/x.jpg"}], "annotations": []}', "outside the data set"),
        ('{"images": [], "annotations": [{"image_id": 1, "caption": "a"}]}', "not among its images"),
    ],
)
def test_annotations_of_another_form_are_a_sentence(tree, entry, content, sentence):
    (tree / "annotations" / "captions_train2014.json").write_text(content)
    with pytest.raises(UserError, match=sentence) as caught:
        read(tree, entry)
    assert "captions_train2014.json" in str(caught.value)


def test_captions_are_kept_as_written_in_one_line_and_empty_ones_are_not_counted(tree, entry):
    path = tree / "annotations" / "captions_val2014.json"
    content = json.loads(path.read_text())
    texts = ["<script>alert('x')</script> a &amp; b", "two\nlines \t here\n", "", "...", "日本", "last one"]
    rows = [{"image_id": 42, "id": place, "caption": text} for place, text in enumerate(texts)]
    content["annotations"] = [row for row in content["annotations"] if row["image_id"] != 42] + rows
    path.write_text(json.dumps(content))
    manifest = read(tree, entry)
    captions = manifest.by_id["000000000042"].captions
    assert captions == ("<script>alert('x')</script> a &amp; b", "two lines here", "last one")
    assert "1 images of coco have fewer than 5 captions: 000000000042" in " ".join(manifest.warnings)


def test_the_real_photos_of_2017_and_the_same_as_2014(entry, tmp_path):
    source = Path(__file__).resolve().parents[4] / "shared" / "data" / "coco-mini"
    if not source.is_dir():
        pytest.skip("the real photos of ../shared/data/coco-mini are not on this machine")
    root = tmp_path / "coco2014"
    (root / "annotations").mkdir(parents=True)
    for part in NUMBERS:
        content = json.loads((source / "annotations" / f"captions_{part}2017.json").read_text())
        (root / f"{part}2014").mkdir()
        for image in content["images"]:
            name = f"COCO_{part}2014_{image['id']:012d}.jpg"
            (root / f"{part}2014" / name).symlink_to(source / f"{part}2017" / image["file_name"])
            image["file_name"] = name
        (root / "annotations" / f"captions_{part}2014.json").write_text(json.dumps(content))
    manifest = read(source, entry)
    assert {name: len(images) for name, images in manifest.splits.items()} == {"train": 130, "test": 331}
    assert read(root, entry).digest == manifest.digest
