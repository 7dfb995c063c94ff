"""Training by name: the encoder first, nothing twice, found again, the untrained twin."""

import json

import pytest
import torch

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.request.untrained_twin import untrained_twin
from t2ibench.models.find import find_models, require_model
from t2ibench.models.folder import load_model, read_model_folder
from t2ibench.training.request import NOT_PREPARED, TrainRequest, plan_training
from t2ibench.training.train import ensure_trained
from tests.stub_run import write_benchmarks
from tests.unit.conftest import COMPUTE


def trained(place, name="stub", **rest):
    workspace, benchmarks = place
    return ensure_trained(
        TrainRequest.of(name, dataset="squares", **rest),
        Place(benchmarks, workspace, device="cpu", threads=1),
        compute=COMPUTE,
    )


def test_the_encoder_is_trained_first_and_nothing_twice(place, capsys):
    folder = read_model_folder(trained(place))
    assert "needs stub-encoder: training it on squares for 6 steps first" in capsys.readouterr().err
    stamp = (folder.path / "manifest.json").stat().st_mtime_ns
    assert trained(place) == folder.path
    assert (folder.path / "manifest.json").stat().st_mtime_ns == stamp
    encoder = find_models(place[0], "stub-encoder")[0]
    assert folder.card.trained_with == (encoder.weights, encoder.identity)
    assert folder.card.origin is Origin.RETRAINED and folder.card.title == "Stub"
    described = folder.description.encoders["stub-encoder"]
    assert (described.identity, described.weights) == (encoder.identity, encoder.weights)
    provenance = json.loads((folder.path.parent.parent / "provenance.json").read_text())
    assert provenance["encoders"] == {"stub-encoder": encoder.identity}


def test_an_encoder_may_learn_from_another_data_set(tmp_path, capsys):
    path = write_benchmarks(tmp_path)
    more = '[datasets.more-squares]\nadapter = "squares"\nprotocol = "p"\n[models.stub.on.squares]\nencoder_data = '
    path.write_text(path.read_text() + more + '"more-squares"\n')
    workspace, benchmarks = Workspace(tmp_path / "workspace"), load_benchmarks(path).content
    place = Place(benchmarks, workspace, device="cpu", threads=1)
    planned = plan_training(TrainRequest.of("stub", dataset="squares"), place)
    assert planned.encoders["stub-encoder"].spec.manifest == NOT_PREPARED and not workspace.root.exists()
    folder = read_model_folder(trained((workspace, benchmarks)))
    assert "needs stub-encoder: training it on more-squares for 6 steps first" in capsys.readouterr().err
    encoder = find_models(workspace, "stub-encoder")[0]
    assert (folder.description.dataset, encoder.description.dataset) == ("squares", "more-squares")
    assert folder.card.trained_with == (encoder.weights, encoder.identity)
    assert trained((workspace, benchmarks)) == folder.path
    path.write_text(path.read_text().replace('encoder_data = "more-squares"', 'encoder_data = "mor-squares"'))
    with pytest.raises(UserError, match="Did you mean more-squares"):
        load = load_benchmarks(path).content
        plan_training(TrainRequest.of("stub", dataset="squares"), Place(load, workspace, device="cpu", threads=1))


def test_more_steps_go_on(place, capsys):
    first = trained(place)
    capsys.readouterr()
    second = trained(place, steps=15)
    assert "goes on from step 12" in capsys.readouterr().err
    assert first.parent == second.parent and first.is_dir()


def test_snapshots_are_what_fewer_steps_make(place):
    folder = trained(place, seed=21, snapshots=(9, 4, 12, 40))
    there = sorted(path.name for path in folder.parent.iterdir())
    assert there == ["step-000004", "step-000009", "step-000012"]
    alone = trained((Workspace(place[0].root / "alone"), place[1]), seed=21, steps=4, encoder_steps=6)
    early = folder.parent / "step-000004"
    assert (early / "weights.safetensors").read_bytes() == (alone / "weights.safetensors").read_bytes()
    assert read_model_folder(early).steps == 4
    assert find_models(place[0], str(folder.parent.parent))[0].path == folder  # what a name means
    encoder = find_models(place[0], "stub-encoder")[0].path
    assert "step-000004" not in [path.name for path in encoder.parent.iterdir()]


