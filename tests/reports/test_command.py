from __future__ import annotations

import subprocess
import sys

import pytest
from click.testing import CliRunner

from t2ibench.cli.reports.report import command
from t2ibench.core.errors import UserError
from tests.reports.sample_results import write_sample


@pytest.fixture
def workspace(tmp_path):
    write_sample(tmp_path / "results")
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(command, [str(argument) for argument in arguments])


def test_it_prints_the_table_and_names_the_files(workspace):
    done = run("leaderboard", "--workspace", workspace)
    assert done.exit_code == 0, done.output
    assert "DF-GAN" in done.stdout
    assert "wrote" not in done.stdout
    written = [line.removeprefix("wrote ") for line in done.stderr.splitlines()]
    assert [line.rpartition(".")[2] for line in written] == ["html", "csv", "md", "tex", "json"]
    folder = workspace / "reports" / "leaderboard"
    assert sorted(path.name for path in folder.iterdir()) == sorted(line.rpartition("/")[2] for line in written)


def test_formats_and_folder_can_be_chosen(workspace, tmp_path):
    done = run("--workspace", workspace, "--format", "csv", "-o", tmp_path / "out", "--print", "md")
    assert done.exit_code == 0
    assert done.stdout.startswith("# Leaderboard")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["leaderboard.csv"]
    assert run("--workspace", workspace, "--print", "none").stdout == ""


def test_a_part_of_the_results_gets_its_own_folder(workspace):
    done = run("--workspace", workspace, "--data", "simbirds", "--protocol", "simbirds-1")
    assert "paper" not in done.stdout.split("Best")[0]
    assert (workspace / "reports" / "leaderboard" / "simbirds" / "simbirds-1" / "leaderboard.html").is_file()
    assert not (workspace / "reports" / "leaderboard" / "leaderboard.html").exists()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["leadrboard"], "Did you mean leaderboard?"),
        (["--data", "simbird"], "Did you mean simbirds?"),
        (["--protocol", "simbirds-2"], "Did you mean simbirds-1?"),
        (["--format", "htm"], "Did you mean html?"),
        (["--print", "mdd"], "Did you mean md?"),
        (["components", "--print", "png"], "png is an image, and stdout shows text: ask for it with --format png."),
        (["components", "--format", "svg"], "after two numbers of steps or more"),
        (["--format", "csv", "--open"], "--open needs the format html"),
    ],
)
def test_mistakes_are_answered_with_sentences(workspace, arguments, sentence):
    done = run("--workspace", workspace, *arguments)
    assert isinstance(done.exception, UserError)
    assert sentence in str(done.exception)


def test_an_empty_folder_names_the_command_that_fills_it(tmp_path):
    arguments = [sys.executable, "-m", "t2ibench", "report", "--workspace", str(tmp_path)]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert "t2ibench quickstart" in done.stderr
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize(
    ("formats", "never"), [("html,md,tex", "{'torch', 'pandas', 'numpy', 'scipy'}"), ("csv,json", "{'torch', 'scipy'}")]
)
def test_it_imports_no_torch_and_pandas_for_data_only(workspace, formats, never):
    program = (
        "import sys; from t2ibench.cli.reports.report import command; "
        f"command.main(['--workspace', {str(workspace)!r}, '--format', {formats!r}], standalone_mode=False); "
        f"print(sorted({never} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.stderr.splitlines()[-1] == "[]", done.stderr
