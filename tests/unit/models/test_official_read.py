"""A .pth file comes from a stranger: it is read as tensors, or refused in one sentence; nothing in it runs."""

import io
import json
import pickle
import zipfile
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.models.official import find_states, read_official_file, without_data_parallel
from tests.unit.models.official_files import MAGIC, Touch, python_2, save

ARRAYS = {"a.weight": np.arange(12, dtype=np.float32).reshape(3, 4), "a.bias": np.ones(3, np.float32)}
TENSORS = OrderedDict((name, torch.from_numpy(array.copy())) for name, array in ARRAYS.items())


def refusal(path):
    with pytest.raises(UserError) as caught:
        read_official_file(path)
    text = str(caught.value)
    assert str(path) in text and "\n" not in text
    return text


@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("metadata", [True, False])
def test_both_formats_are_read(tmp_path, old, metadata):
    state = OrderedDict(TENSORS)
    if metadata:
        state._metadata = {"": {"version": 1}}
    found = read_official_file(save(tmp_path / "x.pth", state, old=old))
    assert list(found) == list(TENSORS) and all(torch.equal(found[key], TENSORS[key]) for key in found)


def test_a_file_of_python_2_and_torch_0_3(tmp_path):
    path = tmp_path / "x.pth"
    path.write_bytes(python_2(ARRAYS))
    found = read_official_file(path)
    assert list(found) == list(ARRAYS) and found["a.weight"].device.type == "cpu"
    for key, array in ARRAYS.items():
        np.testing.assert_array_equal(found[key].numpy(), array)


def test_tied_and_transposed_tensors_are_read(tmp_path):
    tied = {"a": TENSORS["a.weight"], "b": TENSORS["a.weight"].t(), "c": TENSORS["a.weight"][1:]}
    for old in (True, False):
        found = read_official_file(save(tmp_path / "x.pth", tied, old=old))
        assert torch.equal(found["b"], tied["b"]) and torch.equal(found["c"], tied["c"])


def test_missing_empty_and_folder(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.pth")
    (tmp_path / "empty.pth").touch()
    assert "0 bytes" in refusal(tmp_path / "empty.pth")
    assert "is a folder" in refusal(tmp_path)


@pytest.mark.parametrize("old", [True, False])
def test_every_cut_is_told(tmp_path, old):
    whole = save(tmp_path / "x.pth", TENSORS, old=old).read_bytes()
    path = tmp_path / "cut.pth"
    for length in {*range(1, len(whole), 37), len(whole) - 1}:
        path.write_bytes(whole[:length])
        text = refusal(path)
        assert "truncated or damaged" in text or "not a torch file" in text, (length, text)


@pytest.mark.parametrize("old", [True, False])
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_never_ends_in_a_traceback(tmp_path_factory, old, data):
    folder = tmp_path_factory.mktemp("damage")
    whole = bytearray(save(folder / "x.pth", TENSORS, old=old).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    path = folder / "damaged.pth"
    path.write_bytes(whole)
    try:
        find_states(read_official_file(path), path)
    except UserError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("form", ["pickle", "old", "zip"])
def test_a_file_that_would_run_a_command_is_refused_and_not_run(tmp_path, protocol, form):
    target, path = tmp_path / "touched", tmp_path / "evil.pth"
    evil = pickle.dumps(OrderedDict(weight=Touch(target)), protocol)
    if form == "pickle":
        path.write_bytes(evil)
    elif form == "old":
        path.write_bytes(MAGIC + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + evil + pickle.dumps([], 2))
    else:
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("evil/data.pkl", evil)
            archive.writestr("evil/version", "3\n")
    text = refusal(path)
    assert not target.exists()
    if form != "pickle" or protocol:
        assert "asks for posix.system" in text and "Nothing of it was run" in text


@pytest.mark.parametrize(
    "program",
    [
        b"ctorch\nload\n.",
        b"cbuiltins\neval\n.",
        b"ctorch._utils\n_rebuild_sparse_tensor\n.",
        b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01tR.",
        b"(S'touch x'\nios\nsystem\n.",
        b"\x96\xff\xff\xff\xff\xff\xff\xff\x0f.",
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x0f.",
        b"U\x01aQ.",
        b"\x82\x01.",
        b"](ccollections\nOrderedDict\n}b.",
        b"K\x01\x85R.",
    ],
)
def test_other_programs_are_refused_too(tmp_path, program):
    path = tmp_path / "x.pth"
    path.write_bytes(MAGIC + pickle.dumps(1001, 2) + pickle.dumps({}, 2) + b"\x80\x02" + program)
    assert "is refused" in (text := refusal(path)) or "damaged" in text


def test_a_zip_bomb_is_refused_unopened(tmp_path):
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", b"\x80\x02}.")
        archive.writestr("bomb/data/0", bytes(32 << 20))
    assert path.stat().st_size < 1 << 20
    assert "as a zip bomb does" in refusal(path)


@pytest.mark.parametrize("numbers", [13, 1 << 40])
def test_a_file_that_declares_more_than_it_holds_is_not_allocated(tmp_path, numbers):
    path = tmp_path / "x.pth"
    path.write_bytes(python_2(ARRAYS, numbers=numbers))
    assert "truncated or damaged" in refusal(path)


def test_a_tensor_larger_than_its_storage_is_refused(tmp_path):
    for old in (True, False):
        path = save(tmp_path / "x.pth", {"a": torch.zeros(1).expand(1000, 1000)}, old=old)
        assert "larger than its storage" in refusal(path)


def test_a_zip_whose_storage_is_short_is_refused(tmp_path):
    whole = save(tmp_path / "x.pth", TENSORS, old=False)
    path = tmp_path / "short.pth"
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as other:
        for name in archive.namelist():
            content = archive.read(name)
            other.writestr(name, content[:-4] if name.endswith("data/0") else content)
    assert "instead of the 48 it declares" in refusal(path)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<!DOCTYPE html><html>Google Drive can't scan this file for viruses", "is a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", "pointer of Git LFS"),
        (b"hello", "not a torch file"),
        (pickle.dumps([1, 2, 3], 2), "is a pickle, not a torch file"),
    ],
)
def test_strangers_are_named(tmp_path, content, expected):
    path = tmp_path / "x.pth"
    path.write_bytes(content)
    assert expected in refusal(path)


