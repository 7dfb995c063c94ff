"""A study of claims from its request to its table: stub models, two seeds, planted claims."""

import json

import pytest
import torch
from click.testing import CliRunner

from t2ibench.cli import group
from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.evaluation.images.sources import CONTROLS
from t2ibench.studies.claims.study import ClaimsRequest, claims_of, suite_for
from tests.unit.evaluation.stubs import register_all, write_config

CLAIMS = """
[suites.claims]
data = "squares"
models = []
[suites.claims.budgets.tiny]
steps = { stub = 3 }
encoder_steps = 4
[models.stub.variants.copy]
parameters = { learning_rate = 0.0100001 }
[protocols.q]
split = "train"
resolution = 16
metrics = ["is"]
controls = []
[claims.planted-false]
statement = "A model is nearer to real images than real images are"
data = "squares"
rows = ["stub", "ground-truth"]
columns = ["fid"]
[claims.planted-true]
statement = "Real images are nearer to real images than a model is"
data = "squares"
rows = ["ground-truth", "stub"]
columns = ["fid"]
[claims.copies]
statement = "A model is better than its copy"
data = "squares"
rows = ["stub", "stub:copy"]
columns = ["fid"]
margin = { fid = 0.001 }
[claims.elsewhere]
statement = "IS is greater than 0"
data = "squares"
protocol = "q"
test = "above-chance"
rows = ["stub"]
columns = ["is"]
[claims.seen]
statement = "A model is better than noise"
data = "squares"
rows = ["stub", "noise"]
columns = ["fid", "is"]
printed = [{ metric = "FID", values = [10.0, 20.0], status = "M" }]
[models.stub.variants.again]
title = "Stub under another name"
[claims.again]
statement = "A variant that changes nothing is no worse than noise"
data = "squares"
rows = ["stub:again", "noise"]
columns = ["fid"]
[claims.three]
statement = "Noise < a model < real images"
data = "squares"
test = "order"
rows = ["noise", "stub", "ground-truth"]
columns = ["fid"]
[claims.never]
statement = "A model that does not train is better than noise"
data = "squares"
rows = ["poisoned", "noise"]
columns = ["fid"]
"""


@pytest.fixture
def config(tmp_path):
    torch.set_num_threads(1)
    register_all()
    path = write_config(tmp_path)
    path.write_text(path.read_text() + CLAIMS)
    return path


def bench(config, tmp_path, *words):
    asked = ["bench", "claims", *words, "--config", str(config), "--workspace", str(tmp_path / "workspace")]
    return CliRunner().invoke(group, [*asked, "--device", "cpu"])


def test_the_table_holds_verdicts_values_and_what_is_printed(config, tmp_path):
    done = bench(config, tmp_path, "seen", "three", "--budget", "tiny", "--seeds", "0,1")
    assert done.exit_code == 0, done.output
    table = json.loads((tmp_path / "workspace/results/claims/squares-tiny.json").read_text())
    assert table["seeds"] == [0, 1] and table["steps"] == {"stub": 3}
    rows = {(row["claim"], row["column"]): row for row in table["rows"]}
    assert set(rows) == {("seen", "fid"), ("seen", "is"), ("three", "fid")}
    seen = rows["seen", "fid"]
    values = {one["seed"]: one["value"] for one in seen["values"]["stub"]}
    noise = seen["values"]["noise"][0]["value"]
    assert set(values) == {0, 1} and seen["values"]["noise"][0]["seed"] is None
    effect = sum(noise - value for value in values.values()) / 2  # of distances the smaller is better
    assert seen["effect"]["value"] == pytest.approx(effect) and seen["effect"]["seeds"] == 2
    assert seen["printed"][0]["status"] == "M" and not seen["higher_is_better"]
    assert seen["verdict"] in done.output


