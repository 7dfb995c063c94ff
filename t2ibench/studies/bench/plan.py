"""What a suite amounts to: which trainings, which are there, what the rest will take. Nothing is computed here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.place import Place
from t2ibench.core.records import Results
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import Benchmarks, SuiteEntry
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.models.folder import is_model_folder
from t2ibench.models.shipped import MARK, shipped_models
from t2ibench.training.checkpoints.run_folder import RunFolder
from t2ibench.training.measured_time import folder_bytes, seconds_a_step
from t2ibench.training.request import NOT_PREPARED, Job, TrainRequest, plan_training

FULL: Final = "full"
"""The budget of every suite: as long as the models' own recipes say."""


@dataclass(frozen=True)
class BenchRequest:
    """What a user asks for; empty keeps what the suite says.

    Attributes:
        suite: name in benchmarks.toml.
        datasets: names.
        budget: name of one of the suite's budgets, or "full".
        seeds: of training.
    """

    suite: str
    datasets: tuple[str, ...] = ()
    budget: str = FULL
    seeds: tuple[int, ...] = ()


@dataclass(frozen=True)
class BenchItem:
    """One model to have.

    Attributes:
        label: as in "attngan:attngan1".
        dataset: that it learns from and is judged on.
        seed: of its training; None for its own.
        request: to train it; None for one that is taken as it came with the package.
        job: what the request amounts to; None where that cannot be known, or for a shipped one.
        ready: folder of the model, if it is there.
        fault: why it cannot be trained; "" mostly.
    """

    label: str
    dataset: str
    seed: int | None = None
    request: TrainRequest | None = None
    job: Job | None = None
    ready: Path | None = None
    fault: str = ""

    @property
    def title(self) -> str:
        """Return what names the item in messages, as in "attngan:brief, seed 1, on simbirds"."""
        seed = "" if self.seed is None else f", seed {self.seed}"
        return f"{self.label}{seed}, on {self.dataset}"

    def with_snapshots(self, model: Path) -> list[Path]:
        """Return the model's folder after those of its snapshots that were exported, the earliest first."""
        if self.job is None:
            return [model]
        # Not the job's own folder: its data set may have had no digest yet.
        run = RunFolder(model.parent.parent, self.job.spec)
        return [*filter(is_model_folder, map(run.model, self.job.snapshots)), model]


def plan_bench(request: BenchRequest, place: Place) -> list[BenchItem]:
    """Return the models of a suite, by data set, in the suite's order.

    A model that cannot be trained as asked (a plug-in that is not installed, a file that is missing) has a fault.

    Raises:
        UserError: there is no such suite, data set or budget; near names are given.
    """
    suite = suite_of(request, place.benchmarks)
    require_known("data set", place.benchmarks.datasets, *request.datasets)
    items = []
    seeds: Sequence[int | None] = tuple(dict.fromkeys(request.seeds or suite.seeds)) or (None,)
    for dataset in tuple(dict.fromkeys(request.datasets)) or (suite.data,):
        there = {model.label: model for model in shipped_models(place.benchmarks, dataset)}
        lacking = []
        for name in suite.shipped:
            if name in there:
                items.append(BenchItem(name, dataset, ready=there[name].path))
            else:
                lacking.append(name)
        for seed in seeds:
            for name in (*lacking, *suite.models):
                asked = _request(name, dataset, seed, request, suite, place.benchmarks)
                items.append(_item(name, asked, suite, place))
    return items


def suite_of(request: BenchRequest, benchmarks: Benchmarks) -> SuiteEntry:
    """Return the suite that is asked for.

    Raises:
        UserError: there is no such suite, or it has no such budget; near names are given.
    """
    require_known("suite", benchmarks.suites, request.suite, hint="`t2ibench list suites` shows them all.")
    suite = benchmarks.suites[request.suite]
    require_known(f"budget of the suite {request.suite}", [FULL, *suite.budgets], request.budget)
    return suite


def describe(request: BenchRequest, items: Sequence[BenchItem], place: Place) -> dict[str, Any]:
    """Return the plan as JSON values, with what it will take as far as earlier runs of this workspace tell."""
    suite = suite_of(request, place.benchmarks)
    counted: set[str] = set()
    rows = [_row(item, place.workspace, counted) for item in items]
    evaluation = {
        dataset: _evaluation(dataset, suite, items, place) for dataset in dict.fromkeys(item.dataset for item in items)
    }
    seconds = [row["estimate"]["seconds"] for row in rows] + [one["seconds"] for one in evaluation.values()]
    sizes = [row["estimate"]["bytes"] for row in rows]
    return {
        "suite": request.suite,
        "title": suite.title,
        "budget": request.budget,
        "report": suite.report,
        "models": rows,
        "evaluation": evaluation,
        "estimate": {
            "seconds": "unknown" if "unknown" in seconds else round(sum(seconds)),
            "known_seconds": round(sum(one for one in seconds if one != "unknown")),
            "bytes": "unknown" if "unknown" in sizes else sum(sizes),
            "known_bytes": sum(one for one in sizes if one != "unknown"),
        },
    }


def summary_of(plan: Mapping[str, Any]) -> str:
    """Return the estimate of a plan, as `describe` returns it, as a sentence."""
    rows = plan["models"]
    to_train = [row for row in rows if not row["trained"] and not row.get("fault")]
    faults = [f"\nCannot be trained: {row['model']}: {row['fault']}" for row in rows if row.get("fault")]
    estimate = plan["estimate"]
    minutes = f"{estimate['known_seconds'] / 60:.0f} minutes"
    space = f"{estimate['known_bytes'] / 2**20:.0f} MiB"
    if estimate["seconds"] == "unknown":
        minutes = f"unknown (no earlier run of some models here), {minutes} of it known"
    if estimate["bytes"] == "unknown":
        space = f"unknown, {space} of it known"
    return f"{len(rows)} models, {len(to_train)} to train. Time: {minutes}. Disk: {space}.{''.join(faults)}"


