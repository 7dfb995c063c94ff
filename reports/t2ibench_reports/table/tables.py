"""Result records to the one table model that every output format is rendered from.

A group is one question (data set, split, protocol, plan); its columns are metric identities, its rows image sources.
Two identities never share a column, two plans never share a group, two origins never share a section.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from t2ibench.core.records import MetricRecord, PlanRecord, ResultRecord, SourceRecord
from t2ibench.core.types import Origin
from t2ibench_reports.table.controls import CONTROL_ORDER, Check, check_controls
from t2ibench_reports.table.format import clean, decimals_for
from t2ibench_reports.table.printed import with_printed
from t2ibench_reports.table.ranking import Standing, rank
from t2ibench_reports.table.seeds import is_range, over_seeds, seeds_of
from t2ibench_reports.table.trainings import over_trainings, trainings_said


class Section(StrEnum):
    """The parts of a table, in order. Only the first is ever ranked."""

    MEASURED = "measured"
    CONTROL = "control"
    REPORTED = "reported"


SECTION_TITLES: Mapping[Section, str] = {
    Section.MEASURED: "Measured here",
    Section.CONTROL: "Controls: what the numbers mean",
    Section.REPORTED: "Reported in papers, not measured here",
}

ORIGIN_TITLES: Mapping[Origin, str] = {
    Origin.RETRAINED: "retrained",
    Origin.OFFICIAL_WEIGHTS: "official weights",
    Origin.EXTERNAL_IMAGES: "external images",
    Origin.CONTROL: "control",
    Origin.REPORTED: "reported",
}


@dataclass(frozen=True)
class Column:
    """One metric identity.

    Attributes:
        digest: of the identity.
        metric: the identity.
        subtitle: the identity in short, made unique among the group's columns of one title.
        decimals: how many decimals its values are shown with.
        scale: (low, high) of the measured rows' intervals: what the whiskers are drawn on.
        no_verdict: why no value is marked in it; "" where values are.
    """

    digest: str
    metric: MetricRecord
    subtitle: str
    decimals: int
    scale: tuple[float, float]
    no_verdict: str

    @property
    def title(self) -> str:
        """Return the head, as in "R-precision (%)"."""
        unit = f" ({clean(self.metric.unit)})" if self.metric.unit else ""
        return clean(self.metric.title) + unit

    @property
    def arrow(self) -> str:
        """Return the direction of better."""
        return "↑" if self.metric.higher_is_better else "↓"

    @property
    def standing(self) -> str:
        """Return "standard", "stand-in" or "random": what the network behind the features is."""
        return str(self.metric.features.get("standing", "standard"))


@dataclass(frozen=True)
class Cell:
    """One record in its place. `standing` is None for what is not ranked."""

    record: ResultRecord
    standing: Standing | None
    other_n: bool

    @property
    def mark(self) -> str:
        """Return "best", "tied" or ""."""
        return self.standing.mark if self.standing else ""


@dataclass(frozen=True)
class Row:
    """One source of images. `cells` has a place a column, None where nothing was measured.

    `trainings` says whose luck its values know, as in "one training"; "" for what was not trained. `runs` are the
    single trainings of a row that is the mean of several.
    """

    key: str
    source: SourceRecord
    section: Section
    label: str
    details: tuple[str, ...]
    cells: tuple[Cell | None, ...]
    trainings: str = ""
    runs: tuple[Row, ...] = ()

    @property
    def told(self) -> tuple[str, ...]:
        """Return the details with whose luck of training the values know."""
        return (*self.details, self.trainings) if self.trainings else self.details

    @property
    def records(self) -> list[ResultRecord]:
        """Return the row's records in the order of the columns."""
        return [cell.record for cell in self.cells if cell is not None]

    @property
    def seconds(self) -> float | None:
        """Return the seconds all of the row's numbers took together."""
        costs = [record.cost.seconds for record in self.records if record.cost is not None]
        return sum(costs) if costs else None

    @property
    def images_per_second(self) -> float | None:
        """Return how many images a second were made; the slowest figure where records differ."""
        speeds = [record.cost.images_per_second for record in self.records if record.cost is not None]
        return min((speed for speed in speeds if speed is not None), default=None)

    @property
    def image(self) -> str:
        """Return the file of the row's sample images, "" for none."""
        return next((record.images for record in self.records if record.images), "")


