"""Running a suite of benchmarks.toml: every model trained, then all of them evaluated on one plan."""

from __future__ import annotations

from t2ibench.core.errors import require_known
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import Benchmarks, SuiteEntry
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.request import EvaluateRequest
from t2ibench.evaluation.table import Evaluation
from t2ibench.models.folder import ModelFolder
from t2ibench.models.shipped import shipped_models
from t2ibench.training.request import TrainRequest
from t2ibench.training.tracking.progress import say
from t2ibench.training.train import ensure_trained


def find_suite(name: str, benchmarks: Benchmarks) -> SuiteEntry:
    """Return the suite of a name.

    Raises:
        UserError: there is none; near names are given.
    """
    require_known("suite", benchmarks.suites, name, hint="`t2ibench list suites` shows them all.")
    return benchmarks.suites[name]


def requests_of(suite: SuiteEntry, *, seed: int | None = None) -> list[TrainRequest]:
    """Return the request to train of each model of a suite that is trained here, in its order."""
    return [TrainRequest.of(model, dataset=suite.data, seed=seed) for model in suite.models]


def shipped_of(suite: SuiteEntry, benchmarks: Benchmarks) -> tuple[list[ModelFolder], list[str]]:
    """Return the models that a suite takes as they came with the package, and the names of those that did not come.

    None fits a data set whose drawing was changed in benchmarks.toml; they have to be trained then.
    """
    there = {model.label: model for model in shipped_models(benchmarks, suite.data)}
    return (
        [there[name] for name in suite.shipped if name in there],
        [name for name in suite.shipped if name not in there],
    )


def run_suite(suite: SuiteEntry, place: Place, *, seed: int | None = None) -> list[Evaluation]:
    """Return the evaluations of a suite's models, an element a data set, after training what was not trained yet.

    Raises:
        UserError: the suite asks for something unsound.
        RunFailedError: a training failed; metrics that fail become records instead.
    """
    shipped, lacking = shipped_of(suite, place.benchmarks)
    for model in shipped:
        say(f"{model.label} comes with the package, trained for {model.steps} steps: {model.path}")
    folders = [model.path for model in shipped]
    requests = [TrainRequest.of(name, dataset=suite.data, seed=seed) for name in lacking]
    for request in [*requests, *requests_of(suite, seed=seed)]:
        folders.append(ensure_trained(request, place))
        say(f"{request.name} is ready: {folders[-1]}")
    asked = EvaluateRequest(models=tuple(str(folder) for folder in folders), datasets=(suite.data,))
    return evaluate(asked, place)
