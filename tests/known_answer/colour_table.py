"""A tiny data set, an extractor that counts its work and a table over both, for the tests of the evaluation."""

from dataclasses import asdict

import torch
from PIL import Image

from t2ibench.core.errors import UserError
from t2ibench.core.files import digest_of_file
from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.records import MetricRecord, Results
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import ProtocolEntry
from t2ibench.core.storage.store import Store
from t2ibench.data.manifest import ImageEntry, Manifest
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.measuring.measure import Column
from t2ibench.evaluation.measuring.table import Table

SIDE = 16
COLOURS = 12


def colour_of(class_id):
    """A class's colour; no two are alike."""
    return (20 * class_id, 255 - 17 * class_id, (67 * class_id) % 256)


def tiny_manifest(root, images_per_class=3, captions=4):
    """Twelve classes of one colour each; the last three are the training split."""
    entries = []
    for class_id in range(COLOURS):
        for number in range(images_per_class):
            name = f"{class_id:03d}.Colour/{number}"
            path = root / f"{class_id:03d}_{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (SIDE, SIDE), colour_of(class_id)).save(path)
            texts = tuple(f"colour {class_id} number {number} caption {index}" for index in range(captions))
            split = "train" if class_id >= COLOURS - 3 else "test"
            entries.append(
                ImageEntry(name, path.name, split, class_id, None, texts, path.stat().st_size, digest_of_file(path))
            )
    return Manifest("tiny", root, tuple(entries), ("<end>", "colour"), "built")


class MeanColour:
    """A caption judge whose code of an image is its mean colour, and of a caption its class's; it counts its work."""

    layers = {"pool": 3, "logits": 3, "image": 3}  # noqa: RUF012
    identity = FeatureIdentity("mean-colour", 1, "0" * 64, "none", "[0, 255]", "stand-in")

    def __init__(self):
        self.seen = 0
        self.break_after = None

    def extract(self, pixels):
        self.seen += len(pixels)
        if self.break_after is not None and self.seen > self.break_after:
            raise KeyboardInterrupt
        mean = pixels.float().mean(dim=(2, 3))
        return {"pool": mean, "logits": mean / 30, "image": mean - 127.5}

    def read(self, captions):
        return torch.tensor([colour_of(caption.class_id) for caption in captions]).float() - 127.5


class Counted:
    """Stands in for `evaluation.extractors.Extractor`."""

    reads_model = False

    reads_model = False

    def __init__(self, network=None, fault=""):
        self.name = "mean-colour"
        self.network = network
        self.identity = None if network is None else network.identity
        self.fault = fault
        self.openings = 0

    def opened(self):
        self.openings += 1
        if self.network is None:
            raise UserError(self.fault)
        return self.network

    def describe(self):
        return {"name": self.name, "missing": True} if self.identity is None else asdict(self.identity)


def column(metric_name, extractor):
    """A column of a registered metric."""
    metric = registry("metrics")[metric_name]()
    options = {"negatives": 20} if metric.caption_linked else {}
    record = MetricRecord(
        column=f"{metric_name}-tiny",
        metric=metric_name,
        version=metric.version,
        title=metric.title,
        unit=metric.unit,
        higher_is_better=metric.higher_is_better,
        features=extractor.describe(),
        reference="r" if metric.needs_reference else "",
        options=options,
    )
    return Column(record.column, metric, extractor, record)


def tiny_table(folder, manifest, extractor, *, samples=60, metrics=("inception_score", "fid", "r_precision"), **rest):
    """A table that keeps everything under `folder`."""
    protocol = ProtocolEntry(
        samples=samples, resolution=SIDE, negatives=20, metrics=tuple(metrics), **{"exclude": "class", **rest}
    )
    return Table(
        manifest=manifest,
        protocol_name="tiny-1",
        protocol=protocol,
        plan=make_plan(manifest, protocol),
        columns=[column(name, extractor) for name in metrics],
        store=Store(folder / "store"),
        results=Results(folder / "results"),
        device="cpu",
        batch_size=7,
    )


def values(evaluation):
    """(row, metric) -> value."""
    return {(record.source.name, record.metric.metric): record.value for record in evaluation.records}


__all__ = ["MeanColour", "Counted", "colour_of", "column", "tiny_manifest", "tiny_table", "values"]
