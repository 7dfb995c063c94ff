import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from t2ibench.cli.data import command
from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.spec.benchmarks import Benchmarks, DatasetEntry, SourceFile
from t2ibench.core.workspace import Workspace
from t2ibench.data.fetch import fetch as room
from t2ibench.data.fetch import install, unpack
from t2ibench.data.fetch.fetch import fetch_files
from t2ibench.data.fetch.install import FOLDER
from t2ibench.data.open import open_dataset

from .conftest import HASTE, sha256, zipped

IMAGES = {"train2014": (1, 2, 3), "val2014": (4, 5)}


def image(level):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 16), (level, 0, 0)).save(buffer, "JPEG")
    return buffer.getvalue()


def archives():
    """COCO with five images, as its three archives."""
    names = {part: {i: f"COCO_{part}_{i:012d}.jpg" for i in numbers} for part, numbers in IMAGES.items()}
    made = {
        f"{part}.zip": zipped({f"{part}/{name}": image(30 * i) for i, name in files.items()})
        for part, files in names.items()
    }
    captions = {
        f"annotations/captions_{part}.json": json.dumps(
            {
                "images": [{"id": i, "file_name": name} for i, name in files.items()],
                "annotations": [
                    {"image_id": i, "id": i * 10 + k, "caption": f"a {k}"} for i in files for k in range(5)
                ],
            }
        ).encode()
        for part, files in names.items()
    }
    return made | {"annotations_trainval2014.zip": zipped(captions)}


@pytest.fixture
def workspace(tmp_path):
    return Workspace.at(tmp_path / "ws")


@pytest.fixture
def files(server):
    """The archives behind addresses, digests unknown."""
    server.files |= archives()
    return {name: SourceFile(url=server.url(name), size=len(content)) for name, content in server.files.items()}


def benchmarks(files):
    entry = DatasetEntry(
        adapter="coco", protocol="p", captions_per_image=5, files=files, splits={"train": 3, "test": 2}
    )
    return Benchmarks.model_construct(datasets={"tiny": entry})


def fetch(files, root, workspace, **options):
    return fetch_files("tiny", files, root, workspace, patience=HASTE, **options)


def is_whole(files, root, workspace):
    """Whether the folder can be prepared; if so, all must be there."""
    try:
        manifest = open_dataset("tiny", benchmarks(files), workspace, root=root)
    except UserError:
        return False
    counts = {split: len(images) for split, images in manifest.splits.items()}
    assert counts == {"train": 3, "test": 2} and not manifest.missing, "a part passed as the whole"
    return True


def test_all_is_fetched_once_and_archives_are_not_kept(files, server, tmp_path, workspace):
    root = tmp_path / "coco"
    assert set(fetch(files, root, workspace).done.values()) == {"fetched"}
    assert is_whole(files, root, workspace)
    asked = len(server.requests)
    assert asked == 3 and not list((root / FOLDER).glob("*.zip"))
    assert set(fetch(files, root, workspace).done.values()) == {"there already"} and len(server.requests) == asked
    shutil.rmtree(root / "val2014")
    assert fetch(files, root, workspace).done["val2014.zip"] == "fetched" and is_whole(files, root, workspace)


def test_a_digest_is_recorded_at_first_and_checked_after(files, server, tmp_path, workspace):
    fetch(files, tmp_path / "one", workspace)
    recorded = json.loads((workspace.data / "fetched-digests.json").read_text())
    assert recorded == {source.url: sha256(server.files[name]) for name, source in files.items()}
    server.files["val2014.zip"] = zipped({"val2014/x.jpg": b"1"})
    with pytest.raises(RunFailedError, match=r"was recorded in .*fetched-digests\.json"):
        fetch(files, tmp_path / "two", workspace)
    assert not (tmp_path / "two" / "val2014").exists()


def test_a_file_of_another_digest_than_declared_is_not_unpacked(files, tmp_path, workspace, server):
    name = "val2014.zip"
    files[name] = files[name].model_copy(update={"sha256": "0" * 64})
    with pytest.raises(RunFailedError, match=r"benchmarks\.toml knows"):
        fetch(files, tmp_path / "one", workspace)
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / name).write_bytes(server.files[name])
    with pytest.raises(UserError, match="not the right file"):
        fetch(files, tmp_path / "one", workspace, brought=tmp_path / "got")
    assert not (tmp_path / "one" / "val2014").exists()


def test_a_download_that_cannot_be_unpacked_is_neither_kept_nor_recorded(files, server, tmp_path, workspace):
    good, server.files["val2014.zip"] = server.files["val2014.zip"], b"<html>come back later</html>"
    with pytest.raises(UserError, match="web page"):
        fetch(files, tmp_path / "one", workspace)
    server.files["val2014.zip"] = good
    fetch(files, tmp_path / "one", workspace)
    assert is_whole(files, tmp_path / "one", workspace)


