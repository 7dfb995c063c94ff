"""A public board: submissions are checked before a page shows them, and hostile ones are refused in a sentence."""

from __future__ import annotations

import base64
import binascii
import io
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PIL import Image, UnidentifiedImageError
from pydantic import ValidationError

from t2ibench.core.errors import UserError, require_known
from t2ibench.core.files import canonical_json
from t2ibench.core.place import Place
from t2ibench.core.reading.text import parse_json
from t2ibench.core.records import ResultRecord, Results
from t2ibench.core.types import Origin
from t2ibench.data.open import open_dataset
from t2ibench.evaluation.external.command import write_image_manifest
from t2ibench.evaluation.images.plan import make_plan
from t2ibench.evaluation.request.request import protocol_for
from t2ibench.studies.exchange.foreign import checked_record, read_small_text
from t2ibench.studies.exchange.submission import Submission, measure_sample, sample_size

TOLERANCE: Final = 1e-3
"""Part of a value (of 1 at least) by which two machines may differ."""
_MOST_PIXELS: Final = 4 * 2**20


@dataclass(frozen=True)
class Checked:
    """A submission that passed.

    Attributes:
        name: of its file.
        by: who submits.
        records: of its row and controls.
        measured_again: columns whose sample was measured here with the same outcome.
        notes: sentences about what could not be checked.
    """

    name: str
    by: str
    records: tuple[ResultRecord, ...]
    measured_again: tuple[str, ...]
    notes: tuple[str, ...]


def check_submission(path: Path, place: Place) -> Checked:
    """Return a submission's records after schema, identity, plausibility and its sample were checked.

    What is measured again are its sample images: their decoded pixels must have the digest that the submission states,
    and every column that this machine can measure must give the stated value. That the whole table was measured on
    images of the same model cannot be proved by a sample.

    Args:
        path: the file.
        place: with the data set and the networks that judge.

    Raises:
        UserError: it is refused; the text says why, and names nothing but the file.
    """
    name = path.name
    given = _read(path)
    require_known("data set", place.benchmarks.datasets, given.dataset)
    records = tuple(checked_record(value, f"{name}, record {place_}:") for place_, value in enumerate(given.records, 1))
    sample = [checked_record(value, f"{name}, sample {place_}:") for place_, value in enumerate(given.sample, 1)]
    _require_one_table(name, given, records)
    _require_plausible(name, records)
    _require_known_controls(name, records, Results(place.workspace.results))
    again, notes = _measured_again(name, given, sample, place)
    claimed = {record.metric.column for record in records if record.source.origin is not Origin.CONTROL}
    if lacking := sorted(claimed - set(again)):
        notes.append(f"not measured again: {', '.join(lacking)}")
    return Checked(name, given.by, records, tuple(again), tuple(notes))


def check_folder(folder: Path, place: Place) -> tuple[list[Checked], dict[str, str]]:
    """Return (submissions that passed, file -> why it was refused) of a folder's *.json, in the order of their names.

    Of two that state different numbers for the same row and plan, the later is refused.

    Raises:
        UserError: there is no submission in the folder.
    """
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise UserError(f"{folder} holds no submission (*.json): `t2ibench export submission` writes one.")
    passed: list[Checked] = []
    refused: dict[str, str] = {}
    stated: dict[str, tuple[float | None, str]] = {}
    for path in paths:
        try:
            found = check_submission(path, place)
            for record in found.records:
                value, name = stated.get(record.id, (record.value, path.name))
                if not _alike(value, record.value):
                    raise UserError(
                        f"{path.name} states {record.value} for {record.source.name}, {record.metric.column}, of which "
                        f"{name} states {value}."
                    )
        except UserError as error:
            refused[path.name] = str(error).replace(f"{folder}/", "")
            continue
        stated |= {record.id: (record.value, path.name) for record in found.records}
        passed.append(found)
    return passed, refused


def board_records(passed: Sequence[Checked]) -> list[ResultRecord]:
    """Return the records of all submissions, each row titled with who submitted it, equal controls once."""
    found: dict[str, ResultRecord] = {}
    for one in passed:
        for record in one.records:
            source = record.source
            if source.origin is not Origin.CONTROL:
                source = source.model_copy(update={"title": f"{source.title or source.name} (by {one.by})"})
            found.setdefault(record.id, record.model_copy(update={"source": source}))
    return list(found.values())


def _read(path: Path) -> Submission:
    text = read_small_text(path, "a submission")
    try:
        value = parse_json(text)
        canonical_json(value)  # refuses NaN, which Python's JSON takes
        given = Submission.model_validate(value)
        digest = given.digest_of_content()
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise UserError(f"{path.name} is no submission: {where}: {first['msg']}.") from error
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path.name} is no submission: no JSON, or it holds NaN or infinity.") from error
    if digest != given.digest:
        raise UserError(f"{path.name} has a digest that is not that of its content: it was changed after it was made.")
    return given


