"""The words of simulated birds' captions and names, as `words.toml` has them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

WORDS: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))

SIZES: Final[dict[str, list[str]]] = WORDS["sizes"]
BILLS: Final[dict[str, list[str]]] = WORDS["bills"]
NOUNS: Final[dict[str, list[str]]] = WORDS["nouns"]
HEAD_MARKS: Final[dict[str, list[str]]] = WORDS["head_marks"]
WING_PATTERNS: Final[dict[str, list[str]]] = WORDS["wing_patterns"]
BREAST_PATTERNS: Final[dict[str, list[str]]] = WORDS["breast_patterns"]
"""Word of an attribute, or topic -> how it is called; a word that stands twice is said twice as often."""