def test_snapshots_of_a_stopped_run_are_made_when_it_goes_on(place):
    first = trained(place, seed=22, steps=6, snapshots=(3,))
    second = trained(place, seed=22, steps=12, snapshots=(3, 9))
    assert {path.name for path in second.parent.iterdir()} == {f"step-{one:06d}" for one in (3, 6, 9, 12)}
    assert first.is_dir()


def test_a_short_trial_shortens_the_encoder_and_says_so(place, capsys):
    other = {"stub-encoder.dimension": 3}  # an encoder of its own
    folder = read_model_folder(trained(place, steps=2, parameters=other))
    assert "WARNING: stub-encoder is trained for 2 steps only instead of 6" in capsys.readouterr().err
    assert folder.description.encoders["stub-encoder"].trained.endswith("@2")
    trained(place, parameters=other)
    again = read_model_folder(trained(place, steps=2, parameters=other))
    assert again.description.encoders["stub-encoder"].trained.endswith("@6")


def test_the_untrained_twin(place):
    workspace, benchmarks = place
    folder = read_model_folder(trained(place))
    twin = read_model_folder(untrained_twin(folder, Place(benchmarks, workspace)))
    assert twin.steps == 0 and twin.description.spec == folder.description.spec
    assert twin.identity != folder.identity and twin.description.encoders == folder.description.encoders
    assert untrained_twin(folder, Place(benchmarks, workspace)) == twin.path
    words = [load_model(one).model.encoder.words.weight for one in (folder, twin)]
    assert torch.equal(*words)
    assert all(model.steps for model in find_models(workspace, "stub"))


def test_another_copy_of_the_encoder_is_refused(place):
    path = trained(place, seed=9, steps=12)
    provenance = path.parent.parent / "provenance.json"
    content = json.loads(provenance.read_text())
    provenance.write_text(json.dumps(content | {"encoders": {"stub-encoder": "another"}}))
    with pytest.raises(UserError, match="another copy of its encoder"):
        trained(place, seed=9, steps=13, encoder_steps=6)


def test_selectors(place):
    workspace, benchmarks = place
    path = trained(place)
    small = read_model_folder(trained(place, "stub:small"))
    found = find_models(workspace, "stub", "squares")
    assert path in [model.path for model in found] and small.path not in [model.path for model in found]
    assert [model.path for model in find_models(workspace, "stub:small")] == [small.path]
    assert [m.path for m in find_models(workspace, f"stub:small@{small.identity[:8]}")] == [small.path]
    assert [m.path for m in find_models(workspace, f"stub:small@{small.description.spec[:8]}")] == [small.path]
    assert [model.path for model in find_models(workspace, str(small.path))] == [small.path]
    assert [model.path for model in find_models(workspace, str(small.path.parent.parent))] == [small.path]
    assert find_models(workspace, "stub", "elsewhere") == find_models(workspace, "stub@ffffffffffff") == []
    assert require_model(workspace, "stub:small", benchmarks).path == small.path


def test_damaged_models_are_not_found(place):
    path = trained(place, seed=11)
    (path / "weights.safetensors").write_bytes(b"")
    assert path not in [model.path for model in find_models(place[0], "stub")]
    assert trained(place, seed=11) == path
    assert path in [model.path for model in find_models(place[0], "stub")]


@pytest.mark.parametrize(
    ("selector", "sentence"),
    [
        ("stbu", "Did you mean stub"),
        ("stub:smal", "Did you mean small"),
        ("poisoned", "`t2ibench train poisoned --data squares` trains it"),
        ("no/such/folder", "not a model folder"),
    ],
)
def test_what_is_not_there(place, selector, sentence):
    workspace, benchmarks = place
    with pytest.raises(UserError, match=sentence):
        require_model(workspace, selector, benchmarks, "squares")


def test_a_plan_computes_nothing(place, tmp_path):
    from t2ibench.core.workspace import Workspace

    job = plan_training(TrainRequest.of("stub", dataset="squares"), Place(place[1], Workspace(tmp_path / "new")))
    assert job.spec.manifest == "not prepared yet" and not (tmp_path / "new").exists()
    with pytest.raises(UserError, match="Did you mean squares"):
        plan_training(TrainRequest.of("stub", dataset="square"), Place(place[1], Workspace(tmp_path / "new")))
