"""What a run has otherwise than its recipe is told; what follows the recipe is not."""

import pytest

from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.models.parameters import changed_settings
from t2ibench.models.shipped import shipped_models
from t2ibench.training.request import TrainRequest, resolve
from tests.end_to_end.test_quickstart import ROOT

CONTENT = load_benchmarks(ROOT / "benchmarks.toml").content


class Folder:
    """As much of a model folder as is asked for."""

    def __init__(self, spec, *, imported=False):
        self.description = self
        self.name, self.variant, self.dataset = spec.name, spec.variant, spec.dataset
        self.label = f"{spec.name}:{spec.variant}" if spec.variant else spec.name
        self.parameters = dict(spec.parameters)
        self.imported, self.learned = imported, True


def folder(name, tmp_path, imported=False, **rest):
    return Folder(
        resolve(TrainRequest.of(name, **rest), Place(CONTENT, Workspace(tmp_path)), "manifest").spec, imported=imported
    )


@pytest.mark.parametrize("model", [one for one in shipped_models(CONTENT) if one.description.kind == "model"], ids=str)
def test_shipped_models_follow_their_recipe(model):
    assert changed_settings(model, CONTENT) == {}


def test_what_was_set_by_hand_is_told(tmp_path):
    assert changed_settings(folder("attngan:attngan1-lambda-5", tmp_path), CONTENT) == {}
    given = folder("attngan:attngan1-lambda-5", tmp_path, parameters={"damsm_weight": 3.0}, batch_size=4)
    assert changed_settings(given, CONTENT) == {"damsm_weight": 3.0, "batch_size": 4}


def test_imported_and_unknown_models_have_no_recipe(tmp_path):
    given = folder("attngan", tmp_path, imported=True, parameters={"damsm_weight": 3.0})
    assert changed_settings(given, CONTENT) == {}
    given = folder("attngan", tmp_path, parameters={"damsm_weight": 3.0})
    given.name = "mine"
    assert changed_settings(given, CONTENT) == {}


@pytest.mark.parametrize("dataset", ["simbirds", "simscenes", "folder"])
def test_the_lambdas_of_the_component_analysis_stand_in_the_papers_ratios(dataset, tmp_path):
    weights = {
        name: folder(f"attngan:attngan1-lambda-{name}", tmp_path, dataset=dataset).parameters["damsm_weight"]
        for name in ("0.1", "1", "5", "10")
    }
    own = folder("attngan", tmp_path, dataset=dataset).parameters["damsm_weight"]
    assert {name: weight / own for name, weight in weights.items()} == pytest.approx(
        {"0.1": 0.02, "1": 0.2, "5": 1.0, "10": 2.0}
    )
