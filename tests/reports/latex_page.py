"""Setting tables with pdflatex, where this machine has it, on the narrow page of LaTeX's article."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PREAMBLE = r"""\documentclass{article}
\usepackage[T1]{fontenc}\usepackage[utf8]{inputenc}
\usepackage{booktabs}\usepackage{graphicx}\usepackage{xcolor}
"""
MOST = 10.0
"""Points that a line may stand out of the page."""


def assert_latex_fits(tables: str, folder: Path) -> None:
    """Assert that LaTeX sets tables, and within the page."""
    program = shutil.which("pdflatex")
    if program is None:
        pytest.skip("no pdflatex on this machine: only the structure was checked")
    (folder / "x.tex").write_text(f"{PREAMBLE}\\begin{{document}}\n{tables}\n\\end{{document}}\n", encoding="utf-8")
    done = subprocess.run(
        [program, "-halt-on-error", "-interaction=nonstopmode", "x.tex"],
        cwd=folder,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=600,
        check=False,
    )
    if "not found" in done.stdout and ".sty" in done.stdout:
        pytest.skip("this TeX lacks booktabs, graphicx or xcolor")
    assert done.returncode == 0, done.stdout[-2000:]
    assert [points for points in re.findall(r"Overfull \\hbox \(([\d.]+)pt", done.stdout) if float(points) > MOST] == []
