"""Claims: what papers say, whether it holds over training seeds, and what it would take to know more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from pydantic import ConfigDict, Field

from t2ibench.core.records import CLAIMS
from t2ibench_reports.kept import Kept, read_kept, require_kept
from t2ibench_reports.rendering.document import Document, Head, Part, Place, Section
from t2ibench_reports.rendering.rendered import TableReport, rendered
from t2ibench_reports.table.format import clean, count, number
from t2ibench_reports.table.whiskers import whisker_of
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pandas import DataFrame

    from t2ibench.core.interfaces import ReportInput

_LEAD: str = TEXTS["claims"]["lead"]
_MEANINGS: tuple[str, ...] = tuple(TEXTS["claims"]["meanings"])
_COLUMNS: Final = (
    "dataset", "budget", "claim", "statement", "source", "test", "column", "verdict", "effect", "interval_low",
    "interval_high", "chance_corrected", "seeds", "more_seeds", "margin", "page_p", "rows", "lacking",
)  # fmt: skip


class _Model(Kept):
    model_config = ConfigDict(extra="forbid")


class _Effect(_Model):
    value: float
    deviation: float | None
    seeds: int


class _Printed(_Model):
    metric: str
    values: tuple[float, ...]
    status: Literal["V", "M"]
    source: str


class _Value(_Model):
    seed: int | None
    value: float
    record: str


class _Claim(_Model):
    claim: str
    statement: str
    source: str
    test: str
    column: str
    title: str
    unit: str
    higher_is_better: bool
    verdict: Literal["holds", "reversed", "no difference", "undecided", "not run"]
    effect: _Effect | None
    interval: tuple[float, float] | None
    chance: float | None
    margin: float | None
    more_seeds: int | None
    further: Mapping[str, float]
    lacking: tuple[str, ...]
    notes: tuple[str, ...]
    printed: tuple[_Printed, ...]
    values: Mapping[str, tuple[_Value, ...]]


class _Table(_Model):
    """What `t2ibench bench claims` keeps of a data set and budget."""

    schema_: Literal[1] = Field(alias="schema")
    created: str
    dataset: str
    protocol: str
    budget: str
    seeds: tuple[int, ...]
    steps: Mapping[str, int]
    command: str
    rows: tuple[_Claim, ...]


class Claims(TableReport):
    """Do the papers' claims hold?"""

    name: ClassVar[str] = "claims"

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return claims.<format> -> content for each format asked for.

        `given.subjects` are names of claims; none means all.

        Raises:
            UserError: no claims were tested, or a format is unknown.
        """
        tables, faults = _read(given.images.parent, given.subjects)
        advice = (
            "`t2ibench bench claims --budget brief --seeds 0,1,2` trains the rows and decides; --dry-run says first "
            "how long it takes."
        )
        require_kept(tables, faults, "No claims were tested yet", advice)
        sections = tuple(section for table in tables for section in (_verdicts(table), _measured(table)))
        document = Document(self.name, "Do the claims hold?", _LEAD, sections, (*given.faults, *faults))
        further = {"tables": [table.model_dump(mode="json", by_alias=True) for table in tables]}
        return rendered(document, given.formats, self.formats, lambda: _frame(tables), lambda: further)


def _read(results: Path, wanted: Sequence[str]) -> tuple[list[_Table], list[str]]:
    """Return (tables by data set and budget, sentences about files that could not be read)."""
    found, faults = read_kept(results, f"{CLAIMS}/*.json", _Table, "table of claims")
    tables = [
        table.model_copy(update={"rows": tuple(row for row in table.rows if not wanted or row.claim in wanted)})
        for _, table in found
    ]
    return [table for table in tables if table.rows], faults


def _verdicts(table: _Table) -> Section:
    """Return the section of the verdicts, a claim and measure a row."""
    heads = (
        Head("Claim", kind="name"),
        Head("Measure", kind="text", sort="text"),
        Head("Verdict", kind="text", sort="text"),
        Head("Effect", "positive on the claimed side", sort="higher"),
        Head("Seeds", kind="cost"),
        Head("More seeds", kind="cost"),
        Head("Printed", kind="text"),
    )
    reach: dict[str, float] = {}
    for row in table.rows:
        ends = row.interval or (_value(row),)
        reach[row.column] = max([reach.get(row.column, 0.0), *map(abs, ends)])
    parts = []
    for name in dict.fromkeys(row.claim for row in table.rows):
        rows = [row for row in table.rows if row.claim == name]
        title = f"{clean(rows[0].statement)} ({clean(rows[0].source)})"
        parts.append(Part(title, "measured", tuple(_places(row, reach[row.column]) for row in rows)))
    facts = (
        (
            "Budget",
            f"{table.budget}: {', '.join(f'{label} {count(steps)} steps' for label, steps in table.steps.items())}",
        ),
        ("Training seeds", ", ".join(map(str, table.seeds))),
        ("Command", table.command),
    )
    notes = (*_MEANINGS, *dict.fromkeys(clean(note) for row in table.rows for note in row.notes))
    small = clean(f"{table.dataset}, budget {table.budget}")
    return Section("Claims", small, facts=facts, heads=heads, parts=tuple(parts), notes=notes, dataset=table.dataset)


def _places(row: _Claim, reach: float) -> tuple[Place, ...]:
    """Return a row of the table of verdicts."""
    effect = Place("-", kind="none")
    if row.effect is not None:
        ends = row.interval
        below = f"[{number(ends[0], 2)}, {number(ends[1], 2)}]" if ends else "one training"
        drawing = whisker_of(row.effect.value, *ends, (-reach, reach)) if ends else None
        effect = Place(number(row.effect.value, 2), below, drawing=drawing, value=row.effect.value)
    corrected = "" if row.chance is None else f"p {row.chance:.2g} after correction"
    lacking = f"not there: {clean(', '.join(row.lacking))}" if row.lacking else ""
    return (
        Place(clean(row.claim), clean(", ".join(row.values)), "name"),
        Place(clean(row.title), row.unit, "text"),
        Place(row.verdict, lacking or corrected, "text"),
        effect,
        Place("-" if row.effect is None else count(row.effect.seeds), kind="cost"),
        Place("" if row.more_seeds is None else count(row.more_seeds), kind="cost"),
        Place(clean("; ".join(_printed(one) for one in row.printed)), kind="text"),
    )


def _printed(one: _Printed) -> str:
    return f"{one.metric} {', '.join(f'{value:g}' for value in one.values)} ({one.status})"


def _value(row: _Claim) -> float:
    return 0.0 if row.effect is None else row.effect.value


def _measured(table: _Table) -> Section:
    """Return the section of what the verdicts rest on: a value a row and training seed."""
    heads = (Head("Row", kind="name"), *(Head(f"Seed {seed}") for seed in table.seeds))
    parts = []
    for column in dict.fromkeys(row.column for row in table.rows):
        claims = [row for row in table.rows if row.column == column]
        found = {label: values for row in claims for label, values in row.values.items()}
        rows = []
        for label, values in found.items():
            by_seed = {one.seed: one for one in values}
            places = [by_seed.get(seed) or by_seed.get(None) for seed in table.seeds]
            cells = (Place("-", kind="none") if one is None else _cell(one) for one in places)
            rows.append((Place(clean(label), kind="name"), *cells))
        arrow = "↑" if claims[0].higher_is_better else "↓"
        parts.append(Part(f"{clean(claims[0].title)} {arrow}", "measured", tuple(rows)))
    small = clean(f"{table.dataset}, budget {table.budget}")
    return Section("Measured, by training seed", small, heads=heads, parts=tuple(parts), dataset=table.dataset)


def _cell(one: _Value) -> Place:
    return Place(number(one.value, 2), record=one.record, value=one.value)


def _frame(tables: Sequence[_Table]) -> DataFrame:
    """Return the verdicts as a frame, a claim and measure a row."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for table in tables:
        for row in table.rows:
            low, high = row.interval or (None, None)
            rows.append(
                {
                    **row.model_dump(include=set(_COLUMNS)),
                    **{"dataset": table.dataset, "budget": table.budget, "interval_low": low, "interval_high": high},
                    **{"effect": row.effect.value if row.effect else None, "chance_corrected": row.chance},
                    **{"seeds": row.effect.seeds if row.effect else 0, "page_p": row.further.get("page_p")},
                    **{"rows": " ".join(row.values), "lacking": " ".join(row.lacking)},
                }
            )
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype({"more_seeds": "Int64"})
