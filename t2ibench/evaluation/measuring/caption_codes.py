"""A judge's codes of captions: read in pieces that are kept, so that nothing is read twice and a killed run goes on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of
from t2ibench.core.interfaces import CaptionJudge
from t2ibench.core.machine.threads import side_by_side
from t2ibench.core.storage.store import Store
from t2ibench.core.types import Caption
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.text.position_words import swapped

PIECE: Final = 1024
"""Captions whose codes are kept together; a multiple of what judges read at once, so that it changes no code."""


@dataclass(frozen=True, eq=False)
class CaptionCodes:
    """What a judge made of captions, in their order.

    Attributes:
        codes: float32 M x d.
        cut: bool M: whether a caption was longer than the judge reads; all False where the judge does not say.
    """

    codes: np.ndarray
    cut: np.ndarray


def swapped_codes(
    captions: Sequence[Caption], own: CaptionCodes, read: Callable[[list[Caption]], CaptionCodes]
) -> tuple[list[str], np.ndarray]:
    """Return (position word of each caption, "" for none; float32 M x d: its codes with that word swapped, else 0)."""
    found = [swapped(caption.text) for caption in captions]
    turned = [Caption(f"swapped {row}", one[1]) for row, one in enumerate(found) if one]
    rows = np.zeros_like(own.codes)
    if turned:
        rows[[one is not None for one in found]] = read(turned).codes
    return [one[0] if one else "" for one in found], rows


def read_captions(
    extractor: Extractor,
    captions: Sequence[Caption],
    store: Store,
    *,
    title: str,
    on_piece: Callable[[int], None] = lambda done: None,
) -> CaptionCodes:
    """Return a judge's codes of captions, read now as far as the store lacks them.

    Args:
        extractor: the judge.
        captions: at least one.
        store: keeps every piece.
        title: of the metric that asks, for the error.
        on_piece: called with the number of captions done after every piece.

    Raises:
        UserError: the extractor reads no captions, or cannot be used.
    """
    pieces = []
    for start in range(0, len(captions), PIECE):
        piece = captions[start : start + PIECE]
        key = {
            "version": 2,
            "extractor": extractor.describe(),
            "captions": digest_of([[caption.id, caption.text] for caption in piece]),
        }
        kept = store.get("captions", key)
        if kept is None:
            judge = extractor.opened()
            if not isinstance(judge, CaptionJudge):
                raise UserError(
                    f"{title} needs features that can read captions, and {extractor.name} cannot: name another "
                    "extractor for this metric in benchmarks.toml."
                )
            cut = getattr(judge, "cut", None)
            kept = {
                "codes": side_by_side(judge.read, [piece])[0].numpy().astype(np.float32),
                "cut": np.array([False] * len(piece) if cut is None else cut(piece), dtype=bool),
            }
            store.put("captions", key, kept)
        pieces.append(kept)
        on_piece(min(start + PIECE, len(captions)))
    return CaptionCodes(*(np.concatenate([piece[name] for piece in pieces]) for name in ("codes", "cut")))
