"""GAWWN trained for a few steps by one process and by several, for the test of what its generator remembers.

python -m tests.boxes_run FOLDER        the remembered boxes, by number of processes and by process, as JSON
"""

import json
import os
import socket
import sys
from pathlib import Path

import torch

from t2ibench.core.spec.benchmarks import DatasetEntry
from t2ibench.data.batches.batches import TrainingData
from t2ibench.data.manifest import Manifest
from t2ibench.testing.squares import Squares, with_boxes
from t2ibench.training.engine.engine import Engine
from t2ibench.training.engine.processes import Processes
from t2ibench_baselines.gawwn import GAWWN
from t2ibench_baselines.gawwn.parameters import GAWWNParameters
from tests.unit.baselines.builders import context

STEPS = 3
BATCH = 8
REMEMBERED = 10
"""Fewer than STEPS batches hold, so that the oldest boxes make room."""


def trained(manifest: Manifest, processes: Processes) -> dict:
    """Return what the generator remembers after a few steps."""
    small = {"resolution": 32, "generator_features": 4, "discriminator_features": 4, "latent": 10}
    parameters = GAWWNParameters(batch_size=BATCH, remembered_boxes=REMEMBERED, **small)
    model = GAWWN.build(parameters, context("train"))
    with processes.joined(torch.device("cpu")):
        engine = Engine(model, seed=0, device=torch.device("cpu"), processes=processes)
        data = TrainingData(manifest, model.data_request(), 0, share=processes.share)
        for step in range(STEPS):
            engine.step(data.batch(step, "train"), step)
    prior = model.generator.prior
    return {"boxes": prior.boxes.tolist(), "seen": int(prior.seen)}


def main(folder: Path) -> dict:
    """Return number of processes -> what each of them remembers."""
    adapter = Squares("squares", DatasetEntry(adapter="squares", protocol="none"))
    adapter.draw(folder, {}, replace=True)
    manifest = with_boxes(adapter.read(folder))
    found = {}
    for count in (1, 2, 4):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
        children = []
        for rank in range(count):
            child = os.fork()
            if child == 0:
                said = trained(manifest, Processes(rank, count, rank, address if count > 1 else ""))
                (folder / f"{count}-{rank}.json").write_text(json.dumps(said))
                os._exit(0)
            children.append(child)
        assert all(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0 for child in children)
        found[count] = [json.loads((folder / f"{count}-{rank}.json").read_text()) for rank in range(count)]
    return found


if __name__ == "__main__":
    torch.set_num_threads(1)
    print(json.dumps(main(Path(sys.argv[1]))))