@dataclass(frozen=True)
class Group:
    """One question and all answers to it. `seeds` has several where the answers are means over seeds."""

    key: str
    plan: PlanRecord
    n: int
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    sorted_by: str
    checks: tuple[Check, ...]
    seeds: tuple[int, ...] = ()

    def section(self, section: Section) -> tuple[Row, ...]:
        """Return the rows of a section in order."""
        return tuple(row for row in self.rows if row.section is section)

    @property
    def knows_training(self) -> bool:
        """Return whether any row says how large its model is and what its training took."""
        return any(row.source.parameters or row.source.training_images for row in self.rows)

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return the sections that have rows."""
        return tuple(section for section in Section if self.section(section))

    @property
    def cells(self) -> list[tuple[Row, Column, Cell]]:
        """Return all that was asked, row by row; of several trainings their means."""
        return self._cells(self.rows)

    @property
    def all_cells(self) -> list[tuple[Row, Column, Cell]]:
        """Return all that was asked, the single trainings of a row behind it."""
        return self._cells([one for row in self.rows for one in (row, *row.runs)])

    def _cells(self, rows: Iterable[Row]) -> list[tuple[Row, Column, Cell]]:
        return [
            (row, column, cell)
            for row in rows
            for column, cell in zip(self.columns, row.cells, strict=True)
            if cell is not None
        ]


@dataclass(frozen=True)
class Leaderboard:
    """All groups, by data set, protocol and falling n, and the sentences about what could not be read."""

    groups: tuple[Group, ...]
    faults: tuple[str, ...]


def build(records: Iterable[ResultRecord], faults: Sequence[str], *, printed: bool = False) -> Leaderboard:
    """Return the table model. Its order depends on the records alone.

    Args:
        records: the results.
        faults: sentences about what could not be read.
        printed: whether what papers print stands below the rows of tables whose columns measure alike.
    """
    records = list(records)
    plans: dict[tuple[str, ...], list[ResultRecord]] = {}
    for record in records:
        plan = record.plan
        key = (plan.dataset, plan.manifest, plan.split, plan.protocol, plan.protocol_digest, plan.digest)
        plans.setdefault(key, []).append(record)
    whole = with_printed if printed else list
    groups = [_group(whole(members)) for members in plans.values()]
    groups += [replace(_group(whole(means)), seeds=seeds) for seeds, means in over_seeds(records)]
    groups.sort(
        key=lambda group: (
            group.plan.dataset,
            group.sections == (Section.REPORTED,),
            group.plan.protocol.partition(", mean over seeds ")[0],
            -group.n,
            len(group.seeds) < 2,
            group.key,
        )
    )
    return Leaderboard(tuple(groups), tuple(clean(fault) for fault in faults))


def section_of(origin: Origin) -> Section:
    """Return the section rows of an origin belong to."""
    return {Origin.CONTROL: Section.CONTROL, Origin.REPORTED: Section.REPORTED}.get(origin, Section.MEASURED)


def _group(records: list[ResultRecord]) -> Group:
    """Return the table of the records of one plan."""
    by_column: dict[str, dict[str, ResultRecord]] = {record.metric.digest: {} for record in records}
    records, singles = over_trainings(records)
    sources: dict[str, SourceRecord] = {}
    for record in records:
        key = _row_key(record.source)
        sources[key] = record.source
        by_column[record.metric.digest][key] = record
    n = max(Counter(record.n for record in records if record.n).items(), key=lambda item: item[::-1], default=(0, 0))[0]
    standings, columns = {}, []
    metrics = {digest: next(iter(found.values())).metric for digest, found in by_column.items()}
    for digest, found in by_column.items():
        measured = {
            key: record for key, record in found.items() if section_of(record.source.origin) is Section.MEASURED
        }
        standings[digest], no_verdict = rank(measured)
        columns.append(
            Column(
                digest=digest,
                metric=metrics[digest],
                subtitle=_unique_subtitle(digest, metrics),
                decimals=decimals_for(measured.values() or found.values()),
                scale=_scale(measured.values() or found.values()),
                no_verdict=no_verdict,
            )
        )
    lead = next((column for column in columns if standings[column.digest] and column.metric.reference), None)
    lead = lead or next((column for column in columns if standings[column.digest]), None)
    resolutions = {record.plan.resolution for record in records}
    rows = []
    for key, source in sources.items():
        cells = tuple(_cell(by_column[column.digest].get(key), standings[column.digest], key, n) for column in columns)
        mine = next(cell.record for cell in cells if cell is not None)
        details = _details(source, mine.plan, show_resolution=len(resolutions) > 1)
        label = clean(source.title or source.name)
        own = singles.get(source.identity, [])
        runs = _runs(own, columns, label, details, n)
        said = trainings_said(source, own)
        rows.append(Row(key, source, section_of(source.origin), label, details, cells, said, runs))
    rows.sort(key=lambda row: _row_order(row, columns, lead))
    plan = records[0].plan
    return Group(
        key="-".join((plan.dataset, plan.protocol, plan.split, plan.manifest, plan.protocol_digest, plan.digest)),
        plan=plan,
        n=n,
        columns=tuple(columns),
        rows=tuple(_with_distinct_labels(rows)),
        sorted_by=lead.title if lead else "",
        checks=() if any(is_range(record.interval) for record in records) else check_controls(records),
        seeds=seeds_of(records),
    )


def _runs(
    records: Sequence[ResultRecord], columns: Sequence[Column], label: str, details: tuple[str, ...], n: int
) -> tuple[Row, ...]:
    """Return a row a training, in the order of their seeds; nothing is ranked by one of several."""
    found: dict[int, list[ResultRecord]] = {}
    for record in records:
        found.setdefault(record.source.seed or 0, []).append(record)
    rows = []
    for seed, own in sorted(found.items()):
        source = own[0].source
        by_column = {record.metric.digest: record for record in own}
        cells = tuple(_cell(by_column.get(column.digest), {}, "", n) for column in columns)
        said = f"one of {len(found)} trainings, seed {seed}"
        rows.append(Row(_row_key(source), source, Section.MEASURED, label, details, cells, said))
    return tuple(rows)


def _row_key(source: SourceRecord) -> str:
    return "\0".join((source.origin.value, source.name, source.variant, source.identity))


def _cell(record: ResultRecord | None, standings: Mapping[str, Standing], key: str, n: int) -> Cell | None:
    if record is None:
        return None
    return Cell(record, standings.get(key), other_n=record.status == "ok" and record.n not in (0, n))


def _unique_subtitle(digest: str, metrics: Mapping[str, MetricRecord]) -> str:
    """Return a column's subtitle, with its digest where another column would otherwise look the same."""
    mine = metrics[digest]
    twins = [other for other in metrics.values() if (other.title, other.subtitle) == (mine.title, mine.subtitle)]
    subtitle = clean(mine.subtitle or f"{mine.column} v{mine.version}")
    return f"{subtitle}, identity {digest[:8]}" if len(twins) > 1 else subtitle


