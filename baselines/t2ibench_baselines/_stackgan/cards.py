"""A model's card, from the card.toml beside its code."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from t2ibench.core.types import ModelCard, Origin


def read_card(package: str) -> ModelCard:
    """Return the card in `package`'s card.toml: title, paper, licence and notes; the origin is "retrained"."""
    content = tomllib.loads((files(package) / "card.toml").read_text(encoding="utf-8"))
    return ModelCard(
        title=content["title"],
        paper=content["paper"],
        licence=content["licence"],
        origin=Origin.RETRAINED,
        notes=tuple(content["notes"]),
    )
