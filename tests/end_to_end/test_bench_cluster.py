"""A suite trained as jobs: by submitit on this machine, and by a Slurm of four shell scripts."""

from __future__ import annotations

import json
import os
import stat
import sys
import textwrap
from pathlib import Path

import pytest
import torch

from t2ibench.cli import main
from t2ibench.core.records import Results
from t2ibench.evaluation.measuring import collect
from t2ibench.studies.bench import cluster as bench_cluster
from tests.unit.evaluation.stubs import register_all, write_config

ROOT = Path(__file__).resolve().parents[2]
SUITE = """
[suites.three]
data = "squares"
models = ["stub", "stub:small", "poisoned"]
"""
SLURM = {
    # A job's number is that of the process that runs its script; it is over when the file of its state says so.
    "sbatch": """
        n=$(( $(ls "$SLURM_FAKE" | grep -c state) + 100 ))
        echo RUNNING > "$SLURM_FAKE/state-$n"
        cp "${@: -1}" "$SLURM_FAKE/script-$n"
        (SLURM_JOB_ID=$n SLURM_NTASKS=1 SLURM_PROCID=0 SLURM_LOCALID=0 SLURM_NODEID=0 SLURM_JOB_NUM_NODES=1 \\
            SLURM_JOB_NODELIST=here bash "$SLURM_FAKE/script-$n" > "$SLURM_FAKE/output-$n" 2>&1
         echo COMPLETED > "$SLURM_FAKE/state-$n") > /dev/null 2>&1 < /dev/null &
        echo "Submitted batch job $n"
    """,
    "srun": """
        while [ "${1#--}" != "$1" ]; do
            case "$1" in --output) out=$2; shift 2;; --error) err=$2; shift 2;; *) shift;; esac
        done
        out=${out//%j/$SLURM_JOB_ID}; err=${err//%j/$SLURM_JOB_ID}
        exec "$@" > "${out//%t/0}" 2> "${err//%t/0}"
    """,
    "sacct": """
        echo "JobID|State|NodeList"
        for file in "$SLURM_FAKE"/state-*; do echo "${file##*state-}|$(cat "$file")|here"; done
    """,
    "scancel": "true",
}


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """The folder of four scripts' notes, the scripts on the path."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, script in SLURM.items():
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("#!/bin/bash\n" + textwrap.dedent(script))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_FAKE", str(folder))
    monkeypatch.setattr(bench_cluster, "_POLL_SECONDS", {"slurm": 0.2, "local": 0.2})
    return folder


@pytest.fixture
def bench(tmp_path, monkeypatch, capsys):
    torch.set_num_threads(1)
    register_all()
    config = write_config(tmp_path, lambda text: text + SUITE)
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(bench_cluster, "_COMMAND", (sys.executable, "-m", "tests.unit.evaluation.stubs"))
    workspace = tmp_path / "workspace"

    def run(*arguments):
        where = ["--config", str(config), "--workspace", str(workspace), "--device", "cpu"]
        monkeypatch.setattr(sys, "argv", ["t2ibench", "bench", "three", *arguments, *where])
        with pytest.raises(SystemExit) as left:
            main()
        return left.value.code, capsys.readouterr().err

    return run, workspace


def check(run, workspace, kind, *options):
    status, said = run("--cluster", kind, *options)
    assert status == 1, said
    jobs = [line for line in said.splitlines() if "sent off as job" in line and "evaluation" not in line]
    assert ("evaluation on squares, 1 of" in said) == (kind == "slurm")
    assert [line.partition(", on")[0] for line in jobs] == ["stub-encoder", "stub", "stub:small", "poisoned"], said
    assert "poisoned, on squares failed: Training poisoned on squares failed: at step 8 the loss" in said
    found = {}
    for record in Results(workspace / "results").latest()[0].values():
        if record.source.origin.value != "control":
            found.setdefault(record.source.name, set()).add(record.status)
    assert found == {"stub": {"ok"}, "stub:small": {"ok"}, "poisoned": {"failed"}}
    status, said = run("--cluster", kind, *options)
    assert status == 1 and said.count("sent off as job") == 1  # what is trained is not sent off again


def test_jobs_of_this_machine(bench):
    run, workspace = bench
    check(run, workspace, "local")
    assert json.loads((workspace / "cluster/jobs.json").read_text()) == {}


def test_jobs_of_slurm(bench, slurm, monkeypatch):
    run, workspace = bench
    monkeypatch.setattr(collect, "_compute", None)  # nothing is measured here
    check(run, workspace, "slurm", "--cluster-option", "partition=gpu", "--cluster-option", "gpus_per_node=1")
    script = (slurm / "script-101").read_text()
    assert "evaluation-on-squares-1-of-" in (slurm / "script-104").read_text()
    for line in ("--partition=gpu", "--gpus-per-node=1", "--time=1440", "--job-name=t2ibench-stub-on-squares"):
        assert f"#SBATCH {line}\n" in script


def test_a_job_that_is_still_there_is_waited_for(bench, slurm):
    run, workspace = bench
    assert run("--cluster", "slurm")[0] == 1
    known = workspace / "cluster/jobs.json"
    (poisoned,) = (workspace / "runs/poisoned/squares").glob("*/spec.json")
    from t2ibench.core.spec.benchmarks import TrainingSpec

    key = f"{TrainingSpec.model_validate_json(poisoned.read_text()).digest}@12"
    known.write_text(json.dumps({key: "900"}))
    (slurm / "state-900").write_text("RUNNING")
    import threading

    threading.Timer(5, lambda: (slurm / "state-900").write_text("FAILED")).start()
    from submitit.slurm.slurm import SlurmJob

    SlurmJob.watcher._delay_s = 1
    status, said = run("--cluster", "slurm")
    assert status == 1 and "job 900 of an earlier call is still there" in said and "sent off" not in said
    assert "Job 900 ended without finishing (failed)" in said


def test_what_is_missing_is_one_sentence(bench, monkeypatch, tmp_path):
    run, _ = bench
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "needs Slurm's sbatch, which is not on this machine" in run("--cluster", "slurm")[1]
    assert "leave one out" in run("--cluster", "local", "--jobs", "2")[1]
    assert "name one with --cluster slurm" in run("--cluster-option", "a=b")[1]
    assert "--cluster-option 'a' is not of the form key=value" in run("--cluster", "local", "--cluster-option", "a")[1]
    said = run("--cluster", "local", "--cluster-option", "tasks_per_node=2")[1]
    assert "a suite's model is trained by one process" in said


def test_an_option_that_slurm_does_not_know_is_a_sentence(bench, slurm):
    run, _ = bench
    assert "submitit refuses --cluster-option" in run("--cluster", "slurm", "--cluster-option", "partitoin=gpu")[1]
