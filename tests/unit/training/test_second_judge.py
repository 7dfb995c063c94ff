"""A judge of another seed: a variant trained from its own seed, found by name, never mistaken for the first."""

from dataclasses import replace

import pytest

from t2ibench.core.place import Place
from t2ibench.core.records import MetricRecord, PlanRecord, ResultRecord, SourceRecord
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.spec.recipes import seed_for
from t2ibench.core.types import Origin
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.external.rows import ExternalRows
from t2ibench.evaluation.request.open_table import open_table
from t2ibench.evaluation.request.request import EvaluateRequest, Resolved, protocol_for, resolve_tables
from t2ibench.training.compute import Compute
from t2ibench.training.request import TrainRequest, resolve
from t2ibench.training.train import ensure_trained
from tests.unit.evaluation.stubs import register_all, write_config

SECOND = """
[encoders.stub-encoder.variants.second]
seed = 5
[features.judge-2]
plugin = "stub-encoder"
encoder = "stub-encoder:second"
[metrics.r-judge-2]
metric = "r_precision"
features = "judge-2"
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    register_all()
    folder = tmp_path_factory.mktemp("judges")
    return Workspace(folder / "workspace"), load_benchmarks(write_config(folder, lambda text: text + SECOND)).content


def opened(place, metric):
    workspace, benchmarks = place
    asked = Resolved("squares", *protocol_for("squares", benchmarks), samples=20, metrics=(metric,))
    return open_table(asked, Place(benchmarks, workspace, device="cpu", batch_size=20))[0]


def test_a_variant_may_set_the_seed_and_a_seed_asked_for_wins(place):
    workspace, benchmarks = place
    entry = benchmarks.encoders["stub-encoder"]
    assert (seed_for(entry, "squares"), seed_for(entry, "squares", "second")) == (0, 5)
    specs = [
        resolve(TrainRequest.of(name, dataset="squares", **rest), Place(benchmarks, workspace), "m").spec
        for name, rest in (("stub-encoder", {}), ("stub-encoder:second", {}), ("stub-encoder:second", {"seed": 9}))
    ]
    assert [spec.seed for spec in specs] == [0, 5, 9]
    assert len({spec.digest for spec in specs}) == 3


def test_each_judge_is_the_encoder_of_its_name(place):
    workspace, benchmarks = place
    compute = Compute(image_steps=100)
    for name in ("stub-encoder", "stub-encoder:second"):
        ensure_trained(
            TrainRequest.of(name, dataset="squares", steps=3),
            Place(benchmarks, workspace, device="cpu", threads=1),
            compute=compute,
        )
    first, second = (opened(place, metric).columns[0] for metric in ("r-judge", "r-judge-2"))
    assert not first.extractor.fault and not second.extractor.fault
    assert first.record.features["weights"] != second.record.features["weights"]
    assert first.record.digest != second.record.digest, "two judges are two columns"


def test_several_seeds_are_several_tables_each_once(place):
    workspace, benchmarks = place
    request = EvaluateRequest((), datasets=("squares",), external=ExternalRows(images=(workspace.root,)), seed=4)

    def seeds(asked):
        return [one.protocol.seed for one in resolve_tables(asked, Place(benchmarks, workspace))]

    assert seeds(request) == [4]
    assert seeds(replace(request, seed=None, seeds=(100, 7, 100))) == [100, 7]


def test_protocols_that_judge_alike_keep_records_of_their_own():
    source = SourceRecord(name="a", title="a", origin=Origin.RETRAINED, identity="i")
    metric = MetricRecord(
        column="c", metric="fid", version=1, title="FID", unit="", higher_is_better=False, features={"name": "x"}
    )
    plan = PlanRecord(
        dataset="d", manifest="m", split="test", digest="p", protocol="simbirds-1", protocol_digest="q", seed=1,
        resolution=64, quantise="round",
    )  # fmt: skip
    other = plan.model_copy(update={"protocol": "simbirds-full"})
    assert ResultRecord.key(source, plan, metric) != ResultRecord.key(source, other, metric)
