"""What the reports say beside their numbers, as `texts.toml` has it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

TEXTS: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text(encoding="utf-8"))
"""Report, or what it is about -> name -> a text, several in order, or several by name."""
