"""A folder is complete or absent."""

import errno

import pytest

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.storage.folders import complete_folder, fault_of


def fill(target, **files):
    with complete_folder(target, what="the thing") as temporary:
        for name, content in files.items():
            (temporary / name).write_text(content)


def test_complete_and_replaced(tmp_path):
    fill(tmp_path / "a", one="1", two="2")
    fill(tmp_path / "a", one="3")
    assert fault_of(tmp_path / "a") == ""
    assert sorted(path.name for path in (tmp_path / "a").iterdir()) == ["manifest.json", "one"]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("x")])
def test_a_failing_block_changes_nothing(tmp_path, error):
    fill(tmp_path / "a", one="1")
    with pytest.raises(type(error)), complete_folder(tmp_path / "a", what="the thing") as temporary:
        (temporary / "one").write_text("2")
        raise error
    assert (tmp_path / "a" / "one").read_text() == "1"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_is_a_failed_run(tmp_path):
    with pytest.raises(RunFailedError, match="No space left"), complete_folder(tmp_path / "a", what="the thing"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert not (tmp_path / "a").exists()


def test_no_folder_to_write_to_is_a_users_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Cannot write the thing"):
        fill(tmp_path / "file" / "a", one="1")


def test_faults(tmp_path):
    fill(tmp_path / "a", one="1", two="2")
    assert "does not exist" in fault_of(tmp_path / "b")
    (tmp_path / "a" / "one").write_text("7")
    assert "changed or damaged" in fault_of(tmp_path / "a") and fault_of(tmp_path / "a", deep=False) == ""
    (tmp_path / "a" / "one").write_text("77")
    assert "2 bytes instead of 1" in fault_of(tmp_path / "a", deep=False)
    (tmp_path / "a" / "manifest.json").write_text('{"files": 3}')
    assert "expected form" in fault_of(tmp_path / "a")
