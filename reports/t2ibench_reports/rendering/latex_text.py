"""Text as LaTeX sets it: what LaTeX obeys is escaped, what a plain pdfLaTeX cannot set is written as its code point."""

from __future__ import annotations

import unicodedata

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",  # a plain pdfLaTeX has no straight quotation mark
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "≈": r"$\approx$",
    "∞": r"$\infty$",
    "†": r"\dag{}",
    "±": r"$\pm$",
    "\u2013": "--",
    "…": r"\ldots{}",
    "λ": r"$\lambda$",
    "×": r"$\times$",  # noqa: RUF001
    "·": r"$\cdot$",
    "[": "{[}",
    "]": "{]}",
}


def escaped(text: str) -> str:
    """Return text that LaTeX sets as it stands; what a plain pdfLaTeX cannot set is written as its code point."""
    return "".join(_SPECIAL.get(char) or _settable(char) for char in text)


def _settable(char: str) -> str:
    if char.isascii():
        return char
    plain = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    if "LATIN" in unicodedata.name(char, "") and ord(char) < 0x180:
        return char
    return "".join(_SPECIAL.get(part, part) for part in plain) or f"(U+{ord(char):04X})"
