"""Evaluations by several processes, however they are started, are killed or freeze: the records of one process.

No lock of the file system works in those processes (`stubs.NoLock`).
"""

import json
import os
import signal
import subprocess
import sys
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from t2ibench.cli import group
from t2ibench.core.records import RECORDS
from tests.unit.evaluation.stubs import register_all, write_config

ROOT = Path(__file__).resolve().parents[3]
TORCHRUN = ("RANK", "LOCAL_RANK", "WORLD_SIZE")
SRUN = ("SLURM_PROCID", "SLURM_LOCALID", "SLURM_NTASKS")


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A folder with a benchmarks.toml and images; a folder needs no model."""
    folder = tmp_path_factory.mktemp("shared")
    write_config(folder, lambda text: text.replace(', "untrained"', ""))
    (folder / "images").mkdir()
    for place in range(40):
        Image.new("RGB", (16, 16), (place * 6, 0, 99)).save(folder / "images" / f"{place}.png")
    return folder


def words(here, workspace, command, *options):
    common = ["--data", "squares", "--config", str(here / "benchmarks.toml"), "--device", "cpu"]
    if command[0] != "statistics":
        common += ["--samples", "60", "--metrics", "is,fid"]
    if command[0] in ("eval", "compare"):
        common += ["--json"]
    return [*command, *common, "--workspace", str(here / workspace), *options]


def begin(here, workspace, command, *options, **environment):
    """Start a process on a workspace."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.unit.evaluation.stubs", *words(here, workspace, command, *options)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def together(here, workspace, command, count, names):
    """Return what the first of several processes prints; the others print nothing."""
    rank, place, size = names
    started = [
        begin(here, workspace, command, **{rank: str(one), place: str(one), size: str(count)}) for one in range(count)
    ]
    said = [process.communicate(timeout=900) for process in started]
    assert [process.returncode for process in started] == [0] * count, said
    assert not any(out for out, _ in said[1:])
    return said[0][0]


def alone(here, workspace, command):
    """Return what one process prints: this one."""
    register_all()
    with redirect_stdout(StringIO()) as out:
        try:
            group.main(words(here, workspace, command), standalone_mode=False)
        except SystemExit as end:
            assert not end.code
    return out.getvalue()


def by_workers(here, workspace, command):
    """Return what a process prints that starts a second one."""
    process = begin(here, workspace, command, "--workers", "2")
    out, errors = process.communicate(timeout=900)
    assert process.returncode == 0, errors
    return out


def measured(here):
    return ["eval", "--images", str(here / "images")]


@pytest.fixture(scope="module")
def expected(here):
    """Records of one process, in the order in which they are printed."""
    return facts(json.loads(alone(here, "alone", measured(here))))


def facts(records):
    """Return everything but times."""
    return [{key: value for key, value in one.items() if key not in ("created", "cost")} for one in records]


def kept(here, workspace):
    """Return the lines of a workspace's records without times, sorted."""
    lines = (here / workspace / "results" / RECORDS).read_text().splitlines()
    return sorted(json.dumps(one, sort_keys=True) for one in facts(map(json.loads, lines)))


@pytest.mark.parametrize("way", ["torchrun of 3", "srun of 2", "--workers 2"])
def test_records_are_those_of_one_process(here, expected, way):
    if way == "--workers 2":
        printed = by_workers(here, way, measured(here))
    else:
        printed = together(here, way, measured(here), int(way[-1]), TORCHRUN if "torchrun" in way else SRUN)
    assert len(expected) == 10 and facts(json.loads(printed)) == expected
    assert kept(here, way) == kept(here, "alone")


def test_comparisons_are_those_of_one_process(here):
    command = ["compare", "ground-truth", "noise"]
    one = alone(here, "compared alone", command)
    assert json.loads(one)[0]["columns"][1]["interval"]
    assert by_workers(here, "compared by workers", command) == one


def test_statistics_and_validity_are_those_of_one_process(here):
    for command, file in (
        (["statistics", "{}.npz", "--features", "colours"], "{}.npz"),
        (["validity", "--corruptions", "blur,captions"], "{}/results/validity/squares-p.json"),
    ):
        made = {}
        for name, run in (("alone", alone), ("shared", by_workers)):
            name = f"{command[0]} {name}"
            said = run(here, name, [word.format(here / name) for word in command])
            made[name] = (said.replace(str(here / name), ""), (here / file.format(name)).read_bytes())
        one, two = made.values()
        assert one == two and len(one[1]) > 1000


@pytest.mark.parametrize("stop", ["SIGKILL", "SIGSTOP"])
def test_nothing_is_missing_and_nothing_twice_where_a_worker_is_killed_or_freezes(here, expected, stop):
    rank, place, size = TORCHRUN
    stopped = begin(here, stop, measured(here), STUBS_STOP=stop, **{rank: "1", place: "1", size: "2"})
    try:
        _, status = os.waitpid(stopped.pid, os.WUNTRACED)
        first = begin(here, stop, measured(here), STUBS_SILENCE="2", **{rank: "0", place: "0", size: "2"})
        printed, errors = first.communicate(timeout=900)
        assert first.returncode == 0, errors
        assert facts(json.loads(printed)) == expected and kept(here, stop) == kept(here, "alone")
        if stop == "SIGSTOP":
            assert os.WIFSTOPPED(status)
            stopped.send_signal(signal.SIGCONT)
            assert stopped.wait(900) == 0
            assert kept(here, stop) == kept(here, "alone")
        else:
            assert os.WTERMSIG(status) == signal.SIGKILL
    finally:
        stopped.kill()
