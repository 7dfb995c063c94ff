"""Work of torch on the CPU whose last bits do not hang on how many threads there are.

A convolution or a decomposition adds up in another order when more threads share it. So each has one, and a machine's
cores are filled with several pieces of work at a time instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

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

    Autograd is off. Off the CPU pieces follow one another: a GPU orders its sums by itself.

    Args:
        work: may be called from several threads at once.
        pieces: independent of one another.
        device: where `work` computes.
    """
    import torch

    quiet = torch.no_grad()(work)
    if not device.startswith("cpu"):
        return [quiet(piece) for piece in pieces]
    count = min(torch.get_num_threads(), len(pieces))
    with one_thread():
        if count < 2:
            return [quiet(piece) for piece in pieces]
        with ThreadPoolExecutor(count, initializer=torch.set_num_threads, initargs=(1,)) as pool:
            return list(pool.map(quiet, pieces))
