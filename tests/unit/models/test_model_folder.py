"""Model folders: verified on reading, loaded without touching random numbers, content in their identity."""

import hashlib
import json
import subprocess
import sys

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.models.folder import (
    ModelDescription,
    is_model_folder,
    load_encoder,
    load_model,
    read_model_folder,
    write_model_folder,
)
from t2ibench.models.folder.description import SCHEMA
from t2ibench.testing.subject import Subject
from tests.stub_run import register

FILES = ["weights.safetensors", "model.json", "vocabulary.json", "manifest.json"]


@pytest.fixture
def subject(tmp_path):
    register()
    return Subject("stub-encoder", tmp_path, kind="encoder")


def write(subject, name="exported", *, seed=0, vocabulary=None, **changes):
    encoder = subject.build(seed=seed)
    tensors = {
        f"{network}/{key}": value
        for network, module in encoder.exported().items()
        for key, value in module.state_dict().items()
    }
    facts = {
        "schema": 2,
        "kind": "encoder",
        "plugin": "stub-encoder",
        "name": "stub-encoder",
        "parameters": subject.checked.model_dump(mode="json"),
        "dataset": "squares",
        "steps": 3,
        "card": subject.plugin_class.card(),
        **changes,
    }
    words = vocabulary or subject.manifest.vocabulary
    return write_model_folder(subject.folder / name, ModelDescription(**facts), tensors, words)


def test_what_was_written_is_read(subject):
    folder = write(subject, environment={"device": "cpu"})
    again = read_model_folder(folder.path)
    assert again.description == folder.description and again.identity == folder.identity
    assert again.vocabulary == subject.manifest.vocabulary and again.steps == 3
    assert sorted(path.name for path in folder.path.iterdir()) == sorted(FILES)


def test_identity_is_of_the_content(subject):
    folder = write(subject)
    assert write(subject, "copy", created="later", environment={"x": 1}).identity == folder.identity
    assert write(subject, "weights", seed=1).identity != folder.identity
    words = ("<end>", *sorted(subject.manifest.vocabulary[1:], reverse=True))
    assert write(subject, "words", vocabulary=words).identity != folder.identity
    changed = {**subject.checked.model_dump(mode="json"), "learning_rate": 0.2}
    assert write(subject, "parameters", parameters=changed).identity != folder.identity


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", ["cut", "flip", "remove"])
def test_damage_is_a_sentence(subject, file, damage):
    path = write(subject).path / file
    content = path.read_bytes()
    if damage == "remove":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(content[:-20])
    else:
        middle = len(content) // 2
        path.write_bytes(content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :])
    with pytest.raises(UserError) as caught:
        load_encoder(path.parent)
    assert "\n" not in str(caught.value) and str(path.parent) in str(caught.value)


def test_loading_gives_the_weights_and_draws_nothing(subject):
    folder = write(subject, seed=5)
    before = torch.random.get_rng_state()
    loaded = load_encoder(folder).encoder
    assert torch.equal(before, torch.random.get_rng_state())
    assert torch.equal(loaded.words.weight, subject.build(seed=5).words.weight)
    assert not loaded.words.training


def test_an_encoder_is_no_model(subject):
    with pytest.raises(UserError, match="makes no images"):
        load_model(write(subject))


def test_what_does_not_fit_the_plugin_is_a_sentence(subject):
    parameters = {**subject.checked.model_dump(mode="json"), "dimension": 3}
    with pytest.raises(UserError, match="do not fit the installed plug-in"):
        load_encoder(write(subject, parameters=parameters))
    with pytest.raises(UserError, match="another version"):
        load_encoder(write(subject, parameters={"width": 3}))
    with pytest.raises(UserError, match="Did you mean stub-encoder"):
        load_encoder(write(subject, plugin="stub-encodr"))


def test_a_stranger_is_no_model_folder(tmp_path):
    assert not is_model_folder(tmp_path)
    with pytest.raises(UserError, match="not a model folder"):
        read_model_folder(tmp_path)


def test_an_unknown_key_is_told(subject):
    folder = write(subject)
    content = json.loads((folder.path / "model.json").read_text())
    with pytest.raises(ValueError, match="surprise"):
        ModelDescription.model_validate(content | {"surprise": 1})


def test_reading_needs_no_torch():
    modules = "t2ibench.models.folder, t2ibench.models.find, t2ibench.training.request, t2ibench.cli.train"
    code = f"import sys, {modules}; print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_another_schema_is_refused_in_a_sentence(subject):
    folder = write(subject).path
    text = (folder / "model.json").read_text().replace(f'"schema": {SCHEMA}', '"schema": 1', 1)
    (folder / "model.json").write_text(text)
    manifest = json.loads((folder / "manifest.json").read_text())
    changed = (folder / "model.json").read_bytes()
    manifest["files"]["model.json"] = {"bytes": len(changed), "sha256": hashlib.sha256(changed).hexdigest()}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UserError, match=rf"model\.json is of schema 1, .* reads {SCHEMA}: train or import the model"):
        read_model_folder(folder)
