"""Reading CUB's layout: where people keep it, what it holds, and a sentence for everything that is missing."""

import pickle
import shutil

import pytest

from t2ibench.core.errors import UserError
from t2ibench.data.adapter import DatasetAdapter, DrawnDataset, MissingImagesError
from t2ibench.data.cub import CUB
from t2ibench_simulations.simbirds.adapter import SimBirds


def _read(root, entry):
    return CUB("cub", entry).read(root)


def test_contents(manifest):
    assert {name: len(images) for name, images in manifest.splits.items()} == {"train": 6, "test": 2}
    first = manifest.images[0]
    assert first.id == "001.Red_Wren/Red_Wren_0000" and first.class_id == 1 and first.box == (10, 5, 20, 15)
    assert first.file == "CUB_200_2011/images/001.Red_Wren/Red_Wren_0000.jpg" and manifest.path(first).is_file()
    assert len(first.captions) == 10 and first.captions[3] == "bird 0 , caption 3"
    assert manifest.warnings == () and manifest.vocabulary_origin == "built"
    assert manifest.vocabulary[0] == "<end>" and {"bird", "caption"} <= set(manifest.vocabulary)
    assert isinstance(CUB("cub", None), DatasetAdapter) and not isinstance(CUB("cub", None), DrawnDataset)
    assert isinstance(SimBirds("simbirds", None), DrawnDataset)


@pytest.mark.parametrize("place", [".", "birds", "CUB_200_2011"])
def test_side_by_side_from_any_of_the_folders(birds, entry, manifest, place):
    assert _read(birds / place, entry).digest == manifest.digest


@pytest.mark.parametrize("place", ["data/birds", "data", "."])
def test_the_layout_of_attngan(tmp_path, entry, manifest, birds_writer, place):
    birds_writer(tmp_path / "checkout" / "data" / "birds", nested=True)
    assert _read(tmp_path / "checkout" / place, entry).digest == manifest.digest


def test_the_metadata_in_cubs_parent(birds, entry, manifest):
    for item in (birds / "birds").iterdir():
        shutil.move(item, birds / item.name)
    assert _read(birds, entry).digest == manifest.digest
    assert _read(birds / "CUB_200_2011", entry).digest == manifest.digest


def test_of_two_metadata_folders_the_one_whose_images_are_there(birds, entry, manifest):
    larger = birds / "a-larger-release"
    shutil.copytree(birds / "birds", larger)
    (larger / "train" / "filenames.pickle").write_bytes(pickle.dumps(["009.No/No_0001"]))
    assert _read(birds, entry).digest == manifest.digest
    shutil.move(birds / "birds", birds / "z-smaller")
    assert _read(birds, entry).digest == manifest.digest


@pytest.mark.parametrize(
    ("file", "source"),
    [
        ("CUB_200_2011/images.txt", "CUB.tgz"),
        ("CUB_200_2011/bounding_boxes.txt", "CUB.tgz"),
        ("birds/train/filenames.pickle", "birds.zip"),
        ("birds/test/filenames.pickle", "birds.zip"),
        ("birds/train/class_info.pickle", "birds.zip"),
        ("birds/text/001.Red_Wren/Red_Wren_0001.txt", "birds.zip"),
    ],
)
def test_a_missing_file_names_itself_its_source_and_what_to_do(birds, entry, file, source):
    (birds / file).unlink()
    with pytest.raises(UserError) as caught:
        _read(birds, entry)
    message = str(caught.value)
    assert str(birds / file) in message and f"https://example.org/{source}" in message and "--data-root" in message


def test_missing_images_are_counted_and_all_of_them_known(birds, entry):
    gone = sorted((birds / "CUB_200_2011" / "images").glob("*/*.jpg"))[:5]
    for path in gone:
        path.unlink()
    with pytest.raises(MissingImagesError, match=r"5 of the 8 images .*Red_Wren_0000.*.*unpack") as caught:
        _read(birds, entry)
    assert len(caught.value.names) == 5


def test_other_counts_are_a_warning(birds, entry):
    counts = entry.model_copy(update={"splits": {"train": 8855, "test": 2}})
    (warning,) = _read(birds, counts).caveats
    assert "6 images in its train split where 8855 are expected" in warning


def test_files_that_disagree_are_errors(birds, entry):
    path = birds / "birds" / "train" / "class_info.pickle"
    path.write_bytes(pickle.dumps([1, 2]))
    with pytest.raises(UserError, match=r"2 classes for the 6 images"):
        _read(birds, entry)


def test_a_image_named_twice_is_an_error(birds, entry):
    path = birds / "birds" / "train" / "filenames.pickle"
    path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes())[:1] * 2))
    with pytest.raises(UserError, match="names an image twice"):
        _read(birds, entry)


