"""The command line stays light, and the import contracts hold."""

import subprocess
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    "arguments", [["--help"], ["list"], ["list", "models"], ["train", "--help"], ["eval", "--help"]]
)
def test_light_commands_do_not_import_torch(arguments):
    code = (
        "import sys\nfrom t2ibench.cli import group\n"
        f"group.main({arguments!r}, standalone_mode=False)\n"
        "heavy = {'torch', 'torchvision', 'pandas', 'scipy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr


def test_no_file_is_longer_than_a_reader_can_hold():
    sources = [
        path for folder in ("t2ibench", "baselines", "reports", "tests") for path in (ROOT / folder).rglob("*.py")
    ]
    assert len(sources) > 50
    too_long = {str(path.relative_to(ROOT)): n for path in sources if (n := len(path.read_text().splitlines())) > 450}
    assert not too_long


def test_no_folder_holds_more_files_than_a_reader_can_hold():
    folders = {
        path.parent
        for folder in ("t2ibench", "baselines", "reports", "simulations", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert len(folders) > 50
    assert {str(path.relative_to(ROOT)): n for path in folders if (n := len(list(path.glob("*.py")))) > 15} == {}


def test_no_grab_bag_names():
    bad = {"utils.py", "util.py", "misc.py", "common.py", "helpers.py", "helper.py"}
    found = [
        p
        for folder in ("t2ibench", "baselines", "reports", "tests")
        for p in (ROOT / folder).rglob("*.py")
        if p.name in bad
    ]
    assert not found


def circle_of(graph):
    """Return modules that import each other in a circle, those imported for types alone included; [] for none."""
    try:
        TopologicalSorter({one: graph.find_modules_directly_imported_by(one) for one in graph.modules}).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_modules_import_each_other_in_a_circle():
    packages = ("t2ibench", "t2ibench_baselines", "t2ibench_reports", "t2ibench_simulations")
    graph = grimp.build_graph(*packages, cache_dir=None)
    assert len(graph.modules) > 300
    assert circle_of(graph) == []
    graph.add_import(importer="t2ibench.core.errors", imported="t2ibench.core.files")
    assert {"t2ibench.core.errors", "t2ibench.core.files"} <= set(circle_of(graph)), "a new circle is seen"
