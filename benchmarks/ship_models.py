"""Turn trained models into the ones that come with the package: half precision, with a notice.

    python benchmarks/ship_models.py RUN/model/step-003000 --command "t2ibench train damsm --data simbirds"

Writes baselines/t2ibench_baselines/pretrained/<data set>/<model>/. A model whose encoder is shipped must have been
trained with the shipped (rounded) encoder, so that the judge and the teacher are the same file: ship the encoder first.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import torch
from safetensors.torch import load_file

from t2ibench.core.errors import UserError
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.models.folder import read_model_folder, write_model_folder
from t2ibench.models.folder.read import WEIGHTS
from t2ibench.models.shipped import MARK, drawing_of, write_notice
from t2ibench.training.measured_time import training_seconds

FOLDER = Path(__file__).resolve().parents[1] / "baselines" / "t2ibench_baselines" / "pretrained"
LIMIT = 6_000_000
"""Bytes of a weights file."""


def ship(source: Path, command: str) -> Path:
    """Return the folder written from a trained model's.

    Raises:
        UserError: it would be too large, or its encoder is not a shipped one.
    """
    folder = read_model_folder(source)
    for name, encoder in folder.description.encoders.items():
        if not encoder.trained.startswith(MARK):
            raise UserError(f"{source} was trained with a {name} that is not shipped; ship that and train again.")
    drawing = drawing_of(folder.dataset, load_benchmarks().content)
    if drawing is None:
        raise UserError(f"{folder.dataset} is not drawn by code, so its models are not shipped.")
    tensors = {
        name: tensor.half() if tensor.dtype == torch.float32 else tensor
        for name, tensor in load_file(source / WEIGHTS).items()
    }
    note = f"Comes with the package in half precision; `{command}` makes it again."
    description = folder.description.model_copy(
        update={"card": dataclasses.replace(folder.card, notes=(*folder.card.notes, note))}
    )
    target = FOLDER / folder.dataset / folder.label.replace(":", "--")
    vocabularies = {name: folder.encoder_vocabulary(name) for name in folder.description.encoders}
    written = write_model_folder(target, description, tensors, folder.vocabulary, encoder_vocabularies=vocabularies)
    size = (target / WEIGHTS).stat().st_size
    if size > LIMIT:
        raise UserError(f"{target / WEIGHTS} has {size} bytes; at most {LIMIT} are shipped.")
    seconds = training_seconds(source.resolve().parent.parent, folder.steps)
    write_notice(target, drawing, command, None if seconds is None else round(seconds))
    print(f"{target}: {size / 1e6:.2f} MB, weights {written.weights[:12]}, identity {written.identity[:12]}")
    return target


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path)
    parser.add_argument("--command", required=True)
    given = parser.parse_args()
    ship(given.source, given.command)
