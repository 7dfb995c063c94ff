"""CUB without AttnGAN's metadata, with parts of it, with StackGAN's and DF-GAN's files; partial trees; splits."""

import pickle
import shutil

import pytest

from t2ibench.core.errors import UserError
from t2ibench.data.adapter import MissingImagesError
from t2ibench.data.attngan_metadata import SPLITS, read_class_ids, read_file_names
from t2ibench.data.cub import CUB
from t2ibench.data.cub.tables import TEST_CLASSES, class_of


def read(root, entry, partial=False, **options):
    given = entry.model_copy(update={"options": options})
    return CUB("cub", given).read(root, partial=partial)


@pytest.fixture
def plain(birds):
    """CUB_200_2011 with captions beside it, nothing else."""
    for split in SPLITS:
        shutil.rmtree(birds / "birds" / split)
    return birds


def counts(manifest):
    return {name: len(images) for name, images in manifest.splits.items()}


@pytest.mark.parametrize("place", ["birds/text", "CUB_200_2011/text", "text", "text_c10", "cvpr2016_cub/text_c10"])
def test_plain_cub_is_split_by_class(plain, entry, manifest, place):
    (plain / place).parent.mkdir(exist_ok=True)
    (plain / "birds" / "text").rename(plain / place)
    found = read(plain, entry)
    # Of the tiny set's classes 1 and 4 are among the papers' test classes, 2 and 3 among the training ones.
    assert counts(found) == {"train": 3, "test": 5} and {i.class_id for i in found.split("test")} == {1, 4}
    assert {image.id: image.captions for image in found.images} == {i.id: i.captions for i in manifest.images}
    assert any("by class, 150 for training and 50 for testing" in sentence for sentence in found.found)


def test_the_split_by_class_is_that_of_the_released_metadata(cub_mini):
    assert len(TEST_CLASSES) == 50 and min(TEST_CLASSES) >= 1 and max(TEST_CLASSES) <= 200
    metadata = cub_mini / "attngan-metadata"
    for split, inside in (("train", False), ("test", True)):
        assert all(
            (number in TEST_CLASSES) is inside for number in read_class_ids(metadata / split / "class_info.pickle")
        )
    keys = [
        line.split()[1].removesuffix(".jpg")
        for line in (cub_mini / "CUB_200_2011/images.txt").read_text().split("\n")
        if line
    ]
    for split, inside in (("train", False), ("test", True)):
        ours = {key for key in keys if (class_of(key) in TEST_CLASSES) is inside}
        assert ours == set(read_file_names(metadata / split / "filenames.pickle"))


def test_cubs_own_split(birds, entry):
    with pytest.raises(UserError, match=r"train_test_split\.txt is missing.*https://example.org/CUB.tgz"):
        read(birds, entry, split="own")
    table = birds / "CUB_200_2011" / "train_test_split.txt"
    table.write_text("".join(f"{number} {number % 2}\n" for number in range(1, 9)))
    found = read(birds, entry, split="own")
    assert counts(found) == {"train": 4, "test": 4} and found.split("train")[0].id.endswith("Red_Wren_0000")
    table.write_text("1 2\n")
    with pytest.raises(UserError, match=r"train_test_split\.txt"):
        read(birds, entry, split="own")
    with pytest.raises(UserError, match="Did you mean own"):
        read(birds, entry, split="owns")


def test_the_own_split_of_the_real_photos_is_partial(cub_mini, entry):
    with pytest.raises(MissingImagesError, match="11685 of the 11788 images") as caught:
        read(cub_mini, entry, split="own")
    assert len(caught.value.names) == 11685
    found = read(cub_mini, entry, split="own", partial=True)
    assert sum(counts(found).values()) == 103 and len(found.missing) == 11685


def test_plain_cub_without_captions_names_their_source(plain, entry):
    shutil.rmtree(plain / "birds")
    with pytest.raises(UserError, match=r"filenames\.pickle is missing.*https://example.org/birds\.zip"):
        read(plain, entry)


def test_stackgans_tree_is_understood_and_its_codes_are_told(birds, entry, manifest):
    for split in SPLITS:
        (birds / "birds" / split / "char-CNN-RNN-embeddings.pickle").write_bytes(b"not read")
    found = read(birds, entry)
    assert found.digest == manifest.digest and "StackGAN's sentence codes" in found.found[-1]


@pytest.mark.parametrize("name", ["captions.pickle", "captions_DAMSM.pickle"])
def test_captions_come_from_the_pickle_where_there_is_no_text(birds, entry, name):
    shutil.rmtree(birds / "birds" / "text")
    words = {0: "<end>", 1: "wing", 2: "red", 3: "bird"}
    content = [[[2, 3]] * 60, [[3, 0]] * 20, words, {word: index for index, word in words.items()}]
    (birds / "birds" / name).write_bytes(pickle.dumps(content, 2))
    found = read(birds, entry)
    assert found.vocabulary == ("<end>", "wing", "red", "bird") and found.vocabulary_origin == "released"
    assert found.split("train")[0].captions == ("red bird",) * 10 and found.split("test")[1].captions == ("bird",) * 10
    (birds / "birds" / name).write_bytes(pickle.dumps([content[0][:59], *content[1:]], 2))
    with pytest.raises(UserError, match=r"59 captions for the 6 images of train/filenames\.pickle, not 10 each"):
        read(birds, entry)


def test_a_partial_set_has_a_digest_of_its_own(birds, entry, manifest):
    key = manifest.images[2].id
    path = birds / "CUB_200_2011" / "images" / f"{key}.jpg"
    path.unlink()
    with pytest.raises(MissingImagesError, match="--partial"):
        read(birds, entry)
    found = read(birds, entry, partial=True)
    assert found.missing == (key,) and len(found.images) == 7 and "cub is partial: 1 of its 8" in found.caveats[0]
    for split in SPLITS:  # the same images as a whole set are another data set
        names = birds / "birds" / split / "filenames.pickle"
        kept = [name for name in read_file_names(names) if name != key]
        names.write_bytes(pickle.dumps(kept))
        (names.parent / "class_info.pickle").write_bytes(pickle.dumps([class_of(name) for name in kept]))
    whole = read(birds, entry)
    assert whole.images == found.images and whole.vocabulary == found.vocabulary and whole.digest != found.digest


def test_a_image_table_that_climbs_out_is_refused(birds, entry):
    path = birds / "CUB_200_2011" / "images.txt"
    path.write_text(path.read_text() + "9 ../../etc/passwd.jpg\n")
    with pytest.raises(UserError, match="outside the data set"):
        read(birds, entry)