def test_one_seed_is_undecided_and_more_seeds_are_named(config, tmp_path):
    done = bench(config, tmp_path, "seen", "--budget", "tiny", "--seeds", "0")
    assert done.exit_code == 0, done.output
    table = json.loads((tmp_path / "workspace/results/claims/squares-tiny.json").read_text())
    assert {(row["verdict"], row["more_seeds"]) for row in table["rows"]} == {("undecided", 2)}
    assert "one training" in done.output


def test_planted_claims_come_out_as_planted(config, tmp_path):
    """One true, one false, one of a copy (but for rounding); one of a single row under a protocol of its own."""
    names = ("planted-false", "planted-true", "copies", "elsewhere")
    done = bench(config, tmp_path, *names, "--budget", "tiny", "--seeds", "0,1,2")
    assert done.exit_code == 0, done.output
    table = json.loads((tmp_path / "workspace/results/claims/squares-tiny.json").read_text())
    found = {(row["claim"], row["column"]): row for row in table["rows"]}
    assert found["planted-false", "fid"]["verdict"] == "reversed" and found["planted-true", "fid"]["verdict"] == "holds"
    assert found["copies", "fid"]["verdict"] == "no difference"
    assert found["elsewhere", "is"]["verdict"] == "holds" and found["elsewhere", "is"]["effect"]["value"] >= 1
    page = tmp_path / "workspace/reports/claims/claims.html"
    before = page.read_bytes()
    assert bench(config, tmp_path, *names, "--budget", "tiny", "--seeds", "0,1,2").exit_code == 0
    assert page.read_bytes() == before


def test_rows_that_fail_are_not_run(config, tmp_path):
    done = bench(config, tmp_path, "never", "--budget", "tiny", "--seeds", "0")
    assert done.exit_code == 1
    assert "not run" in done.output and "not there: poisoned" in done.output


def test_mistakes_are_sentences(config, tmp_path):
    benchmarks = load_benchmarks(config).content
    with pytest.raises(UserError, match="no claim called 'sen'"):
        claims_of(ClaimsRequest(("sen",)), benchmarks)
    chosen = claims_of(ClaimsRequest(("three",), budget="huge"), benchmarks)["squares"]
    place = Place(benchmarks, Workspace.at(tmp_path))
    with pytest.raises(UserError, match="no budget of the suite claims called 'huge'"):
        suite_for("squares", ClaimsRequest(budget="huge"), chosen, place)
    wrong = benchmarks.model_copy(
        update={"claims": {"odd": benchmarks.claims["seen"].model_copy(update={"test": "trend"})}}
    )
    with pytest.raises(UserError, match="has 2 rows; the test trend wants 3 or more"):
        claims_of(ClaimsRequest(), wrong)
    done = CliRunner().invoke(group, ["bench", "other", "name", "--config", str(config)])
    assert isinstance(done.exception, UserError) and "Only `bench claims` takes names" in str(done.exception)


def test_every_claim_that_comes_along_is_sound():
    benchmarks = load_benchmarks().content
    request = ClaimsRequest()
    chosen = claims_of(request, benchmarks)
    for name, claim in {name: claim for claims in chosen.values() for name, claim in claims.items()}.items():
        known = benchmarks.protocols[claim.protocol or benchmarks.datasets[claim.data].protocol].metrics
        assert set(claim.columns) <= set(known), name
        for row in claim.rows:
            model, _, variant = row.partition(":")
            assert row in CONTROLS or (
                model in benchmarks.models and (not variant or variant in benchmarks.models[model].variants)
            ), row


def test_a_variant_that_changes_nothing_is_the_same_training_as_its_model(config, tmp_path):
    done = bench(config, tmp_path, "again", "seen", "--budget", "tiny", "--seeds", "0,1")
    assert done.exit_code == 0, done.output
    table = json.loads((tmp_path / "workspace/results/claims/squares-tiny.json").read_text())
    values = {(row["claim"], row["column"]): row["values"] for row in table["rows"]}
    again = sorted(one["value"] for one in values["again", "fid"]["stub:again"])
    assert again == sorted(one["value"] for one in values["seen", "fid"]["stub"]) and len(again) == 2
