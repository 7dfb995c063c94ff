"""Whatever a digest names is what was read: data sets, caches, weights and model folders that change in between."""

import dataclasses
import os

import pytest
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.data.batches.cache import cache_fault, open_cache
from t2ibench.data.check import check_dataset
from t2ibench.data.cub import CUB
from t2ibench.data.images import ChangedImageError, make_cache, read_image
from t2ibench.data.manifest import stamp_of
from t2ibench.data.open import open_dataset


@pytest.fixture
def benchmarks(entry):
    return Benchmarks.model_construct(datasets={"cub": entry})


@pytest.fixture
def place(birds, tmp_path, benchmarks):
    """(what opens the data set, its folder)."""
    workspace = Workspace(tmp_path / "ws")
    return lambda: open_dataset("cub", benchmarks, workspace, root=birds), birds


def repaint(path, level=255):
    Image.new("RGB", (40, 30), (level, 0, 0)).save(path)


def unseen(manifest, monkeypatch):
    """Have all changes from now on keep size, times and inodes, as some network drives do."""
    import t2ibench.data.open as opening

    monkeypatch.setattr(opening, "stamp_of", lambda root, names: "as ever")
    monkeypatch.setattr(opening, "_stamp", lambda manifest: "as ever")
    dataclasses.replace(manifest, stamp="as ever").write(manifest.home / "manifest.json")


def sound(manifest):
    return all(digest_of_file(manifest.path(image)) == image.sha256 for image in manifest.images)


@pytest.mark.parametrize("moment", ["after the digests", "before them"])
def test_images_that_change_while_they_are_scanned_are_read_again(place, monkeypatch, moment):
    opened, birds = place
    path, read, calls = sorted(birds.rglob("*.jpg"))[0], CUB.read, []

    def changing(self, root, **rest):
        calls.append(root)
        if len(calls) == 1 and moment == "before them":
            repaint(path)
        found = read(self, root, **rest)
        if len(calls) == 1 and moment == "after the digests":
            repaint(path)
        return found

    monkeypatch.setattr(CUB, "read", changing)
    manifest = opened()
    assert sound(manifest) and sound(opened())


def test_captions_that_change_while_they_are_read_are_read_again(place, monkeypatch):
    opened, birds = place
    path, read, calls = sorted(birds.rglob("text/*/*.txt"))[0], CUB.read, []

    def changing(self, root, **rest):
        found = read(self, root, **rest)
        calls.append(root)
        if len(calls) == 1:
            path.write_text("another caption\n" * 10)
        return found

    monkeypatch.setattr(CUB, "read", changing)
    assert any("another caption" in image.captions for image in opened().images)


def test_a_data_set_that_never_rests_is_refused(place, monkeypatch):
    opened, birds = place
    path, read, calls = sorted(birds.rglob("*.jpg"))[0], CUB.read, []

    def changing(self, root, **rest):
        found = read(self, root, **rest)
        calls.append(root)
        repaint(path, len(calls))
        return found

    monkeypatch.setattr(CUB, "read", changing)
    with pytest.raises(UserError, match="change while they are read"):
        opened()
    assert len(calls) == 4


@pytest.mark.parametrize("found_by", ["data check", "reading", "making a cache"])
def test_doing_what_a_found_change_asks_for_mends_it(place, entry, monkeypatch, found_by):
    opened, _ = place
    manifest = opened()
    unseen(manifest, monkeypatch)
    repaint(manifest.path(manifest.images[2]))
    assert opened().digest == manifest.digest  # nobody noticed yet
    if found_by == "data check":
        (problem,) = check_dataset(opened(), entry).problems
        assert "has changed" in problem and "`t2ibench data prepare cub` takes it as it is now" in problem
    else:
        with pytest.raises(ChangedImageError, match="`t2ibench data prepare` again"):
            read_image(opened(), manifest.images[2]) if found_by == "reading" else make_cache(opened(), 32)
    mended = opened()
    assert mended.digest != manifest.digest and sound(mended)
    assert check_dataset(mended, entry).problems == ()
    read_image(mended, mended.images[2])


def test_a_cache_whose_bytes_changed_is_not_read_and_made_anew(place, entry):
    manifest = place[0]()
    folder = make_cache(manifest, 32).folder
    assert open_cache(manifest, 32) is not None
    pixels = folder / "pixels.u8"
    state, content = pixels.stat(), bytearray(pixels.read_bytes())
    content[100] ^= 1
    pixels.write_bytes(content)
    os.utime(pixels, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert open_cache(manifest, 32) is None
    notices = check_dataset(manifest, entry).notices
    assert any("`t2ibench data prepare cub --cache 32` makes it anew" in notice for notice in notices)
    assert make_cache(manifest, 32).seconds > 0 and open_cache(manifest, 32) is not None


def test_digests_of_a_cache_are_compared_once(place, monkeypatch):
    import t2ibench.core.storage.folders as folders

    manifest = place[0]()
    make_cache(manifest, 32)
    open_cache(manifest, 32)
    monkeypatch.setattr(folders, "digest_of_file", lambda path: pytest.fail("it was read again"))
    assert cache_fault(manifest, 32, deep=False) == "" and open_cache(manifest, 32) is not None


def test_a_stamp_moves_with_the_inode(tmp_path):
    path = tmp_path / "x"
    path.write_bytes(b"one")
    before = stamp_of(tmp_path, ["x"])
    (tmp_path / "y").write_bytes(b"two")
    (tmp_path / "y").replace(path)
    assert stamp_of(tmp_path, ["x"]) != before
