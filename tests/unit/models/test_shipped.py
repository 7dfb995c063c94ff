"""Models that come with the package: found where their drawing is today's, and nowhere else."""

import shutil

import pytest
from safetensors import safe_open

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables
from t2ibench.models.find import find_models, require_model
from t2ibench.models.folder import load_encoder, load_model, read_model_folder
from t2ibench.models.shipped import MARK, shipped_by_identity, shipped_models
from t2ibench.training.request import TrainRequest, resolve
from tests.end_to_end.test_quickstart import ROOT

CONTENT = load_benchmarks(ROOT / "benchmarks.toml").content
SHIPPED = shipped_models(CONTENT)


def redrawn():
    """Return our benchmarks.toml with one more bird in each world of birds, and nothing else."""
    tables = {name: CONTENT.datasets[name] for name in ("simbirds", "simbirds-world")}
    more = {name: {**table.options, "images": table.options["images"] + 1} for name, table in tables.items()}
    redrawn = {name: table.model_copy(update={"options": more[name]}) for name, table in tables.items()}
    return CONTENT.model_copy(update={"datasets": redrawn})


def test_damsm_comes_with_the_package():
    assert "damsm" in {model.label for model in SHIPPED}


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.label)
def test_each_is_small_whole_and_loads(model):
    assert (model.path / "weights.safetensors").stat().st_size < 6_000_000
    read_model_folder(model.path, verify=True)
    load = load_encoder if model.description.kind == "encoder" else load_model
    assert load(model) is not None
    with safe_open(model.path / "weights.safetensors", framework="pt") as weights:
        assert {weights.get_slice(key).get_dtype() for key in weights.keys()} <= {"F16", "I64"}  # noqa: SIM118


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.label)
def test_the_command_of_today_would_make_it(model, tmp_path):
    job = resolve(TrainRequest.of(model.label, dataset=model.dataset), Place(CONTENT, Workspace(tmp_path)), "manifest")
    assert job.steps == model.steps
    read = registry(f"{model.description.kind}s")[model.description.plugin].Parameters.model_validate
    assert dict(job.spec.parameters) == read(dict(model.parameters)).model_dump(mode="json")  # without retired ones
    for name, encoder in job.encoders.items():
        assert job.spec.encoders[name] == model.description.encoders[name].trained == MARK + encoder.shipped.identity


def test_a_training_takes_the_shipped_encoder_whatever_the_length(tmp_path):
    def encoder(**rest):
        return resolve(TrainRequest.of("attngan", **rest), Place(CONTENT, Workspace(tmp_path)), "manifest").encoders[
            "damsm"
        ]

    for short in (encoder(), encoder(steps=3), encoder(seed=7)):
        assert short.done
        assert short.exported == short.shipped.path
    for other in (encoder(encoder_steps=5), encoder(parameters={"damsm.width": 8}), encoder(batch_size=4)):
        assert other.shipped is None
        assert not other.done


def test_another_drawing_has_no_shipped_models(tmp_path):
    assert not shipped_models(redrawn())
    job = resolve(TrainRequest.of("attngan"), Place(redrawn(), Workspace(tmp_path)), "manifest")
    assert job.encoders["damsm"].shipped is None


def test_names_lead_to_shipped_models_last(tmp_path):
    workspace = Workspace(tmp_path)
    assert find_models(workspace, "damsm") == []
    found = find_models(workspace, "damsm", "simbirds", benchmarks=CONTENT)
    assert [model.label for model in found] == ["damsm"]
    assert require_model(workspace, f"damsm@{found[0].identity[:6]}", CONTENT) == found[0]
    with pytest.raises(UserError, match="is not trained"):
        require_model(workspace, "damsm", CONTENT, "cub")


def test_hyphens_and_underscores_are_one(tmp_path):
    workspace = Workspace(tmp_path)
    assert require_model(workspace, "stackgan-v2", CONTENT) == require_model(workspace, "stackgan_v2", CONTENT)
    assert resolve(TrainRequest.of("gan-int-cls"), Place(CONTENT, workspace), "manifest").spec.name == "gan_int_cls"
    assert CONTENT.spelled("stackgan-v2:brief@12ab") == "stackgan_v2:brief@12ab"
    assert CONTENT.spelled("my-model") == "my-model"


def test_a_damaged_model_is_named_and_no_other_takes_its_place(tmp_path):
    workspace = Workspace(tmp_path)
    shipped = require_model(workspace, "stackgan_v2", CONTENT, "simbirds")
    mine = workspace.runs / "stackgan_v2" / "simbirds" / "0123456789ab" / "model" / "step-000003"
    shutil.copytree(shipped.path, mine)
    assert require_model(workspace, "stackgan_v2", CONTENT, "simbirds").path == mine
    weights = (mine / "weights.safetensors").read_bytes()
    (mine / "weights.safetensors").write_bytes(weights[:1000])
    for dataset in ("simbirds", None):
        with pytest.raises(UserError, match=r"weights\.safetensors.*none other is taken in its place: delete"):
            require_model(workspace, "stackgan_v2", CONTENT, dataset)
    assert require_model(workspace, f"stackgan_v2@{shipped.identity[:8]}", CONTENT) == shipped


def test_an_encoder_that_is_gone_is_a_sentence():
    identity = next(model.identity for model in SHIPPED if model.label == "damsm")
    assert shipped_by_identity(MARK + identity, CONTENT).label == "damsm"
    with pytest.raises(UserError, match="not in the installed version"):
        shipped_by_identity(MARK + "0" * 64, CONTENT)


def test_models_of_several_data_sets_make_a_table_each(tmp_path, capsys):
    place = Place(CONTENT, Workspace(tmp_path))
    tables = list(resolve_tables(EvaluateRequest(("stackgan-v2", "vae", "attngan", "conv-vae")), place))
    assert [(table.dataset, [model.label for model in table.models]) for table in tables] == [
        ("simbirds", ["stackgan_v2", "attngan"]),
        ("simscenes", ["vae", "conv_vae"]),
    ]
    assert "simbirds: stackgan-v2, attngan; simscenes: vae, conv-vae" in capsys.readouterr().err
    with pytest.raises(UserError, match="noalign is not trained"):
        list(resolve_tables(EvaluateRequest(("attngan", "aligndraw:noalign")), place))