def _request(
    name: str, dataset: str, seed: int | None, request: BenchRequest, suite: SuiteEntry, benchmarks: Benchmarks
) -> TrainRequest:
    asked = TrainRequest.of(name, dataset=dataset, seed=seed)
    if request.budget == FULL:
        return asked
    budget = suite.budgets[request.budget]
    steps = budget.steps.get(name, budget.steps.get(asked.name))
    return replace(asked, steps=steps, encoder_steps=budget.encoder_steps)


def _item(label: str, request: TrainRequest, suite: SuiteEntry, place: Place) -> BenchItem:
    try:
        steps = plan_training(request, place).steps
        request = replace(request, snapshots=tuple(max(1, round(share * steps)) for share in suite.snapshots))
        job = plan_training(request, place)
    except UserError as error:
        return BenchItem(label, request.dataset, request.seed, request, fault=str(error))
    ready = job.exported if job.done else _shipped(job, place.benchmarks)
    return BenchItem(label, request.dataset, request.seed, request, job, ready)


def _shipped(job: Job, benchmarks: Benchmarks) -> Path | None:
    """Return the folder of the model that came with the package if it was trained just as the job asks."""
    spec = job.spec
    for model in shipped_models(benchmarks, spec.dataset):
        found = model.description
        if (found.kind, found.label, found.plugin, found.seed, found.steps) != (
            spec.kind, spec.label, spec.plugin, spec.seed, job.steps,
        ):  # fmt: skip
            continue
        plugin = registry("models")[spec.plugin]
        known = plugin.Parameters.model_validate(dict(found.parameters)).model_dump(mode="json")
        encoders = {MARK + one.identity for one in found.encoders.values()} | {
            one.trained for one in found.encoders.values()
        }
        if known == dict(spec.parameters) and set(spec.encoders.values()) <= encoders and spec.precision == "32-true":
            return model.path
    return None


def _row(item: BenchItem, workspace: Workspace, counted: set[str]) -> dict[str, Any]:
    job = item.job
    row: dict[str, Any] = {"model": item.label, "dataset": item.dataset, "seed": item.seed}
    if item.fault:
        nothing = {"seconds": 0, "bytes": 0, "from": ""}
        return {**row, "trained": False, "fault": item.fault, "estimate": nothing}
    if job is not None:
        row |= {"seed": job.spec.seed, "steps": job.steps, "full_steps": job.full_steps, "folder": str(job.folder.path)}
        row["digest"] = "open until the data set is prepared" if job.spec.manifest == NOT_PREPARED else job.spec.digest
    row["trained"] = item.ready is not None
    if item.ready is not None:
        return {**row, "folder": str(item.ready), "estimate": {"seconds": 0, "bytes": 0, "from": "it is there"}}
    assert job is not None
    return {**row, "estimate": _estimate(job, workspace, counted)}


def _estimate(job: Job, workspace: Workspace, counted: set[str]) -> dict[str, Any]:
    """Return what a training will take: its steps at the pace, and the size, of an earlier run of that model.

    Encoders are trained for the first model that needs them; `counted` are the identities of those counted already.
    """
    lacking = [one for one in job.encoders.values() if not one.done and one.steps and one.identity not in counted]
    counted |= {one.identity for one in lacking}
    wanted = [job, *lacking]
    seconds: float | None = 0.0
    size: int | None = 0
    origin = []
    for one in wanted:
        known = seconds_a_step(workspace, one.spec.name, one.spec.variant, one.spec.dataset)
        bytes_there = folder_bytes(workspace, one.spec.name, one.spec.variant, one.spec.dataset)
        before = max((steps for steps in one.folder.exported_steps() if steps <= one.steps), default=0)
        seconds = None if known is None or seconds is None else seconds + known.seconds * (one.steps - before)
        size = None if bytes_there is None or size is None else size + bytes_there
        origin.append(
            f"{one.spec.label}: {f'{known.seconds:.3g} s a step in {known.source}' if known else 'no earlier run'}"
        )
    return {
        "seconds": "unknown" if seconds is None else round(seconds),
        "bytes": "unknown" if size is None else size,
        "from": "; ".join(origin),
    }


def _evaluation(dataset: str, suite: SuiteEntry, items: Sequence[BenchItem], place: Place) -> dict[str, Any]:
    """Return which protocol judges, and the seconds of rows not known yet, at the pace of rows known."""
    protocol = suite.protocol or place.benchmarks.datasets[dataset].protocol
    count = sum(item.dataset == dataset and not item.fault for item in items)
    spent: dict[str, float] = {}
    for record in Results(place.workspace.results).latest()[0].values():
        here = (record.plan.dataset, record.plan.protocol) == (dataset, protocol)
        if here and record.cost is not None and record.source.origin is not Origin.CONTROL:
            spent[record.source.identity] = spent.get(record.source.identity, 0.0) + record.cost.seconds
    typical = sorted(spent.values())[len(spent) // 2] if spent else None
    return {
        "protocol": protocol,
        "rows": count,
        "seconds": "unknown" if typical is None else round(typical * count),
        "from": "no earlier row" if typical is None else f"{typical:.3g} s a row in {len(spent)} earlier rows",
    }
