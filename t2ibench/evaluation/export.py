"""A trained model's images of a data set's captions as a folder that anyone can judge."""

from __future__ import annotations

import sys
from pathlib import Path

from t2ibench.core.errors import UserError, unknown_name
from t2ibench.core.spec.benchmarks import Benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.evaluate import EvaluateRequest, device_name, protocol_for
from t2ibench.evaluation.external.export import export_images
from t2ibench.evaluation.plan import make_plan
from t2ibench.evaluation.sources import ModelSource
from t2ibench.models.find import require_model


def export_model(
    selector: str,
    dataset: str,
    folder: Path,
    benchmarks: Benchmarks,
    workspace: Workspace,
    *,
    samples: int | None = None,
    protocol: str | None = None,
    seed: int | None = None,
    device: str = "auto",
    root: Path | None = None,
) -> int:
    """Write the images that an evaluation would judge, PNG files and a manifest.jsonl, and return how many.

    `t2ibench eval --images FOLDER --data DATASET` of them gives the numbers that `--models MODEL` gives.

    Args:
        selector: of the model.
        dataset: whose captions are drawn, under its protocol or `protocol`.
        folder: new or empty.
        benchmarks: content of benchmarks.toml.
        workspace: where models and prepared data are.
        samples: images; None as the protocol says, 0 for every caption once.
        protocol: None for the data set's own.
        seed: None for the protocol's.
        device: where to compute.
        root: folder of the data set's files, if not known yet.

    Raises:
        UserError: a name is unknown, the model is not trained, or the folder is not empty.
    """
    from tqdm import tqdm

    request = EvaluateRequest((selector,), (dataset,), protocol=protocol, samples=samples, seed=seed)
    _, judged = protocol_for(request, benchmarks, dataset)
    model = require_model(workspace, selector, benchmarks, dataset)
    if model.description.kind != "model":
        raise UserError(f"{selector} is an encoder, which makes no images: name a model.")
    manifest = open_dataset(dataset, benchmarks, workspace, root=root)
    plan = make_plan(manifest, judged, samples)
    source = ModelSource(
        model,
        device=device_name(device),
        resolution=judged.resolution,
        quantise=judged.quantise,
        data_root=manifest.root,
        generation=judged.generation,
    )
    with tqdm(total=len(plan), unit="img", file=sys.stderr, disable=None, leave=False) as bar:

        def show(done: int) -> None:
            bar.update(done - bar.n)

        export_images(source, plan, folder, batch_size=50, on_images=show)
    return len(plan)


def captions_asked(
    dataset: str,
    count: int,
    benchmarks: Benchmarks,
    workspace: Workspace,
    *,
    protocol: str | None = None,
    root: Path | None = None,
) -> tuple[str, ...]:
    """Return the first `count` different sentences that an evaluation would ask for; fewer if the split has fewer.

    Args:
        dataset: whose captions.
        count: how many.
        benchmarks: content of benchmarks.toml.
        workspace: where prepared data are.
        protocol: None for the data set's own.
        root: folder of the data set's files, if not known yet.

    Raises:
        UserError: a name is unknown, or the data set is not there.
    """
    asked = EvaluateRequest((), (dataset,), protocol=protocol)
    if dataset not in benchmarks.datasets:
        raise unknown_name("data set", dataset, benchmarks.datasets)
    _, judged = protocol_for(asked, benchmarks, dataset)
    plan = make_plan(open_dataset(dataset, benchmarks, workspace, root=root), judged, 0)
    return tuple(dict.fromkeys(item.caption.text for item in plan.items))[:count]
