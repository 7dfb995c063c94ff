"""What every page shares: the template engine, which escapes all it is given, and the policy that lets nothing in."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from t2ibench_reports import _format

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = Path(__file__).parent / "templates"
_CODE = re.compile("`([^`]+)`")
SCRIPTS = ("theme.js", "sort.js", "filter.js", "reveal.js")
"""What every page carries; each lacks only its comfort without them."""


def environment() -> Environment:
    """Return the template engine with the filters that the templates use."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    made = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(
        clean=_format.clean,
        coded=lambda text: Markup(_CODE.sub(r"<code>\1</code>", str(escape(text)))),  # escaped before anything is added
        count=_format.count,
        short_count=_format.short_count,
        significant=_format.significant,
        typographic=lambda text: re.sub(r"(?<![\w.])-(?=\d)", "\u2212", str(text)),
    )
    made.globals["Markup"] = Markup
    return made


def part(name: str) -> str:
    """Return a style or a script of the templates' folder."""
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def policy(style: str, script: str = "") -> str:
    """Return a content security policy: this style, this script, inlined images; whatever slips in cannot run."""

    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    rules = {
        "default-src": "'none'",
        "img-src": "data:",
        "style-src": source(style),
        "script-src": source(script) if script else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def anchors_of(ids: list[str]) -> dict[str, str]:
    """Return record id -> anchor, unique on the page whatever the ids hold."""
    anchors: dict[str, str] = {}
    taken: set[str] = set()
    for one in ids:
        if one in anchors:
            continue
        stem = "record-" + re.sub(r"[^0-9A-Za-z]", "", one)[:12]
        anchor, copy = stem, 1
        while anchor in taken:
            copy += 1
            anchor = f"{stem}-{copy}"
        taken.add(anchor)
        anchors[one] = anchor
    return anchors
