"""What the scripts that train the small judges share: drawing, the loop, and the files that come with the package."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import partial, reduce
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from tqdm import tqdm

from t2ibench.core.files import atomic_path, digest_of_file, write_json

NETWORKS = Path(__file__).resolve().parents[1] / "networks"
"""Where each judge's files lie, in a folder of its own."""


def parser_of(description: str | None, *, images: int, steps: int, processes: int = 2) -> argparse.ArgumentParser:
    """Return the parser of a script's options, with its first sentence and how long it trains on how many images.

    `processes` draw them; with 0 there is no such option.
    """
    parser = argparse.ArgumentParser(description=(description or "").splitlines()[0])
    parser.add_argument("--images", type=int, default=images)
    parser.add_argument("--steps", type=int, default=steps)
    if processes:
        parser.add_argument("--processes", type=int, default=processes)
    return parser


def drawn(seeds: range, processes: int, *steps: Callable[[Any], Any]) -> list[Any]:
    """Return what comes of each seed by all steps, one after the other, by several processes."""
    with ProcessPoolExecutor(processes) as pool:
        made = pool.map(partial(_through, steps), seeds, chunksize=64)
        return list(tqdm(made, total=len(seeds), desc="drawing"))


def _through(steps: tuple[Callable[[Any], Any], ...], seed: int) -> Any:
    return reduce(lambda made, step: step(made), steps, seed)


def shuffled(count: int, batch: int, generator: torch.Generator) -> Iterator[Tensor]:
    """Yield the rows of batches without end: all of `count` in some order, then in another; a short batch is left out.

    Between two batches the same generator may be drawn from.
    """
    while True:
        yield from torch.randperm(count, generator=generator).split(batch)[:-1]


def train(
    network: nn.Module, losses: Iterator[Tensor], steps: int, *, rate: float, decay: float, clip: float = torch.inf
) -> None:
    """Train in place: AdamW under one cycle of the learning rate.

    Args:
        network: what learns.
        losses: a loss a step, with its graph.
        steps: how many.
        rate: the highest learning rate.
        decay: of the weights.
        clip: longest gradient.
    """
    print(f"{sum(one.numel() for one in network.parameters()):,} parameters")
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=decay)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=rate, total_steps=steps)
    began = time.monotonic()
    network.train()
    for step in range(steps):
        loss = next(losses)
        optimizer.zero_grad()
        loss.backward()
        if clip < torch.inf:
            torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
        optimizer.step()
        schedule.step()
        if step % 100 == 0 or step == steps - 1:
            print(f"step {step:5}  loss {loss.item():.3f}  {time.monotonic() - began:5.0f} s", flush=True)


def write_judge(
    name: str,
    network: nn.Module,
    options: argparse.Namespace,
    measured: Callable[[], Mapping[str, Any]],
    *,
    title: str,
    seed: int,
    precision: torch.dtype = torch.float16,
    metadata: Mapping[str, str] | None = None,
    **facts: Any,
) -> None:
    """Write weights.safetensors and card.json, and print the card: how the network was made and how well it reads.

    The counters of batch norms, which nothing reads, are left out; the network's own weights are rounded too, so that
    what is measured is what is shipped.

    Args:
        name: of the plug-in's folder in `NETWORKS`; the script that trains it is named alike.
        network: trained.
        options: of the script, see `parser_of`.
        measured: how well it reads, for the card.
        title: what the network does.
        seed: of the training.
        precision: of the weights in the file.
        metadata: texts that the weights file carries.
        facts: further entries of the card.
    """
    state = {
        key: value.to(precision).contiguous()
        for key, value in network.state_dict().items()
        if not key.endswith("num_batches_tracked")
    }
    network.load_state_dict({key: value.float() for key, value in state.items()}, strict=False)
    folder = NETWORKS / name
    weights = folder / "weights.safetensors"
    with atomic_path(weights) as temporary:
        save_file(state, temporary, None if metadata is None else dict(metadata))
    made_by = f"simulations/t2ibench_simulations/training/train_{name.partition('/')[0]}.py"
    made = {"title": title, "made_by": made_by, "images": options.images, "steps": options.steps, "seed": seed}
    files = {"torch": torch.__version__.split("+")[0], "weights_sha256": digest_of_file(weights)}
    write_json(folder / "card.json", {**made, **facts, **measured(), **files})
    print((folder / "card.json").read_text(encoding="utf-8"))
