"""Whether official weights give here what was printed of them: import, sample as the papers did, measure, compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from t2ibench.core.errors import UserError
from t2ibench.core.place import Place
from t2ibench.core.records import ResultRecord
from t2ibench.core.spec.reported import Figure, PrintedRow, Reported, printed_rows
from t2ibench.evaluation.evaluate import evaluate
from t2ibench.evaluation.request.request import EvaluateRequest, protocol_for
from t2ibench.models.find import find_models
from t2ibench.models.importing.import_official import ImportRequest, import_official
from t2ibench.training.tracking.progress import say

FILES: Final = {
    "attngan": {"cub": "bird_AttnGAN2.pth", "coco": "coco_AttnGAN2.pth"},
    "dmgan": {"cub": "bird_DMGAN.pth", "coco": "coco_DMGAN.pth"},
    "dfgan": {"cub": "state_epoch_1220.pth", "coco": "state_epoch_290.pth"},
    "stackgan_v1": {"coco": "netG_epoch_90.pth"},
    "stackgan_v2": {"cub": "netG_210000.pth"},
}
"""Model -> data set -> name of the generator's file, as the repositories release it."""
SPREADS: Final = 2.0
LEAST: Final = 0.02
RULE: Final = (
    f"The band reaches from the least to the greatest of the printed figure and of what others found, and {SPREADS:g} "
    f"printed spreads, at least {LEAST:.0%} of the figure, beyond."
)


@dataclass(frozen=True)
class Checked:
    """One printed figure and what was measured for it. `record` may be a failure."""

    row: PrintedRow
    reported: Reported
    figure: Figure
    record: ResultRecord

    @property
    def band(self) -> tuple[float, float]:
        """Return (low, high), ends included."""
        return band(self.figure)

    @property
    def verdict(self) -> str:
        """Return "inside the band", "outside the band" or "not measured"."""
        if self.record.value is None:
            return "not measured"
        low, high = self.band
        return "inside the band" if low <= self.record.value <= high else "outside the band"


@dataclass(frozen=True)
class Verification:
    """What came of one.

    Attributes:
        label: the model's row.
        dataset: that it was measured on.
        protocol: that it was measured by.
        asked: images that the protocol asks for; 0 for every caption once.
        checks: a figure each.
    """

    label: str
    dataset: str
    protocol: str
    asked: int
    checks: tuple[Checked, ...]


def band(figure: Figure) -> tuple[float, float]:
    """Return (low, high) in which a measured value confirms a printed figure: see RULE."""
    margin = max(SPREADS * (figure.spread or 0.0), LEAST * abs(figure.value))
    known = (figure.value, *figure.others)
    return min(known) - margin, max(known) + margin


def verify(
    model: str,
    place: Place,
    *,
    dataset: str | None = None,
    protocol: str | None = None,
    samples: int | None = None,
    metrics: Sequence[str] = (),
) -> Verification:
    """Return how official weights compare with what was printed of them.

    Every step is kept: files that were imported and images that were measured are not imported or drawn again.

    Args:
        model: of FILES.
        place: where; its `weights_dir` is searched for the generator's file, under the name it was released with.
        dataset: "cub" or "coco"; None as the file found tells.
        protocol: None for the first of the protocols official* that has a printed column.
        samples: images; None as the protocol says.
        metrics: columns; empty for all of the protocol that a figure was printed for.

    Raises:
        UserError: nothing is printed of the model, its file is nowhere, or what an import or evaluation refuses.
    """
    if model not in FILES:
        raise UserError(f"No file of {model!r} was ever released that is known here: {', '.join(FILES)} have some.")
    dataset, folder = _imported(model, dataset, place)
    printed = _printed(model, dataset)
    name = protocol or _protocol(model, dataset, printed, place)
    name, judged = protocol_for(dataset, place.benchmarks, name)
    asked = [column for column in judged.metrics if column in printed and (not metrics or column in metrics)]
    if not asked:
        raise UserError(
            f"Nothing is printed of {model} on {dataset} that the protocol {name} measures"
            f"{f' by {chr(44).join(metrics)}' if metrics else ''}: printed are {', '.join(printed) or 'none'}."
        )
    request = EvaluateRequest(
        models=(str(folder),),
        datasets=(dataset,),
        protocol=name,
        samples=samples,
        metrics=tuple(asked),
        controls=False,
    )
    records = [record for one in evaluate(request, place) for record in one.records]
    found = {record.metric.column: record for record in records}
    checks = tuple(Checked(*printed[column], found[column]) for column in asked if column in found)
    return Verification(model, dataset, name, judged.samples, checks)


def _imported(model: str, dataset: str | None, place: Place) -> tuple[str, Path]:
    """Return (data set, model folder) of the official file, imported now unless that was done before."""
    names = FILES[model]
    wanted = {key: name for key, name in names.items() if dataset in (None, key)}
    if not wanted:
        raise UserError(f"No weights of {model} were released for {dataset}: there are some for {', '.join(names)}.")
    files = _files(wanted, place.weights_dir)
    if not files:
        for key in wanted:
            for one in find_models(place.workspace, model, key, benchmarks=place.benchmarks):
                if one.description.card.origin.value == "official-weights":
                    return key, one.path
        where = f"{place.weights_dir} has no" if place.weights_dir else "--weights-dir names no folder with"
        raise UserError(
            f"{where} {' or '.join(wanted.values())}, the weights of {model}. docs/how-to/import-official-weights.md "
            "says where they are released and what lies beside them."
        )
    if len(files) > 1:
        raise UserError(f"{place.weights_dir} has {' and '.join(map(str, files.values()))}: say which with --data.")
    ((key, path),) = files.items()
    say(f"Importing {path.name} ...")
    imported = import_official(ImportRequest(model, (path,), dataset=key), place.benchmarks, place.workspace)
    for warning in imported.warnings:
        say(f"WARNING: {warning}")
    return key, imported.folders[-1][1]


def _files(wanted: dict[str, str], folder: Path | None) -> dict[str, Path]:
    """Return data set -> file of that name in a folder or below it, the least deep one."""
    found: dict[str, Path] = {}
    for dataset, name in wanted.items() if folder else ():
        assert folder is not None
        paths = sorted(folder.rglob(name), key=lambda path: (len(path.parts), path))
        if paths:
            found[dataset] = paths[0]
    return found


def _printed(model: str, dataset: str) -> dict[str, tuple[PrintedRow, Reported, Figure]]:
    """Return column -> what is printed of a model's released weights, else of its paper's."""
    found: dict[str, tuple[PrintedRow, Reported, Figure]] = {}
    order = ("released weights", "paper")
    rows = sorted(
        (row for row in printed_rows() if row.model == model and row.what in order), key=lambda row: row.what == "paper"
    )  # what is released first
    for row in rows:
        for reported in row.reported:
            for figure in reported.figures.values() if reported.dataset == dataset else ():
                if figure.column:
                    found.setdefault(figure.column, (row, reported, figure))
    return found


def _protocol(model: str, dataset: str, printed: dict[str, tuple[PrintedRow, Reported, Figure]], place: Place) -> str:
    for name, protocol in place.benchmarks.protocols.items():
        if name.startswith("official") and set(protocol.for_dataset(dataset).metrics) & set(printed):
            return name
    raise UserError(
        f"No protocol official* of benchmarks.toml measures what is printed of {model} on {dataset}"
        f" ({', '.join(printed) or 'nothing'}); name one with --protocol."
    )