def test_files_fetched_by_hand_are_taken_under_browsers_names_too(files, server, tmp_path, workspace):
    got = tmp_path / "got"
    got.mkdir()
    for name, saved in (("train2014.zip", "train2014 (1).zip"), ("val2014.zip", "val2014.zip")):
        (got / saved).write_bytes(server.files[name])
    done = fetch(files, tmp_path / "coco", workspace, brought=got).done
    assert done["train2014.zip"] == f"taken from {got / 'train2014 (1).zip'}"
    assert [name for name, _ in server.requests] == ["annotations_trainval2014.zip"]
    assert is_whole(files, tmp_path / "coco", workspace) and len(list(got.iterdir())) == 2
    (got / "val2014.zip").rename(got / "val2014-001.zip")
    (got / "val2014 (2).zip").write_bytes(b"")
    with pytest.raises(UserError, match="told apart"):
        fetch(files, tmp_path / "other", workspace, brought=got)
    with pytest.raises(UserError, match="--from wants the folder"):
        fetch(files, tmp_path / "other", workspace, brought=tmp_path / "none")


def test_what_only_a_person_can_fetch_is_named_or_replaced(server, tmp_path, workspace):
    server.files |= {"a.zip": zipped({"a": b"1"}), "b.zip": zipped({"b": b"2"}), "c.zip": zipped({"c": b"3"})}
    files = {
        "a.zip": SourceFile(url=server.url("a.zip")),
        "b.zip": SourceFile(url=server.url("b.zip"), by_hand=True),
        "c.zip": SourceFile(url=server.url("c.zip"), by_hand=True, instead_of="b.zip"),
    }
    found = fetch(files, tmp_path / "one", workspace)
    assert found.by_hand == ("b.zip",) and found.done == {"a.zip": "fetched"}
    assert [name for name, _ in server.requests] == ["a.zip"]
    (tmp_path / "got").mkdir()
    (tmp_path / "got" / "c.zip").write_bytes(server.files["c.zip"])
    found = fetch(files, tmp_path / "one", workspace, brought=tmp_path / "got")
    assert found.by_hand == () and (tmp_path / "one" / "c").is_file()
    assert fetch(files, tmp_path / "one", workspace).by_hand == ()
    (tmp_path / "got" / "b.zip").write_bytes(server.files["b.zip"])
    fetch(files, tmp_path / "one", workspace, brought=tmp_path / "got")
    assert (tmp_path / "one" / "b").is_file()


def test_what_was_unpacked_by_hand_is_not_fetched(files, server, tmp_path, workspace):
    files["train2014.zip"] = files["train2014.zip"].model_copy(update={"holds": ("train2014", "images/train2014")})
    (tmp_path / "coco" / "images" / "train2014").mkdir(parents=True)
    assert fetch(files, tmp_path / "coco", workspace).done["train2014.zip"] == "there already"
    assert "train2014.zip" not in [name for name, _ in server.requests]
    assert not is_whole(files, tmp_path / "coco", workspace)  # prepare sees that its images are missing


def test_too_little_room_is_told_before_anything_is_fetched(files, server, tmp_path, workspace, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage._replace(free=room.SPARE + 100))
    with pytest.raises(RunFailedError, match=r"left, but the files of tiny will take about .* kB"):
        fetch(files, tmp_path / "coco", workspace)
    assert not server.requests
    monkeypatch.undo()
    fetch(files, tmp_path / "coco", workspace)
    assert is_whole(files, tmp_path / "coco", workspace)


def test_a_file_of_the_users_is_never_overwritten(files, tmp_path, workspace):
    root = tmp_path / "coco"
    mine = root / "annotations" / "captions_val2014.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(UserError, match="is there already and differs"):
        fetch(files, root, workspace)
    assert mine.read_text() == "mine" and list(mine.parent.iterdir()) == [mine]
    mine.unlink()
    fetch(files, root, workspace)
    assert is_whole(files, root, workspace)


def killed_at(step, act):
    """Run `act` in a forked process that kills itself with SIGKILL at its `step`-th change of the disk."""
    child = os.fork()
    if child == 0:
        left = [step]

        def counting(original):
            def counted(*arguments, **options):
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return original(*arguments, **options)

            return counted

        Path.replace = counting(Path.replace)
        Path.unlink = counting(Path.unlink)
        Path.mkdir = counting(Path.mkdir)
        unpack._write_entry = counting(unpack._write_entry)
        install.shutil.rmtree = counting(shutil.rmtree)
        try:
            act()
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == 0, "the child failed of itself"
    return os.WIFSIGNALED(status)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills a forked process")
