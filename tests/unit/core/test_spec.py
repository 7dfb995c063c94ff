"""benchmarks.toml is checked before any work, and its faults are sentences."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import Benchmarks, TrainingSpec, load_benchmarks
from t2ibench.core.spec.recipes import settings_for

ROOT = Path(__file__).resolve().parents[3]


def write(folder: Path, text: str) -> Path:
    path = folder / "benchmarks.toml"
    path.write_text(text)
    return path


def ours() -> str:
    return (ROOT / "benchmarks.toml").read_text()


def test_ours_is_valid_and_every_plugin_is_registered():
    from t2ibench.core.registry import registry

    content = load_benchmarks(ROOT / "benchmarks.toml").content
    assert {entry.plugin for entry in content.models.values()} <= set(registry("models"))
    assert {entry.plugin for entry in content.encoders.values()} <= set(registry("encoders"))
    assert {entry.plugin for entry in content.features.values()} <= set(registry("features"))
    assert {entry.metric for entry in content.metrics.values()} <= set(registry("metrics"))
    assert {entry.adapter for entry in content.datasets.values()} <= set(registry("datasets"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("schema = [", "not valid TOML"),
        ("schema = 2\n[datasets]\n[models]", "key schema: .*1"),
        ("schema = 1\n[datasets]\n", "key models: .*required"),
        ("schema = 1\n[datasets]\n[models]\n[modles]\n", "key modles: .*not known"),
        (
            'schema = 1\n[datasets]\n[models.attngan]\nplugin = "attngan"\nsteps = "many"\n',
            "key models.attngan.steps: .*integer.*'many'",
        ),
        (
            'schema = 1\n[models]\n[datasets.cub]\nadapter = "cub"\nprotocol = "simbird-1"\n'
            "[protocols.simbirds-1]\nmetrics = []",
            "simbird-1.*Did you mean simbirds-1",
        ),
    ],
)
def test_faults_name_file_key_and_expectation(tmp_path, text, expected):
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=expected) as caught:
        load_benchmarks(path)
    assert str(path) in str(caught.value)


def test_the_nearest_file_wins(tmp_path, monkeypatch):
    path = write(tmp_path, ours())
    (tmp_path / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep" / "er")
    assert load_benchmarks().path == path


def test_settings_are_layered():
    content = load_benchmarks(ROOT / "benchmarks.toml").content
    entry = content.models["attngan"]
    assert settings_for(entry, "cub")[0] == entry.steps
    assert settings_for(entry, "simbirds")[0] == entry.on["simbirds"].steps
    assert settings_for(entry, "simbirds", "no-damsm")[1]["damsm_weight"] == 0.0
    with pytest.raises(UserError, match="Did you mean no-damsm"):
        settings_for(entry, "cub", "no-dasmm")


def spec(**changes) -> TrainingSpec:
    given = {
        "kind": "model",
        "name": "attngan",
        "plugin": "attngan",
        "parameters": {"a": 1},
        "dataset": "cub",
        "manifest": "m",
    }
    return TrainingSpec(**{**given, **changes})


def test_the_digest_follows_every_field():
    digests = {
        spec().digest,
        spec(seed=1).digest,
        spec(parameters={"a": 2}).digest,
        spec(dataset="coco").digest,
        spec(variant="v").digest,
        spec(encoders={"damsm": "x"}).digest,
        spec(precision="bf16").digest,
    }
    assert len(digests) == 7
    assert spec().digest == spec().digest


def test_an_encoder_may_have_nothing_to_learn():
    content = {
        "schema": 1,
        "datasets": {},
        "encoders": {"codes": {"plugin": "codes", "steps": 0}},
        "models": {"m": {"plugin": "m", "steps": 1}},
    }
    assert Benchmarks.model_validate(content).encoders["codes"].steps == 0
    with pytest.raises(ValidationError, match="greater than or equal to 0"):
        Benchmarks.model_validate({**content, "models": {"m": {"plugin": "m", "steps": -1}}})


def test_a_data_set_like_another_is_trained_on_and_judged_like_it():
    content = load_benchmarks(ROOT / "benchmarks.toml").content
    for kind in ("models", "encoders"):
        for entry in getattr(content, kind).values():
            assert (
                settings_for(entry, "coco-2017") == settings_for(entry, "coco") == settings_for(entry, "coco-karpathy")
            )
    assert settings_for(content.models["attngan"], "coco") != settings_for(content.models["attngan"], "cub")
    protocol = content.protocols["official"]
    assert protocol.for_dataset("coco-2017") == protocol.for_dataset("coco") != protocol.for_dataset("cub")
