"""What a request to probe a model amounts to: the model, the captions, the record's identity. Nothing is computed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, Final

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.files import digest_of
from t2ibench.core.place import Place
from t2ibench.core.spec.studies import ProbeCaptions, ProbeEntry
from t2ibench.data.manifest import Manifest
from t2ibench.data.open import open_dataset, prepared_datasets
from t2ibench.evaluation.images.sources import ModelSource
from t2ibench.models.find import require_drawing_model
from t2ibench.models.folder import ModelFolder
from t2ibench.studies.probes.compositions import composition_questions
from t2ibench.studies.probes.drawing import ANSWER_VERSION
from t2ibench.studies.probes.questions import Question, change_question, fixed_question, word_question

PROBE_VERSION: Final = 1
"""Raised by hand whenever a change could move a figure of a probe."""

NEVER: Final = "never happens"
UNUSUAL: Final = "unusual"
_SIDE: Final = 256


@dataclass(frozen=True)
class ProbeRequest:
    """What a user asks for; None keeps what benchmarks.toml says.

    Attributes:
        probe: name in benchmarks.toml.
        model: selector, as in `eval --models`.
        dataset: only a model that learned from this.
        captions: instead of those of benchmarks.toml, in the same form.
        rows: noises a caption.
        seed: of the noise.
    """

    probe: str
    model: str
    dataset: str | None = None
    captions: tuple[str, ...] = ()
    rows: int | None = None
    seed: int | None = None


@dataclass(frozen=True)
class ProbePlan:
    """A probe that can be carried out.

    Attributes:
        name: of the probe.
        entry: its table.
        folder: the model.
        adapter: of the data set the model learned from; "" where benchmarks.toml does not know it.
        questions: what is asked.
        rows: noises a question.
        seed: of the noise.
        resolution: pixels a side of the images, the data set's protocol's.
        training: the data set, where compositions can be looked for in its training captions; None where it is not
            prepared, and for other probes.
    """

    name: str
    entry: ProbeEntry
    folder: ModelFolder
    adapter: str
    questions: tuple[Question, ...]
    rows: int
    seed: int
    resolution: int
    training: Manifest | None = None

    def source(self, device: str = "cpu") -> ModelSource:
        """Return the model's images, as `eval` makes them by its own manner."""
        return ModelSource(self.folder, device=device, resolution=self.resolution, quantise="round")

    def describe(self) -> dict[str, Any]:
        """Return what would be asked, as JSON values."""
        return {
            "version": [PROBE_VERSION, ANSWER_VERSION],
            "probe": self.name,
            "kind": self.entry.kind,
            "model": {"name": self.folder.label, "identity": self.source().identity},
            "dataset": self.folder.dataset,
            "questions": [dataclasses.asdict(question) for question in self.questions],
            "rows": self.rows,
            "seed": self.seed,
            "resolution": self.resolution,
            "training_captions": "" if self.training is None else self.training.digest,
        }

    def identity(self, judge: dict[str, Any] | None, captioner: dict[str, Any] | None) -> str:
        """Return the record's id: digest of all that the probe's figures and sentences depend on."""
        return digest_of({**self.describe(), "judge": judge, "captioner": captioner})


def plan_probe(request: ProbeRequest, place: Place) -> ProbePlan:
    """Return the plan of a request.

    Raises:
        UserError: the probe or the model is unknown (near names are given), there are no captions for the data set, or
            one of them is not as the probe needs it.
    """
    require_known("probe", place.benchmarks.probes, request.probe, hint="[probes] of benchmarks.toml has them all.")
    entry = place.benchmarks.probes[request.probe]
    folder = require_drawing_model(place.workspace, request.model, place.benchmarks, request.dataset)
    dataset = place.benchmarks.datasets.get(folder.dataset)
    adapter = dataset.adapter if dataset is not None else ""
    captions = _captions(request, entry, folder.dataset, adapter)
    resolution = _SIDE
    if dataset is not None and dataset.protocol in place.benchmarks.protocols:
        resolution = place.benchmarks.protocols[dataset.protocol].for_dataset(folder.dataset).resolution
    looked_up = entry.kind == "compositions" and folder.dataset in prepared_datasets(place.benchmarks, place.workspace)
    return ProbePlan(
        name=request.probe,
        entry=entry,
        folder=folder,
        adapter=adapter,
        questions=tuple(_questions(entry, captions, adapter)),
        rows=request.rows or entry.rows,
        seed=entry.seed if request.seed is None else request.seed,
        resolution=resolution,
        training=open_dataset(folder.dataset, place.benchmarks, place.workspace) if looked_up else None,
    )


def _captions(request: ProbeRequest, entry: ProbeEntry, dataset: str, adapter: str) -> ProbeCaptions:
    """Return what is asked on a data set: the user's own captions, the data set's, or those of its adapter."""
    found = entry.on.get(dataset) or entry.on.get(adapter)
    if request.captions:
        return ProbeCaptions(captions=request.captions, kinds=found.kinds if found else {})
    if found is None:
        known = ", ".join(entry.on) or "none"
        raise UserError(
            f"The probe {request.probe} has no captions for {dataset}, only for {known}. Give some with --caption, or "
            f"add a table [probes.{request.probe}.on.{dataset}] with captions = [...] to benchmarks.toml."
        )
    if found.impossible:
        raise UserError(
            f"The probe {request.probe} cannot be asked of {dataset}: {found.impossible}. --caption asks another thing."
        )
    if not (found.captions or found.never):
        raise UserError(f"[probes.{request.probe}.on] of benchmarks.toml has no caption for {dataset}: add `captions`.")
    return found


def _questions(entry: ProbeEntry, captions: ProbeCaptions, adapter: str) -> list[Question]:
    questions = []
    if entry.kind == "change":
        questions = [change_question(caption) for caption in captions.captions]
    elif entry.kind == "words":
        questions = [word_question(caption, captions.kinds) for caption in captions.captions]
    else:
        unusual = []
        for caption in captions.captions:
            if "{" in caption:
                questions += composition_questions(caption, adapter)
            else:
                unusual.append(caption)
        questions += [fixed_question("Unusual combinations", unusual, group=UNUSUAL)] if unusual else []
    if captions.never:
        questions.append(fixed_question("What never happens", captions.never, group=NEVER))
    keys = [(question.key, question.group, question.title) for question in questions]
    if len(set(keys)) != len(keys):
        raise UserError("A caption of the probe stands twice: leave one of them out.")
    return questions