def _details(source: SourceRecord, plan: PlanRecord, *, show_resolution: bool) -> tuple[str, ...]:
    """Return what stands below a row's name: variant, origin, where it learned, resolution."""
    parts = [source.variant] if source.variant else []
    if section_of(source.origin) is not Section.CONTROL:
        parts.append(ORIGIN_TITLES[source.origin])
    if source.trained_on and source.trained_on != plan.dataset:
        parts.append(f"trained on {source.trained_on}")
    if show_resolution and plan.resolution:
        parts.append(f"{plan.resolution} px")
    return tuple(clean(part) for part in parts)


def _with_distinct_labels(rows: list[Row]) -> list[Row]:
    """Return the rows; those that would look alike (one model at two ages, say) get their steps or identity."""
    looks = Counter((row.section, row.label, row.details, row.source.steps) for row in rows)
    return [
        replace(row, details=(*row.details, f"weights {row.source.identity[:8]}"))
        if looks[(row.section, row.label, row.details, row.source.steps)] > 1
        else row
        for row in rows
    ]


def _row_order(row: Row, columns: Sequence[Column], lead: Column | None) -> tuple[int, int, float, str, str]:
    """Return the sort key: section, then measured rows best first by the leading column, controls in their order."""
    place, goodness = 1, 0.0
    if row.section is Section.CONTROL:
        place = CONTROL_ORDER.get(row.source.name.partition(":")[0], len(CONTROL_ORDER))
    elif row.section is Section.MEASURED and lead is not None:
        cell = row.cells[columns.index(lead)]
        if cell is not None and cell.record.value is not None:
            place, goodness = 0, -cell.record.value if lead.metric.higher_is_better else cell.record.value
    return (list(Section).index(row.section), place, goodness, row.label, row.key)


def _scale(records: Iterable[ResultRecord]) -> tuple[float, float]:
    """Return the range of a column's values and intervals, (0, 0) where there are none."""
    ends = []
    for record in records:
        if record.value is not None:
            ends.append(record.value)
        if record.interval is not None:
            ends += [record.interval.low, record.interval.high]
    return (min(ends), max(ends)) if ends else (0.0, 0.0)
