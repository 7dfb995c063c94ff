import errno
import json
import random

import pytest

from t2ibench.core.errors import RunFailedError
from t2ibench.data.fetch import download as module
from t2ibench.data.fetch.download import download

from .conftest import HASTE, sha256

CONTENT = random.Random(0).randbytes(300_000)
DIGEST = sha256(CONTENT)


def fetch(server, tmp_path, *paths, digest=DIGEST, mix=True):
    def accept(path):
        return "" if digest in ("", sha256(path.read_bytes())) else "another digest"

    target = tmp_path / "file.zip"
    source = download([server.url(path) for path in paths], target, accept, mix=mix, patience=HASTE)
    return target, source


def test_it_goes_on_after_every_cut_and_asks_for_no_more_than_a_block_twice(server, tmp_path):
    server.files["a"], server.cuts["a"] = CONTENT, 70_000
    target, _ = fetch(server, tmp_path, "a")
    assert target.read_bytes() == CONTENT
    assert [asked for _, asked in server.requests] == [None, *(f"bytes={k * 65_536}-" for k in range(1, 5))]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.zip"]


def test_a_later_call_goes_on_where_an_earlier_one_gave_up(server, tmp_path):
    server.files["a"] = CONTENT
    (tmp_path / "file.zip.part").write_bytes(CONTENT[:100_000])
    (tmp_path / "file.zip.part.json").write_text(json.dumps({"url": server.url("a"), "version": '"1"'}))
    target, _ = fetch(server, tmp_path, "a", digest="", mix=False)
    assert target.read_bytes() == CONTENT and server.requests == [("a", "bytes=100000-")]


@pytest.mark.parametrize("note", [None, {"url": "http://other.example/a", "version": '"1"'}])
def test_a_part_of_unknown_origin_is_not_completed_where_the_digest_is_not_known(server, tmp_path, note):
    server.files["a"] = CONTENT
    (tmp_path / "file.zip.part").write_bytes(b"x" * 100_000)
    if note:
        (tmp_path / "file.zip.part.json").write_text(json.dumps(note))
    target, _ = fetch(server, tmp_path, "a", digest="", mix=False)
    assert target.read_bytes() == CONTENT and server.requests == [("a", None)]


def test_a_file_that_changed_since_is_fetched_anew(server, tmp_path):
    server.files["a"], server.version = CONTENT, "2"
    (tmp_path / "file.zip.part").write_bytes(b"x" * 100_000)
    (tmp_path / "file.zip.part.json").write_text(json.dumps({"url": server.url("a"), "version": '"1"'}))
    assert fetch(server, tmp_path, "a", digest="", mix=False)[0].read_bytes() == CONTENT


def test_a_server_that_cannot_resume_sends_all(server, tmp_path):
    server.files["a"], server.ranges = CONTENT, False
    (tmp_path / "file.zip.part").write_bytes(CONTENT[:5])
    assert fetch(server, tmp_path, "a")[0].read_bytes() == CONTENT


def test_a_part_that_is_whole_already_is_taken(server, tmp_path):
    server.files["a"] = CONTENT
    (tmp_path / "file.zip.part").write_bytes(CONTENT)
    assert fetch(server, tmp_path, "a")[0].read_bytes() == CONTENT
    assert server.requests == [("a", f"bytes={len(CONTENT)}-")]


def test_a_wrong_part_is_thrown_away_and_fetched_once_more(server, tmp_path):
    server.files["a"] = CONTENT
    (tmp_path / "file.zip.part").write_bytes(b"x" * 1000)
    assert fetch(server, tmp_path, "a")[0].read_bytes() == CONTENT
    assert [asked for _, asked in server.requests] == ["bytes=1000-", None]


def test_mirrors_are_tried_after_404_and_after_a_wrong_digest(server, tmp_path):
    server.files |= {"bad": b"<html>sorry</html>", "good": CONTENT}
    target, source = fetch(server, tmp_path, "missing", "bad", "good")
    assert target.read_bytes() == CONTENT and source == server.url("good")


def test_a_mirror_completes_what_another_began(server, tmp_path):
    server.files |= {"a": CONTENT, "b": CONTENT}
    server.cuts["a"] = 100_000
    original = server.answer

    def dying(to):
        if to.path == "/a" and to.headers.get("Range"):
            to.send_error(404)
        else:
            original(to)

    server.answer = dying
    target, source = fetch(server, tmp_path, "a", "b")
    assert target.read_bytes() == CONTENT and source == server.url("b")
    assert server.requests[-1] == ("b", "bytes=65536-")


def test_when_all_fail_every_reason_is_named_and_nothing_is_left_to_be_mistaken(server, tmp_path):
    server.files["bad"] = b"other"
    with pytest.raises(RunFailedError) as caught:
        fetch(server, tmp_path, "missing", "bad")
    assert "404" in str(caught.value) and "another digest" in str(caught.value) and "--from" in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_server_that_is_not_there_is_a_sentence(tmp_path, server):
    server.server.shutdown()
    server.server.server_close()
    with pytest.raises(RunFailedError, match="ConnectionError"):
        fetch(server, tmp_path, "a")


def test_a_full_disk_keeps_the_part(server, tmp_path, monkeypatch):
    server.files["a"], server.cuts["a"] = CONTENT, 100_000

    def write(got, path, have, total):
        if have:
            raise OSError(errno.ENOSPC, "No space left on device")
        original(got, path, have, total)

    original = module._write
    monkeypatch.setattr(module, "_write", write)
    with pytest.raises(RunFailedError, match="No space left on device"):
        fetch(server, tmp_path, "a")
    assert (tmp_path / "file.zip.part").read_bytes() == CONTENT[:65_536] and not (tmp_path / "file.zip").exists()
    monkeypatch.setattr(module, "_write", original)
    assert fetch(server, tmp_path, "a")[0].read_bytes() == CONTENT
