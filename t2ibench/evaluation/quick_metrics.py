"""Small measurements of a model that trains: R-precision and KID on few images, by the judges of its data set.

Captions and real images are of the training split: what is watched, or selected by, tells nothing of the test split.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from t2ibench.core.errors import UserError
from t2ibench.core.interfaces import Metric, MetricInput, TextToImage
from t2ibench.core.noise import Noise
from t2ibench.core.place import Place
from t2ibench.core.registry import registry
from t2ibench.core.spec.benchmarks import TrainingSpec
from t2ibench.data.images import RealImages
from t2ibench.evaluation.images.negatives import choose_negatives
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.measuring.extractors import Extractor
from t2ibench.evaluation.measuring.measure import groups_by_image
from t2ibench.evaluation.request.open_table import extractor_for
from t2ibench.evaluation.request.request import protocol_for
from t2ibench.training.tracking.progress import say

if TYPE_CHECKING:
    import numpy as np
    import torch

    from t2ibench.data.manifest import Manifest
    from t2ibench.training.quick import QuickMetrics
    from t2ibench.training.train import QuickMaker

QuickMetric = Literal["r-precision", "kid"]

COUNT: Final = 150
"""Images a measurement."""
VERSION: Final = 1
"""Raised by hand when a change could move a value, and so a selection."""

_BATCH: Final = 25
_METRICS: Final[Mapping[QuickMetric, tuple[str, str]]] = {
    "r-precision": ("r_precision", "r_precision"),
    "kid": ("kid", "fid"),
}
"""Name -> the metric, and the metric of the protocol whose features it reads."""


def selection_of(metric: QuickMetric, every: int) -> str:
    """Return what a run's identity says of selecting by a quick metric."""
    return f"best-of {metric} every {every} n {COUNT} version {VERSION}"


def best_of(selection: str) -> QuickMetric | None:
    """Return the metric that a selection names, None for no selection."""
    words = selection.split()
    return next((name for name in _METRICS if name in words), None)


class QuickMeasure:
    """Measures the weights that are in a model.

    Args:
        model: draws the images; a `TextToImage`.
        manifest: its data set.
        place: with benchmarks.toml's content; the workspace, where a trained judge is looked for; the judges' device.
        needed: a metric that must be had; the other is left out with a sentence where it cannot be.

    Raises:
        UserError: `needed`, or all of them, cannot be had; the text says why.
    """

    def __init__(self, model: Any, manifest: Manifest, place: Place, needed: QuickMetric | None = None) -> None:
        _, protocol = protocol_for(manifest.name, place.benchmarks)
        self._protocol = protocol.model_copy(update={"split": "train", "captions": "spread"})
        self._model = model
        self._manifest = manifest
        self._plan = make_plan(manifest, self._protocol, COUNT)
        self._noise = Noise(self._protocol.seed)
        self._judges: dict[QuickMetric, tuple[Metric, Extractor]] = {}
        self._reference: dict[str, Mapping[str, np.ndarray]] = {}
        self._ranked: tuple[np.ndarray, np.ndarray, np.ndarray] | None = None
        for name, (metric, like) in _METRICS.items():
            columns = [one for one in protocol.metrics if place.benchmarks.metrics[one].metric == like]
            fault = f"the protocol of {manifest.name} has no column of the metric {like}"
            if columns:
                features = place.benchmarks.metrics[columns[0]].features
                extractor = extractor_for(features, manifest.name, place)
                fault = extractor.fault
                if not fault:
                    self._judges[name] = (registry("metrics")[metric](), extractor)
                    fault = self._prepared(name)
            if fault and name == needed:
                raise UserError(f"Selecting the best of {name} is not possible: {fault.rstrip('.')}.")
            if fault:
                self._judges.pop(name, None)
                say(f"Without the quick metric {name}: {fault}")
        if not self._judges:
            raise UserError(f"There is no quick metric for {manifest.name}: leave --quick-metrics out.")

    def __call__(self, device: torch.device) -> dict[str, float]:
        """Return name -> value."""
        pixels = self._images(device)
        found: dict[str, float] = {}
        for name, (metric, extractor) in self._judges.items():
            codes, queries, negatives = self._ranked if name == "r-precision" and self._ranked else (None, None, None)
            given = MetricInput(
                features=_arrays(extractor.opened().extract(pixels)),
                reference=self._reference.get(name, {}),
                groups=groups_by_image(self._plan.items),
                caption_codes=codes,
                queries=queries,
                negatives=negatives,
                seed=self._protocol.seed,
            )
            found[name] = metric.estimate(given).value
        return found

    def _prepared(self, name: QuickMetric) -> str:
        """Make what a metric compares with, once; return why that is not possible, "" if it is."""
        judge: Any = self._judges[name][1]
        try:
            if name == "kid":
                images = list(dict.fromkeys(item.caption.image_id for item in self._plan.items))
                resolution = self._model.capabilities.resolution
                real = RealImages(self._manifest).load(images, resolution)
                self._reference[name] = _arrays(judge.opened().extract(real))
            else:
                queries, negatives = choose_negatives(self._plan, self._manifest, self._protocol)
                codes = judge.opened().read(self._manifest.captions("train")).numpy()
                self._ranked = (codes, queries, negatives)
        except UserError as error:
            return str(error)
        except AttributeError:
            return f"{judge.name} does not read captions"
        return ""

    def _images(self, device: torch.device) -> torch.Tensor:
        import torch

        from t2ibench.training.tracking.sample_images import to_pixels

        parts = []
        for start in range(0, len(self._plan), _BATCH):
            items = self._plan.items[start : start + _BATCH]
            captions = [item.caption for item in items]
            noise = self._noise.bind([(item.caption.id, item.sample) for item in items], device)
            parts.append(to_pixels(self._model.generate(captions, noise)))
        return torch.cat(parts)


def quick_maker(place: Place, every: int) -> QuickMaker:
    """Return what makes the quick metrics of a model once it is built, measured every so many steps.

    What is returned raises as `QuickMeasure`.
    """
    from t2ibench.training.quick import QuickMetrics

    def make(spec: TrainingSpec, model: TextToImage, manifest: Manifest, device: str) -> QuickMetrics:
        chosen = best_of(spec.select)
        measure = QuickMeasure(model, manifest, replace(place, device=device), chosen)
        higher = chosen is not None and registry("metrics")[_METRICS[chosen][0]].higher_is_better
        return QuickMetrics(every, measure, chosen or "", higher)

    return make


def _arrays(features: Mapping[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {layer: values.numpy() for layer, values in features.items()}