@pytest.mark.parametrize("row", ["1 10.0 5.0 20.0", "1 a b c d", "77 1 1 1 1", "1 nan 1 1 1", "1 inf 1 1 1"])
def test_a_damaged_table_names_itself(birds, entry, row):
    path = birds / "CUB_200_2011" / "bounding_boxes.txt"
    path.write_text(path.read_text() + row + "\n")
    with pytest.raises(UserError, match=r"bounding_boxes\.txt"):
        _read(birds, entry)


def test_captions_follow_the_official_rules(birds, entry):
    path = birds / "birds" / "text" / "001.Red_Wren" / "Red_Wren_0000.txt"
    lines = ["", "  ", "...!", "A red-winged bird's tail", "caf\u00e9 \ufffd\ufffdbird"] + [
        f"line {i}" for i in range(20)
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    captions = _read(birds, entry).images[0].captions
    assert captions == ("A red-winged bird's tail", "caf\u00e9 \ufffd\ufffdbird", *(f"line {i}" for i in range(8)))


def test_few_captions_warn_and_none_is_an_error(birds, entry):
    path = birds / "birds" / "text" / "001.Red_Wren" / "Red_Wren_0000.txt"
    path.write_text("one line\n")
    manifest = _read(birds, entry)
    assert len(manifest.images[0].captions) == 1
    assert "1 images of cub have fewer than 10 captions: 001.Red_Wren/Red_Wren_0000" in manifest.warnings[0]
    path.write_text("\n...\n")
    with pytest.raises(
        UserError, match=r"have no caption with a word in it: 001\.Red_Wren/Red_Wren_0000\. Unpack the folder text"
    ):
        _read(birds, entry)


def test_the_released_vocabulary_is_taken_as_it_is(birds, entry):
    words = ["<end>", "zebra", "bird", "wing"]
    content = [[[3, 1]], [[2]], dict(enumerate(words)), {word: index for index, word in enumerate(words)}]
    (birds / "birds" / "captions.pickle").write_bytes(pickle.dumps(content, 2))
    manifest = _read(birds, entry)
    assert manifest.vocabulary == tuple(words) and manifest.vocabulary_origin == "released"
    assert SimBirds("simbirds", entry).read(birds).vocabulary_origin == "built"


@pytest.mark.parametrize(
    ("words", "order"), [(["bird", "red", "zebra"], "alphabetical"), (["zebra", "bird", "red"], "first appearance")]
)
def test_a_vocabulary_that_somebody_built_anew_is_not_called_released(birds, entry, words, order):
    words = ["<end>", *words]
    content = [[[1, 2]], [[3]], dict(enumerate(words)), {word: index for index, word in enumerate(words)}]
    (birds / "birds" / "captions.pickle").write_bytes(pickle.dumps(content, 2))
    manifest = _read(birds, entry)
    assert manifest.vocabulary == tuple(words) and manifest.vocabulary_origin == "built"
    assert f"is not the released one: its words stand in {order} order" in manifest.warnings[0]


def test_a_vocabulary_damaged_by_a_transfer_is_repaired_and_told(birds, entry):
    words = ["<end>", "bird", *(f"word{number * 7 % 300}" for number in range(300))]
    content = [[[3, 10, 13]], [[2]], dict(enumerate(words)), {word: index for index, word in enumerate(words)}]
    path = birds / "birds" / "captions.pickle"
    path.write_bytes(pickle.dumps(content, 2).replace(b"\n", b"\r\n"))
    manifest = _read(birds, entry)
    assert manifest.vocabulary == tuple(words) and manifest.vocabulary_origin == "released"
    assert "transfer in text mode; its line ends were repaired" in manifest.warnings[0]


def test_real_photos_and_the_released_metadata(cub_mini, entry):
    manifest = _read(cub_mini, entry)
    assert {name: len(images) for name, images in manifest.splits.items()} == {"train": 64, "test": 39}
    assert len(manifest.vocabulary) == 5450 and manifest.vocabulary_origin == "released"
    classes = [{image.class_id for image in images} for images in manifest.splits.values()]
    assert not classes[0] & classes[1]
    assert all(image.class_id == int(image.id[:3]) for image in manifest.images)


def test_the_released_pickles_in_full(cub_mini):
    from t2ibench.data.attngan_metadata import read_class_ids, read_file_names

    for split, count, classes in (("train", 8855, 150), ("test", 2933, 50)):
        folder = cub_mini / "attngan-metadata" / split
        names, ids = read_file_names(folder / "filenames.pickle"), read_class_ids(folder / "class_info.pickle")
        assert len(names) == len(ids) == count and len(set(ids)) == classes
        assert all(int(name[:3]) == class_id for name, class_id in zip(names, ids, strict=True))
