"""Data sets that a user names are known to every command of that workspace, with recipes, and nowhere else."""

import json
import shutil

import pytest
from click.testing import CliRunner
from PIL import Image

from t2ibench.cli import group
from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.spec.recipes import settings_for
from t2ibench.core.workspace import Workspace
from t2ibench.data.open import open_dataset
from t2ibench.data.own_datasets import DatasetSettings, read_settings, with_own_datasets, write_settings


@pytest.fixture
def images(tmp_path):
    root = tmp_path / "photos"
    root.mkdir()
    rows = []
    for number in range(12):
        Image.new("RGB", (40, 30), (20 * number, 0, 0)).save(root / f"{number}.png")
        rows.append({"file": f"{number}.png", "caption": "a red thing", "kind": "ab"[number % 2]})
    (root / "captions.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return root


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        result = CliRunner().invoke(group, [*map(str, arguments), "--workspace", str(tmp_path / "ws")])
        if result.exception is not None:
            raise result.exception
        return result.stdout

    return invoke


def test_a_name_is_remembered_with_its_options_and_recipes(run, images, tmp_path):
    said = run(
        "data", "prepare", "things", "--adapter", "folder", "--root", images, "--set", "classes=kind", "--cache=16"
    )
    assert f"captions: {images / 'captions.jsonl'}" in said and "classes: 2, a, b" in said
    assert "cache: 12 images for 16 pixels (shorter side 19)" in said
    assert "No problem found." in run("data", "check", "things") and "things" in run("list", "datasets")
    said = run("data", "prepare", "things", "--set", "test_share=0.5")
    assert "classes: 2, a, b" in said and "50% of the images" in said
    assert "things/" not in run("data", "show", "things", "-o", tmp_path / "a.png") and (tmp_path / "a.png").is_file()
    plan = json.loads(run("train", "attngan", "--data", "things", "--dry-run"))
    assert plan["spec"]["parameters"]["base_resolution"] == 16 and plan["spec"]["dataset"] == "things"
    assert plan["encoders"]["damsm"]["spec"]["parameters"]["trunk"] == "small"
    workspace = Workspace.at(tmp_path / "ws")
    assert read_settings(workspace, "things").options == {"classes": "kind", "test_share": 0.5}
    known = with_own_datasets(load_benchmarks().content, workspace)
    assert known.datasets["things"].protocol == known.datasets["folder"].protocol
    for model in ("attngan", "stackgan_v2"):
        assert settings_for(known.models[model], "things") == settings_for(known.models[model], "folder")
    with pytest.raises(UserError, match="no data set called 'things'"):
        open_dataset("things", load_benchmarks().content, Workspace.at(tmp_path / "other"))


def test_options_of_a_named_set_are_remembered_too(run, images):
    assert "classes: none" in run("data", "prepare", "folder", "--root", images)
    assert "classes: 2" in run("data", "prepare", "folder", "--set", "classes=kind")
    assert "train: " in run("data", "check", "folder") and "classes: 2" in run("data", "prepare", "folder")


def test_partial_is_remembered_and_can_be_taken_back(run, images, tmp_path):
    run("data", "prepare", "things", "--adapter", "folder", "--root", images)
    (images / "3.png").write_bytes(b"broken")
    with pytest.raises(
        UserError,
        match=r"1 of the 12 images .* read: 3\.png \(no image that PIL can read\)\. .*data prepare things --partial",
    ):
        run("data", "prepare", "things")
    said = run("data", "prepare", "things", "--partial")
    assert "partial: 1 images left out" in said and "left out: 3" in run("data", "check", "things")
    (images / "5.png").unlink()
    assert "partial: 2 images left out" in run("data", "prepare", "things")
    other = tmp_path / "other"
    shutil.copytree(images, other)
    with pytest.raises(UserError, match="1 of the 12 images"):  # what was said of one folder says nothing of another
        run("data", "prepare", "things", "--root", other)
    with pytest.raises(UserError, match="1 of the 12 images"):
        run("data", "prepare", "things", "--no-partial")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["Things", "--adapter", "folder"], "'Things' cannot name a data set"),
        (["../x", "--adapter", "folder"], "cannot name a data set"),
        (["things", "--adapter", "foldr"], "Did you mean folder"),
        (["things"], "t2ibench data prepare things --adapter folder"),
        (["cub", "--adapter", "folder"], "cub is a data set of benchmarks.toml, read by the adapter cub"),
        (["things", "--adapter", "folder", "--set", "classes"], "not of the form key=value"),
    ],
)
def test_wrong_requests_are_sentences_and_leave_nothing(run, images, tmp_path, arguments, sentence):
    with pytest.raises(UserError, match=sentence):
        run("data", "prepare", *arguments, "--root", images)
    assert not list((tmp_path / "ws").glob("**/dataset.json"))


def test_a_name_cannot_change_its_kind(run, images):
    run("data", "prepare", "things", "--adapter", "folder", "--root", images)
    run("data", "prepare", "things", "--adapter", "folder")
    with pytest.raises(UserError, match="things is read like folder already"):
        run("data", "prepare", "things", "--adapter", "coco", "--root", images)


def test_wrong_sides_are_refused(run, images):
    for resolutions in ("big", "4", "64,x"):
        with pytest.raises(UserError, match="--cache wants whole numbers from 8 to 2048"):
            run("data", "prepare", "folder", "--root", images, f"--cache={resolutions}")


def test_damaged_settings_name_themselves(tmp_path):
    workspace = Workspace.at(tmp_path)
    benchmarks = load_benchmarks().content
    write_settings(workspace, "things", DatasetSettings(like="folder"))
    assert "things" in with_own_datasets(benchmarks, workspace).datasets
    write_settings(workspace, "things", DatasetSettings(like="gone"))
    with pytest.raises(UserError, match="which things is like"):
        with_own_datasets(benchmarks, workspace)
    path = workspace.data / "things" / "dataset.json"
    path.write_text('{"schema": 1, "likes": "folder"}')
    with pytest.raises(UserError, match=r"dataset\.json: key likes: this key is not known here"):
        with_own_datasets(benchmarks, workspace)
    write_settings(workspace, "things", DatasetSettings())
    assert not path.exists() and with_own_datasets(benchmarks, workspace) == benchmarks