def test_killed_anywhere_it_never_passes_as_whole_and_the_next_call_finishes(files, server, tmp_path, workspace):
    got = tmp_path / "got"
    got.mkdir()
    for name, content in archives().items():
        (got / name).write_bytes(content)
    step, wholes = 1, 0
    while True:
        root = tmp_path / f"coco-{step}"
        (root / "annotations").mkdir(parents=True)  # so that its files are moved one by one
        killed = killed_at(step, lambda root=root: fetch(files, root, workspace, brought=got))
        wholes += is_whole(files, root, workspace)
        fetch(files, root, workspace, brought=got)
        assert is_whole(files, root, workspace)
        assert not list((root / FOLDER).glob("*.unpacking")) and not list((root / FOLDER).glob("*.moving.json"))
        if not killed:
            break
        step += 5
    assert step > 40 and wholes <= 2


def test_a_folder_whose_files_are_moved_in_part_is_refused_by_name(files, tmp_path, workspace):
    fetch(files, tmp_path / "coco", workspace)
    (tmp_path / "coco" / FOLDER / "val2014.zip.moving.json").write_text("{}")
    with pytest.raises(UserError, match=r"moved the files of val2014\.zip\. Run `t2ibench data fetch"):
        open_dataset("tiny", benchmarks(files), workspace, root=tmp_path / "coco")


def test_two_at_a_time_are_one_too_many(files, tmp_path, workspace):
    from t2ibench.data.fetch.fetch import _locked

    with _locked(tmp_path / "coco"), pytest.raises(UserError, match="Another `t2ibench data fetch`"):
        fetch(files, tmp_path / "coco", workspace)


CONFIG = """schema = 1
models = {}
[datasets.tiny]
adapter = "coco"
protocol = "p"
captions_per_image = 5
[protocols.p]
samples = 2
resolution = 64
metrics = []
[datasets.drawn]
adapter = "simbirds"
protocol = "p"
[datasets.own]
adapter = "folder"
protocol = "p"
"""


def test_the_command_fetches_prepares_and_says_so(files, server, tmp_path, monkeypatch):
    extra = "".join(f'[datasets.tiny.files."{name}"]\nurl = "{source.url}"\n' for name, source in files.items())
    (tmp_path / "benchmarks.toml").write_text(CONFIG + extra)
    monkeypatch.chdir(tmp_path)
    runner = CliRunner()
    said = runner.invoke(command, ["fetch", "tiny"], catch_exceptions=False).stdout
    assert "val2014.zip: fetched" in said and "tiny is prepared: 3 train, 2 test images in" in said
    assert str(tmp_path / "workspace" / "downloads" / "coco") in said
    said = runner.invoke(command, ["fetch", "tiny"], catch_exceptions=False).stdout
    assert "val2014.zip: there already" in said
    assert "digest: " in runner.invoke(command, ["prepare", "tiny"], catch_exceptions=False).stdout
    for name, sentence in (("drawn", "drawn by code"), ("own", "names no file"), ("tinny", "mean tiny")):
        with pytest.raises(UserError, match=sentence):
            runner.invoke(command, ["fetch", name], catch_exceptions=False)
    config = tmp_path / "benchmarks.toml"
    config.write_text(config.read_text() + 'by_hand = true\nnote = "with a browser"\n')
    with pytest.raises(UserError, match=r"\(with a browser\)\. Save it, as it is, .* --root new --from FOLDER"):
        runner.invoke(command, ["fetch", "tiny", "--root", "new"], catch_exceptions=False)


def test_the_command_killed_while_it_downloads_goes_on_from_there(server, tmp_path):
    content = zipped({f"train2014/{number}": random.Random(number).randbytes(100_000) for number in range(4)})
    server.files, server.stall = {"train2014.zip": content}, 200_000
    source = (
        f'[datasets.tiny.files."train2014.zip"]\nurl = "{server.url("train2014.zip")}"\nsha256 = "{sha256(content)}"\n'
    )
    (tmp_path / "benchmarks.toml").write_text(CONFIG + source)
    arguments = [sys.executable, "-m", "t2ibench", "data", "fetch", "tiny", "--root", "coco"]
    child = subprocess.Popen(arguments, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    part = tmp_path / "coco" / FOLDER / "train2014.zip.part"
    waited = time.monotonic() + 300
    while not (part.is_file() and part.stat().st_size >= 3 << 16):
        assert child.poll() is None and time.monotonic() < waited
        time.sleep(0.02)
    child.kill()
    child.communicate()
    assert not (tmp_path / "coco" / "train2014").exists()
    server.stall = 0
    again = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True)
    assert [asked for _, asked in server.requests] == [None, f"bytes={3 << 16}-"]
    assert len(list((tmp_path / "coco" / "train2014").iterdir())) == 4
    # This is a part of COCO only, and `data prepare` says so: a sentence, not a traceback.
    assert again.returncode == 2 and "captions_train2014.json is missing" in again.stderr
    assert "Traceback" not in again.stderr and "unpacking into" in again.stderr
