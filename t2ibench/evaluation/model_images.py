"""A trained model's images of a data set's captions as a folder that anyone can judge."""

from __future__ import annotations

from pathlib import Path

from tqdm import tqdm

from t2ibench.core.machine.arithmetic import USUAL, Arithmetic
from t2ibench.core.place import Place
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.external.export import export_images
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.request.open_table import model_source
from t2ibench.evaluation.request.request import EvaluateRequest, protocol_for, with_arithmetic
from t2ibench.models.find import require_drawing_model


def export_model(
    selector: str,
    dataset: str,
    folder: Path,
    place: Place,
    *,
    samples: int | None = None,
    protocol: str | None = None,
    seed: int | None = None,
    arithmetic: Arithmetic = USUAL,
) -> int:
    """Write the images that an evaluation would judge, PNG files and a manifest.jsonl, and return how many.

    `t2ibench eval --images FOLDER --data DATASET` of them gives the numbers that `--models MODEL` gives.

    Args:
        selector: of the model.
        dataset: whose captions are drawn, under its protocol or `protocol`.
        folder: new or empty.
        place: where it is done.
        samples: images; None as the protocol says, 0 for every caption once.
        protocol: None for the data set's own.
        seed: None for the protocol's.
        arithmetic: of the model; the usual one leaves the protocol's.

    Raises:
        UserError: a name is unknown, the model is not trained, or the folder is not empty.
    """
    _, judged = protocol_for(dataset, place.benchmarks, protocol, seed)
    if arithmetic != USUAL:
        judged = with_arithmetic(judged, EvaluateRequest((selector,), arithmetic=arithmetic))
    model = require_drawing_model(place.workspace, selector, place.benchmarks, dataset)
    manifest = open_dataset(dataset, place.benchmarks, place.workspace, root=place.data_root)
    plan = make_plan(manifest, judged, samples)
    source = model_source(model, manifest, judged, place)
    with tqdm(total=len(plan), unit="img", disable=None, leave=False) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        export_images(source, plan, folder, batch_size=place.batch_size, on_images=show)
    return len(plan)


def captions_asked(dataset: str, count: int, place: Place, *, protocol: str | None = None) -> tuple[str, ...]:
    """Return the first `count` different sentences that an evaluation would ask for; fewer if the split has fewer.

    Args:
        dataset: whose captions.
        count: how many.
        place: where it is done.
        protocol: None for the data set's own.

    Raises:
        UserError: a name is unknown, or the data set is not there.
    """
    _, judged = protocol_for(dataset, place.benchmarks, protocol)
    plan = make_plan(open_dataset(dataset, place.benchmarks, place.workspace, root=place.data_root), judged, 0)
    return tuple(dict.fromkeys(item.caption.text for item in plan.items))[:count]
