"""A manifest survives being written, and its digest knows contents, not places."""

import dataclasses

import pytest

from t2ibench.core.errors import UserError
from t2ibench.data.cub import CUB
from t2ibench.data.manifest import read_manifest, stamp_of


def test_written_and_read_again(manifest, tmp_path):
    path = tmp_path / "ws" / "manifest.json"
    manifest.write(path)
    assert read_manifest(path) == manifest
    assert read_manifest(path).digest == manifest.digest


def test_the_digest_does_not_know_where_the_files_lie(manifest, entry, tmp_path, birds_writer):
    birds_writer(tmp_path / "elsewhere" / "deep", nested=True)
    other = CUB("cub", entry).read(tmp_path / "elsewhere" / "deep")
    assert other.root != manifest.root and other.digest == manifest.digest


@pytest.mark.parametrize(
    "change",
    [
        {"id": "x"},
        {"split": "test"},
        {"class_id": 9},
        {"class_id": None},
        {"box": (0, 0, 1, 1)},
        {"box": None},
        {"captions": ("other",)},
        {"size": 1},
        {"sha256": "0" * 64},
    ],
)
def test_the_digest_knows_every_content(manifest, change):
    changed = dataclasses.replace(manifest.images[0], **change)
    other = dataclasses.replace(manifest, images=(changed, *manifest.images[1:]))
    assert other.digest != manifest.digest


def test_the_digest_knows_name_vocabulary_and_order_but_not_bookkeeping(manifest):
    for change in ({"name": "x"}, {"vocabulary": ("<end>",)}, {"images": manifest.images[::-1]}):
        assert dataclasses.replace(manifest, **change).digest != manifest.digest
    for change in ({"caveats": ("x",)}, {"found": ("x",)}, {"home": manifest.root}):
        assert dataclasses.replace(manifest, **change).digest == manifest.digest
    for change in ({"missing": ("x",)}, {"missing": ("y",)}, {"upright": True}):
        assert dataclasses.replace(manifest, **change).digest != manifest.digest
    for change in ({"stamp": "x"}, {"request": "x"}, {"warnings": ("x",)}, {"sources": ()}, {"made": True}):
        assert dataclasses.replace(manifest, **change).digest == manifest.digest


def test_captions_have_stable_ids(manifest):
    captions = manifest.captions("test")
    assert len(captions) == 20 and len({caption.id for caption in captions}) == 20
    assert captions[11].id == "cub/test/004.Tiny_Tit/Tiny_Tit_0001#1"
    assert (captions[11].image_id, captions[11].index, captions[11].class_id) == ("004.Tiny_Tit/Tiny_Tit_0001", 1, 4)
    with pytest.raises(UserError, match="Did you mean test"):
        manifest.captions("tets")


def test_a_damaged_manifest_names_itself(manifest, tmp_path):
    path = tmp_path / "manifest.json"
    with pytest.raises(UserError, match="is missing"):
        read_manifest(path)
    manifest.write(path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(UserError, match=r"manifest\.json is not the manifest.*prepare the data set again"):
        read_manifest(path)


def test_the_stamp_sees_changed_and_missing_files(tmp_path):
    (tmp_path / "a").write_text("1")
    before = stamp_of(tmp_path, ["a", "b"])
    assert stamp_of(tmp_path, ["a", "b"]) == before
    (tmp_path / "b").write_text("2")
    between = stamp_of(tmp_path, ["a", "b"])
    (tmp_path / "a").write_text("11")
    assert len({before, between, stamp_of(tmp_path, ["a", "b"])}) == 3
