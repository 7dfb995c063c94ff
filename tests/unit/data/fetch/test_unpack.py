import errno
import tarfile
import zipfile
from pathlib import Path

import pytest

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.data.fetch import unpack as module
from t2ibench.data.fetch.unpack import unpack, unpacked_size

from .conftest import tarred, zipped

FILES = {"set/a.txt": b"one", "set/deep/b.txt": b"two"}


def written(tmp_path, content, name="set.zip"):
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def link(name, kind=tarfile.SYMTYPE, target="/etc/passwd"):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.mark.parametrize("make", [zipped, tarred, lambda f: tarred(f, mode="w"), lambda f: tarred(f, mode="w:xz")])
def test_plain_archives(tmp_path, make):
    found = unpack(written(tmp_path, make(FILES)), tmp_path / "out")
    assert contents(tmp_path / "out") == FILES and (found.files, found.bytes) == (2, 6)


def test_what_macos_adds_is_left_out(tmp_path):
    entries = {"a.txt": b"1", "__MACOSX/a.txt": b"2", "b/.DS_Store": b"3", "./c.txt": b"4"}
    unpack(written(tmp_path, zipped(entries)), tmp_path / "out")
    assert contents(tmp_path / "out") == {"a.txt": b"1", "c.txt": b"4"}


@pytest.mark.parametrize("name", ["/etc/x", "../x", "a/../../x", "a\\..\\..\\x", "C:/x", "a/../x"])
@pytest.mark.parametrize("make", [zipped, tarred])
def test_entries_outside_the_folder_are_refused(tmp_path, name, make):
    archive = written(tmp_path, make({"good.txt": b"1", name: b"2"}))
    with pytest.raises(UserError, match="outside the folder") as caught:
        unpack(archive, tmp_path / "deep" / "out")
    assert "set.zip" in str(caught.value)
    assert set(contents(tmp_path)) == {"set.zip", "deep/out/good.txt"}


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_tar_are_refused(tmp_path, kind):
    with pytest.raises(UserError, match="a link or a device"):
        unpack(written(tmp_path, tarred(FILES, [link("evil", kind)])), tmp_path / "out")


def test_links_of_zip_are_refused(tmp_path):
    with pytest.raises(UserError, match="a link or a device"):
        unpack(written(tmp_path, zipped(FILES, links=["evil"])), tmp_path / "out")
    assert not (tmp_path / "out" / "evil").exists()


ZEROS = {"zeros": bytes(40 << 20)}


@pytest.mark.parametrize("make", [zipped, tarred, lambda f: zipped({"set/text.zip": zipped(f)})])
def test_decompression_bombs_are_stopped(tmp_path, make):
    archive = written(tmp_path, make(ZEROS))
    assert archive.stat().st_size < 100_000
    with pytest.raises(UserError, match="decompression bomb"):
        unpack(archive, tmp_path / "out")
    assert sum(map(len, contents(tmp_path / "out").values())) <= module.SMALL


def test_a_zip_that_lies_about_its_sizes_is_stopped_too(tmp_path, monkeypatch):
    archive = written(tmp_path, zipped(ZEROS))
    monkeypatch.setattr(module.Unpacked, "check", lambda self, count: None)
    unpack(archive, tmp_path / "all")  # the check is what stops it ...
    monkeypatch.undo()
    original = module.Unpacked.check
    monkeypatch.setattr(module.Unpacked, "check", lambda s, n: None if n > module.SMALL else original(s, n))
    with pytest.raises(UserError, match="decompression bomb"):  # ... also while bytes come out
        unpack(archive, tmp_path / "out")


def test_too_many_files_are_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILES", 1)
    with pytest.raises(UserError, match="more than 1 files"):
        unpack(written(tmp_path, zipped(FILES)), tmp_path / "out")


@pytest.mark.parametrize("brings_folder", [True, False])
def test_the_captions_inside_the_metadata_are_unpacked_in_place(tmp_path, brings_folder):
    prefix = "text/" if brings_folder else ""
    inner = zipped({f"{prefix}001.Red/one.txt": b"a red bird", "__MACOSX/x": b""})
    found = unpack(written(tmp_path, zipped({"birds/text.zip": inner})), tmp_path / "out")
    assert contents(tmp_path / "out") == {"birds/text/001.Red/one.txt": b"a red bird"}
    assert (found.files, found.bytes) == (1, 10)


def test_archives_in_archives_are_followed_no_deeper(tmp_path):
    inner = zipped({"text/text.zip": zipped({"text/x": b"1"})})
    unpack(written(tmp_path, zipped({"text.zip": inner})), tmp_path / "out")
    assert list(contents(tmp_path / "out")) == ["text/text.zip"]


@pytest.mark.parametrize("make", [zipped, tarred, lambda f: tarred(f, mode="w:xz"), lambda f: tarred(f, mode="w:bz2")])
def test_truncated_archives_are_a_sentence(tmp_path, make):
    content = make({"a": bytes(range(256)) * 400})
    with pytest.raises(UserError, match=r"set\.zip is damaged or no archive"):
        unpack(written(tmp_path, content[: len(content) * 2 // 3]), tmp_path / "out")


def test_a_flipped_byte_is_found_by_zips_own_checksum(tmp_path):
    content = bytearray(zipped({"a.bin": bytes(range(256)) * 8}))
    content[60] ^= 0xFF
    with pytest.raises(UserError, match="damaged"):
        unpack(written(tmp_path, bytes(content)), tmp_path / "out")


def test_a_web_page_in_place_of_an_archive_is_named(tmp_path):
    page = b"\n<!DOCTYPE html><html>Google Drive - Virus scan warning"
    with pytest.raises(UserError, match="web page"):
        unpack(written(tmp_path, page), tmp_path / "out")


def test_doubled_entries_are_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as archive, pytest.warns(UserWarning):
        archive.writestr("a", b"1")
        archive.writestr("a", b"2")
    with pytest.raises(UserError, match="twice"):
        unpack(tmp_path / "set.zip", tmp_path / "out")


def test_a_full_disk_is_a_sentence(tmp_path, monkeypatch):
    archive = written(tmp_path, zipped(FILES))
    original = Path.open

    def full(self, mode="r", *arguments, **options):
        if mode == "xb":
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(self, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(RunFailedError, match="No space left"):
        unpack(archive, tmp_path / "out")


def test_what_a_zip_will_take_is_told_before(tmp_path):
    assert unpacked_size(written(tmp_path, zipped(FILES))) == 6
    assert unpacked_size(written(tmp_path, bytes(100), "x.tgz")) == 120
