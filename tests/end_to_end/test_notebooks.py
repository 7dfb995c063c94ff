"""The notebooks and the README's script do what they show, on fewer birds."""

import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from t2ibench.cli import main

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
BIRDS = "options = { images = 4000, size = 96, seed = 0 }"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("notebooks")
    rules = (ROOT / "benchmarks.toml").read_text(encoding="utf-8")
    assert rules.count(BIRDS) == 1
    (folder / "benchmarks.toml").write_text(rules.replace(BIRDS, BIRDS.replace("4000", "240")), encoding="utf-8")
    return folder


@pytest.fixture
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    monkeypatch.setenv("T2IBENCH_WORKSPACE", str(folder / "workspace"))
    return folder


def code_of(notebook):
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_cells_of_a_notebook_run(notebook, here):
    names = {"__name__": "__main__"}
    for index, cell in enumerate(code_of(notebook)):
        exec(compile("".join(cell["source"]), f"{notebook.name}, code cell {index + 1}", "exec"), names)
    numbers = names["table"].frame()
    assert set(numbers["status"]) == {"ok"} and len(numbers) >= 10
    assert set(names["found"]["verdict"]) - {"no verdict"}


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_shown_executed_and_names_no_machine(notebook):
    cells = code_of(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    shown = json.dumps([cell["outputs"] for cell in cells])
    assert "<table" in shown and '"error"' not in shown
    assert not re.search(r"/(?:home|root|tmp|work|Users)/", shown)


def test_there_are_notebooks():
    assert [path.stem for path in NOTEBOOKS] == ["add-my-model", "evaluate-my-folder"]


def test_the_script_of_the_readme_prints_the_numbers_of_the_command(here, capsys, monkeypatch):
    (script,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    images = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3), dtype=np.uint8)
    (here / "my_images").mkdir(exist_ok=True)
    for path in (here / "my_images").iterdir():
        path.unlink()
    for index, image in enumerate(images):
        Image.fromarray(image).save(here / "my_images" / f"{index:02}.png")
    exec(compile(script, "README.md", "exec"), {"__name__": "__main__"})
    printed = capsys.readouterr().out
    asked = "eval --images my_images --name mine --data simbirds --metrics is-simnet,fid-simnet --no-controls --json"
    monkeypatch.setattr(sys, "argv", ["t2ibench", *asked.split()])
    with pytest.raises(SystemExit):
        main()
    records = json.loads(capsys.readouterr().out)
    lines = [line.split() for line in printed.splitlines()[1:]]
    assert [(one["source"]["name"], one["metric"]["title"]) for one in records] == [tuple(line[:2]) for line in lines]
    for line, record in zip(lines, records, strict=True):
        interval = record["interval"]
        found = (record["value"], interval["low"], interval["high"])
        assert [float(number) for number in line[2:5]] == [pytest.approx(one, abs=1e-5) for one in found]
        assert int(line[5]) == record["n"] == 40