def test_an_archive_of_files_must_be_unpacked(tmp_path):
    path = tmp_path / "bird.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("bird/text_encoder200.pth", b"x")
    assert "Unpack it" in refusal(path)


def test_a_module_is_not_a_state_dict(tmp_path):
    assert "torch.nn" in refusal(save(tmp_path / "x.pth", torch.nn.Linear(2, 2)))


def test_a_torchscript_program_is_not_a_state_dict(tmp_path):
    content = io.BytesIO()
    torch.save(dict(TENSORS), content)
    path = tmp_path / "x.pth"
    with zipfile.ZipFile(content) as archive, zipfile.ZipFile(path, "w") as other:
        for name in archive.namelist():
            other.writestr(name, archive.read(name))
        other.writestr(f"{archive.namelist()[0].split('/')[0]}/constants.pkl", b"\x80\x02).")
    assert "TorchScript" in refusal(path)


@pytest.mark.parametrize(
    ("content", "places"),
    [
        (TENSORS, [""]),
        (dict(TENSORS), [""]),
        ({"netG": TENSORS}, ["netG"]),
        ({"state_dict": TENSORS, "epoch": 3}, ["state_dict"]),
        ({"model": {"netG": TENSORS, "netD": dict(TENSORS)}, "epoch": 3}, ["model.netG", "model.netD"]),
        ({"optimizers": {"g": {"state": {0: {"step": torch.ones(1)}}}}, "model": {"netG": TENSORS}}, ["model.netG"]),
    ],
)
def test_state_dicts_are_found_in_their_wrappers(tmp_path, content, places):
    path = save(tmp_path / "x.pth", content)
    found = find_states(read_official_file(path), path)
    assert [state.place for state in found] == places
    assert found[0].shapes == {"a.weight": (3, 4), "a.bias": (3,)}


@pytest.mark.parametrize(
    "content", [[1, 2], {"epoch": 3}, {}, "text", TENSORS["a.bias"], {"a": {0: TENSORS["a.bias"]}}]
)
def test_a_file_without_a_state_dict(tmp_path, content):
    path = save(tmp_path / "x.pth", content)
    with pytest.raises(UserError, match=r"x\.pth holds no state dict"):
        find_states(read_official_file(path), path)


def test_other_things_among_the_tensors_are_named(tmp_path):
    path = save(tmp_path / "x.pth", {**TENSORS, "epoch": 3, "name": "x"})
    with pytest.raises(UserError, match=r"2 other entries, 'epoch' \(int\), 'name' \(str\)"):
        find_states(read_official_file(path), path)


def test_only_a_prefix_common_to_all_keys_is_taken_off():
    all_of_them = {f"module.{key}": value for key, value in TENSORS.items()}
    assert list(without_data_parallel(all_of_them)) == list(TENSORS)
    inner = {"conv.module.weight_bar": TENSORS["a.bias"], "module.bias": TENSORS["a.bias"]}
    assert without_data_parallel(inner) is inner
    twice = {f"module.module.{key}": value for key, value in TENSORS.items()}
    assert list(without_data_parallel(twice)) == list(all_of_them)


def test_reading_needs_torch_only_when_it_reads():
    import subprocess
    import sys

    code = "import sys, t2ibench.models.official, t2ibench.cli.import_, json; print(json.dumps('torch' in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) is False


def test_a_flipped_byte_within_the_zip_is_told(tmp_path):
    path = save(tmp_path / "x.pth", TENSORS, old=False)
    content = bytearray(path.read_bytes())
    place = content.index(ARRAYS["a.weight"].tobytes()) + 5
    content[place] ^= 1
    path.write_bytes(content)
    assert "CRC-32" in refusal(path)
