"""Records of probes as the results folder holds them, checked before anything is made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from pydantic import Field

from t2ibench.core.records import PROBES, IntervalRecord
from t2ibench_reports.kept import Kept, read_kept

RECORD = "probe.json"


class ProbeScore(Kept):
    """One figure. `row` is "model" or "drawn", the images drawn to fit the captions."""

    row: str
    measure: str
    value: float
    interval: IntervalRecord | None = None
    n: int
    subject: str = ""
    group: str = ""
    deaf: float | None = None


class Wording(Kept):
    """A caption and what it is called."""

    text: str
    label: str
    word: str = ""


class Asked(Kept):
    """A question; `images` are strips, a noise each, of its wordings side by side.

    `read_back`: the sentence that a captioner reads in each wording's image, a list a noise; empty without a captioner.
    `training_captions`: how many training captions say what each wording says; empty where nobody counted.
    """

    title: str
    group: str = ""
    pairing: str = "all"
    variants: tuple[Wording, ...]
    images: tuple[str, ...] = ()
    read_back: tuple[tuple[str, ...], ...] = ()
    truth: tuple[str, ...] = ()
    training_captions: tuple[int, ...] = ()


class Replaced(Kept):
    """What replacing one word did."""

    question: int
    column: int
    word: str
    attention: float | None = None
    pixels: float
    difference: float


class ProbedModel(Kept):
    """Whose images."""

    label: str
    title: str
    identity: str
    origin: str
    steps: int | None = None
    trained_on: str = ""
    notes: tuple[str, ...] = ()


class ProbeRecord(Kept):
    """All of a probe; `folder` is where its images lie."""

    schema_: Literal[2] = Field(alias="schema")
    id: str
    created: str = ""
    probe: str
    kind: str
    title: str = ""
    dataset: str
    rows: int
    seed: int
    resolution: int
    source: ProbedModel
    judge: Mapping[str, object] | None = None
    captioner: Mapping[str, object] | None = None
    unknown_words: tuple[str, ...] = ()
    truth_rows: int = 0
    questions: tuple[Asked, ...]
    scores: tuple[ProbeScore, ...] = ()
    words: tuple[Replaced, ...] = ()

    def score(self, row: str, measure: str, *, subject: str = "", group: str = "") -> ProbeScore | None:
        """Return one figure, None where it was not measured."""
        wanted = (row, measure, subject, group)
        return next((one for one in self.scores if (one.row, one.measure, one.subject, one.group) == wanted), None)

    @property
    def groups(self) -> list[str]:
        """The parts of the probe, in order."""
        return list(dict.fromkeys(question.group for question in self.questions))

    @property
    def folder(self) -> str:
        """Name of the folder of its images."""
        return self.id[:16]


def read_probes(results: Path, wanted: Sequence[str] = ()) -> tuple[list[ProbeRecord], list[str]]:
    """Return (records by data set, probe, model and id; sentences about files that could not be read).

    Args:
        results: the results folder.
        wanted: ids; empty for all.
    """
    found, faults = read_kept(results, f"{PROBES}/*/{RECORD}", ProbeRecord, "probe record of this version")
    records = [one for path, one in found if one.folder == path.parent.name and (not wanted or one.id in wanted)]
    records.sort(key=lambda one: (one.dataset, one.probe, one.source.label, one.id))
    return records, faults
