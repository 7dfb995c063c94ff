"""Work of torch in pieces: on the CPU its last bits do not hang on how many threads there are, a GPU is kept fed.

A convolution or a decomposition adds up in another order when more threads share it. So each has one, and a machine's
cores are filled with several pieces of work at a time instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, TypeVar

FEEDING: Final = 3
"""Pieces under way to a GPU: while one is computed, the next is decoded and copied and the last one fetched."""

Piece = TypeVar("Piece")
Result = TypeVar("Result")


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread for the length of a block."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def side_by_side(work: Callable[[Piece], Result], pieces: Sequence[Piece], *, device: str = "cpu") -> list[Result]:
    """Return what `work` makes of each piece, in order: as many at once as torch has threads, each with one of them.

    Autograd is off. For a GPU a few threads work on pieces too, so that it need not wait for the CPU: it computes them
    one after another all the same, and orders its sums by itself.

    Args:
        work: may be called from several threads at once.
        pieces: independent of one another.
        device: where `work` computes.
    """
    import torch

    quiet = torch.no_grad()(work)
    if not device.startswith("cpu"):
        return list(in_turn(quiet, pieces, device=device, ahead=FEEDING))
    count = min(torch.get_num_threads(), len(pieces))
    with one_thread():
        if count < 2:
            return [quiet(piece) for piece in pieces]
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(quiet, pieces))


def in_turn(
    work: Callable[[Piece], Result], pieces: Sequence[Piece], *, device: str, ahead: int = 2
) -> Iterator[Result]:
    """Yield what `work` makes of each piece, in order; for a CUDA device `ahead` of them are under way at a time.

    What fails is raised where its turn comes, and no further piece is begun.
    """
    if not device.startswith("cuda") or len(pieces) < 2:
        yield from map(work, pieces)
        return
    with ThreadPoolExecutor(ahead) as pool:
        yield from pool.map(work, pieces)
