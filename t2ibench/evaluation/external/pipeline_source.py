"""A text-to-image pipeline of diffusers from a local folder as a row: what today's models make of the same captions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final

from t2ibench.core.errors import RunFailedError, UserError
from t2ibench.core.files import digest_of, digest_of_file, read_json
from t2ibench.core.noise import SCHEME, seed_of
from t2ibench.core.types import ModelCard, Origin, PlanItem
from t2ibench.evaluation.images.pixels import Quantise, resized, to_uint8
from t2ibench.evaluation.images.sources import Source
from t2ibench.features.context import installed

if TYPE_CHECKING:
    from torch import Tensor

PREFIX: Final = "diffusers:"
"""Before the folder, among the models asked for."""
_INDEX: Final = "model_index.json"


def pipeline_folder(selector: str) -> Path:
    """Return the folder of "diffusers:FOLDER".

    Raises:
        UserError: it holds no pipeline, or no weights as .safetensors.
    """
    folder = Path(selector.removeprefix(PREFIX)).expanduser()
    if not (folder / _INDEX).is_file():
        raise UserError(
            f"{folder} has no {_INDEX}: {PREFIX} wants the folder of a diffusers pipeline, as `save_pretrained` writes "
            "one."
        )
    if not any(folder.rglob("*.safetensors")):
        raise UserError(
            f"{folder} has no weights as .safetensors: save the pipeline so (`save_pretrained` does); other forms are "
            "programs and are not opened."
        )
    return folder


class PipelineSource(Source):
    """Images of a pipeline, made one by one with its own defaults (steps, guidance, scheduler).

    An image depends on its caption and on a generator keyed by (seed, caption id, sample). Needs the extra `diffusers`;
    nothing is fetched and no code of the folder is run.

    Args:
        folder: of the pipeline, as `pipeline_folder` returns it.
        device: where it computes.
        resolution: side the images are judged at.
        quantise: how float images become uint8.

    Raises:
        UserError: diffusers is not installed.
    """

    def __init__(self, folder: Path, *, device: str, resolution: int, quantise: Quantise) -> None:
        needed = "A pipeline needs diffusers, which is not installed: `pip install 't2ibench[diffusers]'`."
        self._package = installed("diffusers", needed)
        self._folder = folder
        self._device = device
        self._resolution = resolution
        self._quantise: Quantise = quantise
        self._pipeline: Any = None
        self._one = Lock()
        content = read_json(self._folder / _INDEX, what="the pipeline's description")
        kind = str(content.get("_class_name", "")) if isinstance(content, Mapping) else ""
        files = sorted(path for path in self._folder.rglob("*") if path.suffix in (".json", ".txt", ".safetensors"))
        self.name = self._folder.resolve().name
        self.card = ModelCard(
            title=self.name,
            paper="",
            licence="see its folder",
            origin=Origin.EXTERNAL_IMAGES,
            notes=(f"{kind} of diffusers, with its own steps and guidance.",),
        )
        digests = [[str(path.relative_to(self._folder)), digest_of_file(path)] for path in files]
        self.identity = digest_of({"pipeline": digests, "diffusers": self._package.__version__, "noise": SCHEME})

    def pixels_of(self, items: Sequence[PlanItem], seed: int) -> Tensor:
        """Return uint8 images, N x 3 x H x W.

        Raises:
            UserError: the folder cannot be opened as a pipeline of captions to images.
            RunFailedError: an image is not square, or not finite.
        """
        import torch

        rows = []
        for item in items:
            key = torch.Generator().manual_seed(seed_of(seed, *item.id, "pipeline"))
            with self._one:  # a scheduler counts its steps, and pieces of a plan are made side by side
                found = self._opened()(prompt=item.caption.text, generator=key, output_type="np").images
            image = torch.from_numpy(found[0]).permute(2, 0, 1)[None].float()
            if image.shape[1] != 3 or image.shape[2] != image.shape[3] or not image.isfinite().all():
                raise RunFailedError(
                    f"{self.name} made no square image of finite RGB values for {item.caption.id}: found the shape "
                    f"{list(image.shape[1:])}."
                )
            rows.append(resized(to_uint8(2 * image - 1, self._quantise), self._resolution))
        return torch.cat(rows)

    def _opened(self) -> Any:
        if self._pipeline is None:
            build = self._package.DiffusionPipeline.from_pretrained
            try:
                made = build(self._folder, local_files_only=True, use_safetensors=True)
                made.set_progress_bar_config(disable=True)
                self._pipeline = made.to(self._device)
            except (OSError, ValueError, RuntimeError, KeyError, TypeError, AttributeError, ImportError) as error:
                reason = " ".join(str(error).split())[:200]
                raise UserError(
                    f"The pipeline in {self._folder} cannot be opened ({reason}): bring the whole folder, as "
                    "`save_pretrained` writes it."
                ) from error
        return self._pipeline
