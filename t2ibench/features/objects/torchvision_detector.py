"""Detectors of COCO's 80 objects from torchvision, whose weights the user brings: what object accuracy judges with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, get_args

from t2ibench.core.interfaces import FeatureIdentity
from t2ibench.core.spec.benchmarks import Frozen
from t2ibench.features.context import FeatureContext, WeightsFile, chunks, options_of
from t2ibench.features.network_extractor import FromFile, file_identity, filled
from t2ibench.features.objects.objects import DetectedObjects, Detection

if TYPE_CHECKING:
    from torch import Tensor

VERSION: Final = 1
Architecture = Literal["fasterrcnn_resnet50_fpn_v2", "maskrcnn_resnet50_fpn_v2", "ssdlite320_mobilenet_v3_large"]
"""torchvision's names. Its older models with frozen batch norms are left out: built for a file from outside, they get
another epsilon than they were trained with."""


class DetectorOptions(Frozen):
    """Options of the entry in benchmarks.toml.

    Attributes:
        architecture: torchvision's name of the network that the weights are of.
    """

    architecture: Architecture = "fasterrcnn_resnet50_fpn_v2"


class TorchvisionDetector(FromFile, DetectedObjects):
    """An `ObjectDetector` by torchvision, with its own defaults: boxes of score 0.05, NMS 0.5, sides as trained.

    Not to be compared with TISE's Mask R-CNN (detectron2) or SOA's YOLOv3: another detector is another metric.
    """

    Options: ClassVar = DetectorOptions

    def __init__(self, network: Any, identity: FeatureIdentity, device: str) -> None:
        self.identity = identity
        self.categories = categories()
        self.labels: Sequence[str] = [label for label in self.categories if label not in _NO_OBJECTS]
        self._network = network
        self._device = device
        super().__init__(self)

    @classmethod
    def _identity(cls, context: FeatureContext, found: WeightsFile) -> FeatureIdentity:
        return file_identity(
            context,
            found,
            resize="as the network's own transform",
            range="the network's own",
            version=VERSION,
            otherwise="stand-in",
            of=options_of(context, DetectorOptions).architecture,
        )

    @classmethod
    def _network_of(cls, context: FeatureContext, found: WeightsFile) -> Any:
        architecture = options_of(context, DetectorOptions).architecture
        hint = (
            f"Name the file's network in [features.{context.name}.options] of benchmarks.toml, one of "
            f"{', '.join(get_args(Architecture))}, or bring another file."
        )
        return filled(lambda: built(architecture), context, found, architecture, hint)

    def detect(self, pixels: Tensor) -> Sequence[Sequence[Detection]]:
        """Return what is found in each of the uint8 images N x 3 x H x W, the surest first."""
        import torch

        rows: list[list[Detection]] = []
        with torch.no_grad():
            for part in chunks(pixels, self._device):
                images = [image.to(self._device).float() / 255 for image in part]
                for found in self._network(images):
                    numbers = (found[name].tolist() for name in ("labels", "scores", "boxes"))
                    rows.append(
                        [
                            Detection(self.categories[label], score, tuple(box))
                            for label, score, box in zip(*numbers, strict=True)
                            if self.categories[label] not in _NO_OBJECTS
                        ]
                    )
        return rows


_NO_OBJECTS: Final = ("__background__", "N/A")


def built(architecture: Architecture) -> Any:
    """Return a torchvision detector without its weights."""
    from torchvision.models import detection

    return getattr(detection, architecture)(weights=None, weights_backbone=None)


def categories() -> list[str]:
    """Return the 91 names of torchvision's outputs, of which 80 are COCO's objects, in its order."""
    from torchvision.models.detection import FasterRCNN_ResNet50_FPN_V2_Weights

    return list(FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1.meta["categories"])
