"""What the documentation names is there: files, modules, and every step of the architecture page."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from t2ibench.core.registry import KINDS

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("t2ibench", "baselines", "reports", "simulations", "benchmarks", "docs", "tests")
PAGES = sorted(
    page
    for page in (*ROOT.glob("*.md"), *(page for folder in FOLDERS for page in (ROOT / folder).rglob("*.md")))
    if page.name != "CHANGELOG.md"  # it tells of what was
)
PATH = re.compile(rf"(?<![\w/.-])(?:{'|'.join(FOLDERS)})/[\w./*-]*[\w/*]")
MODULE = re.compile(r"(?<![\w/.-])t2ibench(?:_baselines|_reports|_simulations)?(?:\.\w+)+")
LINK = re.compile(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)")
OF_A_WORKSPACE = ("reports/leaderboard", "reports/probe", "reports/compare")
HERE = {"t2ibench": ROOT} | {f"t2ibench_{name}": ROOT / name for name in ("baselines", "reports", "simulations")}


def there(path: str) -> bool:
    return any(ROOT.glob(path.rstrip("/"))) or path.startswith(OF_A_WORKSPACE)


def module_there(name: str) -> bool:
    """Return whether a dotted name is a module, a name that a module's text has, or an entry-point group."""
    parts = name.split(".")
    if parts[0] == "t2ibench" and len(parts) == 2 and parts[1] in KINDS:
        return True
    for length in range(len(parts), 0, -1):
        base = HERE[parts[0]].joinpath(*parts[:length])
        for file in (base.with_suffix(".py"), base / "__init__.py"):
            if file.is_file():
                return all(re.search(rf"\b{part}\b", file.read_text(encoding="utf-8")) for part in parts[length:])
    return False


def named(page: Path) -> tuple[set[str], set[str], set[str]]:
    text = page.read_text(encoding="utf-8")
    modules = {name for name in MODULE.findall(text) if not name.endswith((".toml", ".py"))}
    return set(PATH.findall(text)), modules, set(LINK.findall(text))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_modules_and_links_of_a_page_exist(page: Path) -> None:
    paths, modules, links = named(page)
    missing = [path for path in sorted(paths) if not there(path)]
    missing += [name for name in sorted(modules) if not module_there(name)]
    missing += [link for link in sorted(links) if not (page.parent / link).exists()]
    assert missing == []


def test_the_pages_are_read() -> None:
    """The patterns find what they are for: a test of nothing would pass too."""
    assert {"README.md", "docs/architecture.md", "docs/how-to/add-a-model.md"} <= {
        str(page.relative_to(ROOT)) for page in PAGES
    }
    paths, _, _ = named(ROOT / "docs" / "architecture.md")
    assert "t2ibench/evaluation/images/plan.py" in paths and len(paths) > 30
    assert not there("t2ibench/workflow/evaluate.py") and not module_there("t2ibench.workflow.evaluate")


def test_every_step_of_the_architecture_page_has_a_file() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    steps = [line.split(" | ") for line in text.splitlines() if re.match(r"\| (?:\d+\. )?\w[^|]+ \| [^|]+ \| `", line)]
    assert len(steps) == 17  # thirteen of an evaluation, four of a training
    for step, _, files in steps:
        found = re.findall(r"`([^`]+\.py)`", files)
        assert found, step
        assert [file for file in found if not (ROOT / file).is_file()] == [], step


def test_every_word_of_the_glossary_is_where_it_says() -> None:
    text = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    for name, file in re.findall(r"`(\w+)` in `([^`]+\.py)`", text):
        assert re.search(rf"\b(?:class|def) {name}\b|^{name}\b", (ROOT / file).read_text("utf-8"), re.MULTILINE), name
