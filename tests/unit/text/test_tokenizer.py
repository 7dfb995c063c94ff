from __future__ import annotations

import subprocess
import sys

import pytest

from t2ibench.text.tokenizer import tokenize, usable_lines


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("This bird's wing-bars are white.", ("this", "bird", "s", "wing", "bars", "are", "white")),
        ("a café_bird with 2 légs", ("a", "caf_bird", "with", "2", "lgs")),
        ("a bird\ufffd\ufffdwith a beak", ("a", "bird", "with", "a", "beak")),
        ("a bird\ufffdwith", ("a", "bird", "with")),
        ("snake_case stays; UPPER falls", ("snake_case", "stays", "upper", "falls")),
        ("日本 bird", ("bird",)),
        ("日本", ()),
        ("... !?", ()),
        ("", ()),
    ],
)
def test_official_cases(text: str, words: tuple[str, ...]) -> None:
    assert tokenize(text) == words


def test_usable_lines_skip_what_has_no_token() -> None:
    assert usable_lines(["a bird\r\n", "\n", "...\n", "two  birds"]) == ["a bird", "two  birds"]


def test_no_torch_at_import() -> None:
    code = (
        "import sys, t2ibench.text.tokenizer, t2ibench.text.vocabulary, t2ibench.text.tokens;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