def _require_one_table(name: str, given: Submission, records: Sequence[ResultRecord]) -> None:
    rows = {record.source.identity for record in records if record.source.origin is not Origin.CONTROL}
    if len(rows) != 1:
        raise UserError(f"{name} holds {len(rows)} rows: a submission is about one.")
    asked = {(one.plan.dataset, one.plan.protocol, one.plan.seed, one.plan.digest) for one in records}
    if len(asked) != 1 or next(iter(asked))[:3] != (given.dataset, given.protocol, given.seed):
        raise UserError(f"{name} holds records of other data, protocols or plans than the one that it names.")
    if len({record.id for record in records}) < len(records):
        raise UserError(f"{name} holds two records of one question.")


def _require_plausible(name: str, records: Sequence[ResultRecord]) -> None:
    """Refuse what no images can have: a share beyond 100 %, a distance to real images smaller than real images have."""
    real = {one.metric.digest: one for one in records if one.source.name == "ground-truth" and one.value is not None}
    if not real:
        raise UserError(f"{name} brings no measured control row of real images, so nothing vouches for its numbers.")
    for record in records:
        value, metric = record.value, record.metric
        if value is None:
            continue
        if record.n < 1 or (metric.unit == "%" and not 0 <= value <= 100):
            raise UserError(
                f"{name} states {value:g} {metric.unit} of {record.n} images as {metric.column}: impossible."
            )
        truth = real.get(metric.digest)
        if truth is None or truth.value is None or record.source.origin is Origin.CONTROL:
            continue
        best = truth.interval.low if truth.interval else truth.value
        if metric.reference and not metric.higher_is_better and value < min(best, truth.value):
            raise UserError(
                f"{name} states {value:g} for {metric.column}, nearer to real images than real images are "
                f"({truth.value:g}): implausible."
            )


def _require_known_controls(name: str, records: Sequence[ResultRecord], results: Results) -> None:
    """Refuse controls that this workspace measured with another outcome: they are the same images everywhere."""
    own, _ = results.latest()
    for record in records:
        mine = own.get(record.id) if record.source.origin is Origin.CONTROL else None
        if mine is not None and mine.value is not None and not _alike(record.value, mine.value):
            raise UserError(
                f"{name} states {record.value} for the control {record.source.name}, {record.metric.column}, which is "
                f"{mine.value} here."
            )


def _measured_again(
    name: str, given: Submission, sample: Sequence[ResultRecord], place: Place
) -> tuple[list[str], list[str]]:
    """Return (columns with the same outcome here, sentences about the others).

    Raises:
        UserError: the images are no PNG files, are not those whose digest is stated, or give other numbers.
    """
    _, protocol = protocol_for(given.dataset, place.benchmarks, given.protocol, given.seed)
    wanted = sample_size(protocol)
    if len(given.images) != wanted:
        raise UserError(f"{name} brings {len(given.images)} sample images, and {given.protocol} wants {wanted}.")
    manifest = open_dataset(given.dataset, place.benchmarks, place.workspace, root=place.data_root)
    plan = make_plan(manifest, protocol, wanted)
    stated = {record.metric.column: record for record in sample if record.value is not None}
    with tempfile.TemporaryDirectory(prefix="t2ibench-") as scratch:
        folder = Path(scratch) / "sample"
        folder.mkdir()
        files = []
        for number, image in enumerate(given.images):
            files.append(f"{number:06}.png")
            (folder / files[-1]).write_bytes(_png(name, number, image.png))
        write_image_manifest(folder, plan, files)
        quiet = replace(place, download=False)
        found = measure_sample(folder, given.dataset, given.protocol, given.seed, wanted, tuple(stated), quiet)
    again, notes = [], []
    for record in found:
        claim = stated[record.metric.column]
        if record.value is None:
            notes.append(f"{record.metric.column}: {record.error}")
        elif (record.images_digest, record.plan.digest) != (claim.images_digest, claim.plan.digest):
            raise UserError(f"{name} states another digest of its sample images than they have.")
        elif record.metric.digest != claim.metric.digest:
            notes.append(f"{record.metric.column}: measured by another network or reference there")
        elif not _alike(record.value, claim.value):
            raise UserError(
                f"{name} states {claim.value} for {record.metric.column} of its sample images, whose is {record.value}."
            )
        else:
            again.append(record.metric.column)
    return again, notes


def _png(name: str, number: int, text: str) -> bytes:
    try:
        content = base64.b64decode(text, validate=True)
        with Image.open(io.BytesIO(content), formats=("PNG",)) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise UserError(f"{name}, image {number}: {image.width} x {image.height} pixels are more than allowed.")
            image.load()
    except (binascii.Error, UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{name}, image {number}: this is no PNG file.") from error
    return content


def _alike(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=TOLERANCE, abs_tol=TOLERANCE)
