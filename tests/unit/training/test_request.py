"""Requests are resolved to specs before anything is computed, and their faults are sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.models.parameters import parse_assignments
from t2ibench.training.request import TrainRequest, resolve
from tests.stub_run import register, write_benchmarks


@pytest.fixture
def asked(tmp_path):
    register()
    benchmarks = load_benchmarks(write_benchmarks(tmp_path)).content

    def resolved(name="stub", **rest):
        request = TrainRequest.of(name, dataset="squares", **rest)
        return resolve(request, Place(benchmarks, Workspace(tmp_path / "workspace")), "manifest")

    return resolved


def test_what_a_request_becomes(asked, tmp_path):
    job = asked("stub:small", batch_size=1, parameters={"dropout": 0, "stub-encoder.dimension": 3}, seed=5)
    assert job.spec.parameters == {
        "batch_size": 1,
        "features": 4,
        "latent": 5,
        "dropout": 0.0,
        "ema_decay": 0.9,
        "learning_rate": 0.01,
        "phases": 1,
    }
    encoder = job.encoders["stub-encoder"]
    assert encoder.spec.parameters == {"batch_size": 2, "dimension": 3, "learning_rate": 0.1}
    assert (job.spec.seed, encoder.spec.seed) == (5, 0)  # models of several seeds share their encoder
    assert job.spec.encoders == {"stub-encoder": f"{encoder.spec.digest}@6"}
    assert job.exported == tmp_path / f"workspace/runs/stub--small/squares/{job.spec.digest[:12]}/model/step-000012"
    assert not (tmp_path / "workspace").exists()


def test_steps_are_no_part_of_the_digest(asked):
    assert asked(steps=100).spec.digest == asked(steps=200).spec.digest
    assert asked(seed=1).spec.digest != asked().spec.digest
    assert asked(precision="bf16-mixed").spec.digest != asked().spec.digest
    assert asked(precision="bf16-mixed").encoders["stub-encoder"].spec == asked().encoders["stub-encoder"].spec


@pytest.mark.parametrize(
    ("request_steps", "encoder_steps", "expected"),
    [(None, None, 6), (4, None, 4), (12, None, 6), (20, None, 6), (4, 9, 9), (8, None, 6), (None, 2, 2)],
)
def test_how_long_the_encoder_learns(asked, request_steps, encoder_steps, expected):
    assert asked(steps=request_steps, encoder_steps=encoder_steps).encoders["stub-encoder"].steps == expected


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"name": "stbu"}, "Did you mean stub"),
        ({"name": "stub:smal"}, "Did you mean small"),
        ({"name": "stub:small", "variant": "small"}, "give one of them"),
        ({"parameters": {"featurs": 3}}, "no parameter of stub called 'featurs'. Did you mean features"),
        ({"parameters": {"features": "many"}}, "key features: .* valid integer"),
        ({"parameters": {"damsm.width": 3}}, "no encoder that stub needs called 'damsm'"),
        ({"parameters": {"stub-encoder.dimensio": 3}}, "Did you mean dimension"),
    ],
)
def test_faults_are_sentences(asked, change, sentence):
    with pytest.raises(UserError, match=sentence):
        asked(**{"name": "stub", **change})


def test_an_installed_model_without_a_table(asked, tmp_path):
    register()
    with pytest.raises(UserError, match=r"\[models.attngan\]"):
        asked("attngan")


def test_assignments():
    texts = ["a=3", "b = 0.5", "c=true", "d=[1, 2]", "e=plain words", 'f="quoted"', "g=a=b", "h="]
    assert parse_assignments(texts) == {
        "a": 3,
        "b": 0.5,
        "c": True,
        "d": [1, 2],
        "e": "plain words",
        "f": "quoted",
        "g": "a=b",
        "h": "",
    }


@pytest.mark.parametrize("text", ["a", "=3", ""])
def test_bad_assignments(text):
    with pytest.raises(UserError, match="key=value"):
        parse_assignments([text])


@given(st.integers() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_numbers_come_back(value):
    text = str(value).lower()
    assert parse_assignments([f"key={text}"]) == {"key": value}
