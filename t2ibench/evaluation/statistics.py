"""The mean and covariance of images' features as a file that this toolkit and others compare with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.place import Place
from t2ibench.core.storage.store import Store
from t2ibench.core.types import GaussianStatistics
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.external.folder_source import FolderSource
from t2ibench.evaluation.external.statistics_file import write_statistics
from t2ibench.evaluation.external.statistics_source import LAYER
from t2ibench.evaluation.images.plan import reference_plan
from t2ibench.evaluation.images.sources import Source, ground_truth
from t2ibench.evaluation.measuring.collect import Making, collect
from t2ibench.evaluation.request.open_table import extractor_for
from t2ibench.evaluation.request.request import protocol_for
from t2ibench.metrics.distribution.frechet import FrechetDistance
from t2ibench.metrics.distribution.gaussian import Moments


@dataclass(frozen=True)
class StatisticsRequest:
    """What a user asks for.

    Attributes:
        dataset: whose images, cropped and resized as its protocol says.
        features: extractor of benchmarks.toml.
        output: ends in .npz.
        split: of the data set; None for the protocol's.
        protocol: None for the data set's own.
        images: a folder whose images are taken instead of the data set's.
        skip_bad: leave unreadable images of the folder out.
    """

    dataset: str
    features: str
    output: Path
    split: str | None = None
    protocol: str | None = None
    images: Path | None = None
    skip_bad: bool = False


def make_statistics(request: StatisticsRequest, place: Place) -> int:
    """Write the statistics and return how many images they rest on. Features go to the store and are found there.

    Workers that do not lead write nothing.

    Raises:
        UserError: a name is unknown, weights are missing, or the extractor has no features for FID.
    """
    hint = "`t2ibench list features` shows them all."
    require_known("feature extractor", place.benchmarks.features, request.features, hint=hint)
    _, protocol = protocol_for(request.dataset, place.benchmarks, request.protocol)
    if request.output.suffix != ".npz":
        raise UserError(f"{request.output} does not end in .npz, which is the form of statistics files.")
    extractor = extractor_for(request.features, request.dataset, place)
    if extractor.fault:
        raise UserError(extractor.fault)
    manifest = open_dataset(request.dataset, place.benchmarks, place.workspace, root=place.data_root)
    split, resolution = request.split or protocol.split, protocol.resolution
    plan = reference_plan(manifest, split)
    source: Source = ground_truth(manifest, plan, resolution)
    images = f"{manifest.name}/{split}, manifest {manifest.digest[:16]}"
    if request.images is not None:
        memory = place.workspace.store / "folders"
        source = FolderSource(
            request.images, manifest, split, resolution=resolution, memory=memory, skip_bad=request.skip_bad
        )
        plan = source.plan_of(plan)
        images = f"a folder, files {source.identity[:16]}"
    if len(plan) < FrechetDistance.minimum_n:
        raise UserError(
            f"Statistics for FID need at least {FrechetDistance.minimum_n} images, and {images} has {len(plan)}."
        )
    if LAYER not in extractor.opened().layers:
        raise UserError(f"{request.features} has no features for FID: name another with --features.")
    settings = {"resolution": resolution, "quantise": protocol.quantise}
    making = Making(Store(place.workspace.store), settings, place.batch_size, place.device_name, place.workers)
    with place.shared(make_statistics, request):
        found = collect(source, plan, [extractor], making)
    if not place.workers.leads:
        return len(plan)
    moments = Moments.of(found.features[extractor.name][LAYER])
    origin = {
        "extractor": extractor.describe(),
        "images": images,
        "resolution": resolution,
        "images_digest": found.images_digest,
        "n": moments.count,
        "device": place.device_name,
    }
    write_statistics(request.output, GaussianStatistics(moments.mean, moments.covariance, moments.count), origin)
    return moments.count
