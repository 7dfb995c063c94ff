"""The pages of the site that nobody writes by hand, its navigation, and the check of its links.

A hook of mkdocs. Models come from their cards, metrics and modules from docstrings (read, never imported), commands from the
command line itself. Links of pages that lie outside docs/ are bent to where the page is in the site.
"""

from __future__ import annotations

import html.parser
import json
import logging
import posixpath
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "t2ibench": ROOT,
    "t2ibench_baselines": ROOT / "baselines",
    "t2ibench_reports": ROOT / "reports",
    "t2ibench_simulations": ROOT / "simulations",
}
_LINK = re.compile(r"(!?\[[^\]]*\])\(([^)#\s]+)(#[^)\s]*)?\)")
_SECOND = "    options:\n      skip_local_inventory: true\n"  # its first place is in the reference
_log = logging.getLogger("mkdocs.hooks.site_pages")
_generated: dict[str, str] = {}


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the pages and write the navigation."""
    points = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["entry-points"]
    _generated.clear()
    _generated["index.md"] = _moved("README.md")
    _generated["changelog.md"] = _moved("CHANGELOG.md")
    _generated["models/index.md"] = _moved("baselines/README.md")
    for name, where in sorted(points["t2ibench.models"].items()):
        _generated[f"models/{name}.md"] = _model(name, where.partition(":")[0])
    for name, where in sorted(points["t2ibench.metrics"].items()):
        _generated[f"metrics/{name}.md"] = f"# `{name}`\n\n::: {where.replace(':', '.')}\n{_SECOND}"
    for path in sorted((ROOT / "docs" / "notebooks").glob("*.ipynb")):
        _generated[f"notebooks/{path.stem}.md"] = "\n\n".join(_cells(path))
    _generated["reference/command-line.md"] = "# Command line\n\n" + "\n".join(_commands())
    for package, modules in _modules():
        text = "\n".join(f"::: {module}\n" for module in modules)
        _generated[f"reference/{package}.md"] = f"# {package}\n\n{text}"
    config.nav = [
        {"Home": "index.md"},
        {"Tutorial": "tutorial.md"},
        {"How-to": [f"how-to/{path.name}" for path in sorted((ROOT / "docs" / "how-to").glob("*.md"))]},
        {"Notebooks": _under("notebooks/")},
        {"Concepts": [path.name for path in sorted((ROOT / "docs").glob("*.md")) if path.name != "tutorial.md"]},
        {"Models": _under("models/")},
        {"Metrics": _under("metrics/")},
        {"Reference": _under("reference/")},
        {"Changes": "changelog.md"},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that were made."""
    for name, text in _generated.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Return the page without links to files that are not part of the site: their names stay."""
    return _bent(markdown, f"docs/{page.file.src_uri}", page.file.src_uri)


def on_post_build(config: MkDocsConfig) -> None:
    """Warn, and so fail a strict build, for every link of the finished pages whose file or anchor is not there."""
    site = Path(config.site_dir)
    pages = {path: _Links(path.read_text("utf-8")) for path in site.rglob("*.html")}
    for path, found in pages.items():
        for link in found.links if path.name != "404.html" else ():
            target, anchor = urldefrag(link)
            if re.match(r"[a-z][a-z0-9+.-]*:|//", target, re.IGNORECASE):
                continue
            file = (path.parent / unquote(target)).resolve() if target else path
            if not file.is_file() or (anchor and file in pages and unquote(anchor) not in pages[file].anchors):
                _log.warning("%s has a dead link: %s", path.relative_to(site), link)


class _Links(html.parser.HTMLParser):
    """The links and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = {"__top", ""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value and tag != "base":
                self.links.append(value)
            elif name in ("id", "name") and value:
                self.anchors.add(value)


def _under(prefix: str) -> list[str]:
    return [name for name in _generated if name.startswith(prefix)]


def _model(name: str, module: str) -> str:
    folder = PACKAGES["t2ibench_baselines"].joinpath(*module.split("."))
    card = tomllib.loads((folder / "card.toml").read_text("utf-8"))
    notes = "\n".join(f"- {note}" for note in card.get("notes", ()))
    facts = f"| registered as | paper | licence |\n|---|---|---|\n| `{name}` | {card['paper']} | {card['licence']} |\n\n{notes}\n"
    text = _moved(str((folder / "README.md").relative_to(ROOT)), f"models/{name}.md")
    head, _, rest = text.partition("\n")
    parameters = f"{module}.parameters" if (folder / "parameters.py").is_file() else module
    return f"{head}\n\n{facts}\n{rest}\n\n## Parameters\n\n::: {parameters}\n{_SECOND}      heading_level: 3\n"


def _cells(path: Path) -> Iterator[str]:
    """Yield the cells of an executed notebook as Markdown, each code cell with what it printed and showed."""
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        yield source if cell["cell_type"] == "markdown" else f"```python\n{source}\n```"
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if "image/png" in data:
                yield f'<img alt="output" src="data:image/png;base64,{"".join(data["image/png"]).strip()}">'
            elif "text/html" in data:
                yield f'<div class="md-typeset__table">{"".join(data["text/html"])}</div>'
            elif text := "".join(output.get("text", data.get("text/plain", ()))):
                yield f"```text\n{text}\n```"


def _commands() -> Iterator[str]:
    """Yield the help of every command."""
    from t2ibench.cli import group

    def of(command: click.Command, context: click.Context) -> Iterator[str]:
        yield f"## {context.command_path}\n\n```text\n{command.get_help(context)}\n```\n"
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                child = command.get_command(context, name)
                assert child is not None
                yield from of(child, click.Context(child, info_name=name, parent=context))

    yield from of(group, click.Context(group, info_name="t2ibench", max_content_width=100))


def _modules() -> Iterator[tuple[str, list[str]]]:
    """Yield (package, its public modules with something in them), in order."""
    for package, root in PACKAGES.items():
        for folder in sorted({path.parent for path in (root / package).rglob("*.py")}):
            parts = folder.relative_to(root).parts
            if any(part.startswith("_") for part in parts) or parts[:2] == ("t2ibench", "cli"):
                continue
            names = [
                ".".join((*parts, path.stem)) if path.stem != "__init__" else ".".join(parts)
                for path in sorted(folder.glob("*.py"))
                if not path.stem.startswith("_") or (path.stem == "__init__" and path.stat().st_size > 200)
            ]
            if names:
                yield ".".join(parts), names


def _moved(source: str, page: str = "") -> str:
    """Return the text of a page outside docs/, its links bent to the place that it has in the site."""
    where = page or {"README.md": "index.md", "CHANGELOG.md": "changelog.md"}.get(source, "models/index.md")
    return _bent((ROOT / source).read_text("utf-8"), source, where)


def _bent(text: str, source: str, page: str) -> str:
    """Return text whose links, relative to `source`, are relative to `page`; of links that leave the site the words."""
    known = {f"docs/{name}" for name in _generated} | {"README.md": 0, "CHANGELOG.md": 0, "baselines/README.md": 0}.keys()
    moved = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "baselines/README.md": "models/index.md"}

    def bend(found: re.Match[str]) -> str:
        words, link, anchor = found[1], found[2], found[3] or ""
        if re.match(r"[a-z][a-z0-9+.-]*:", link, re.IGNORECASE):
            return found[0]
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
        model = re.fullmatch(r"baselines/t2ibench_baselines/(\w+)(?:/README\.md)?/?", target)
        if target in moved:
            target = f"docs/{moved[target]}"
        elif target.startswith("docs/notebooks/"):
            target = target.replace(".ipynb", ".md")
        elif model and f"models/{model[1]}.md" in _generated:
            target = f"docs/models/{model[1]}.md"
        elif target not in known and not (target.startswith("docs/") and (ROOT / target).is_file()):
            return words.strip("![]") if not words.startswith("!") else ""
        return f"{words}({posixpath.relpath(target, posixpath.dirname(f'docs/{page}'))}{anchor})"

    return _LINK.sub(bend, text)
