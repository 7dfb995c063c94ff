"""What a model's parts do: its variants side by side, laid out as in the papers, their reported figures apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import isclose
from typing import TYPE_CHECKING, Any, ClassVar

from t2ibench.core.errors import UserError
from t2ibench.core.spec.reported import Reported
from t2ibench.core.types import Origin
from t2ibench_reports.details.rows import board_of, name_of
from t2ibench_reports.rendering.data import values_frame
from t2ibench_reports.rendering.document import (
    Document,
    Head,
    Part,
    Place,
    Section,
    cost_place,
    head_of,
    runs_of,
    section_on,
    value_place,
)
from t2ibench_reports.rendering.drawings import Chart, Measured, chart
from t2ibench_reports.rendering.rendered import FIGURES, TableReport, rendered
from t2ibench_reports.table.equal_steps import RULE, by_steps, ranked_by_steps
from t2ibench_reports.table.format import clean, count, sentence_list
from t2ibench_reports.table.notes import group_notes
from t2ibench_reports.table.reported import METRICS, PaperFacts, VariantFacts, figure_name, papers
from t2ibench_reports.table.tables import ORIGIN_TITLES, SECTION_TITLES, Column, Group, Row, build
from t2ibench_reports.table.tables import Section as Part_of
from t2ibench_reports.texts import TEXTS

if TYPE_CHECKING:
    from pandas import DataFrame

    from t2ibench.core.interfaces import ReportInput

_LEAD: str = TEXTS["components"]["lead"]
_TITLES: dict[str, str] = TEXTS["components"]["titles"]
_LOWER_IS_BETTER = ("fid", "likelihood_bound", "bound_median_rank")
_NO_ROW = "-"
_NO_FIGURE: str = TEXTS["components"]["no_figure"]


@dataclass(frozen=True)
class _Analysis:
    """The variants of one model under one plan. `facts` is None for a model whose paper has no such table here."""

    model: str
    group: Group
    facts: PaperFacts | None

    @property
    def measured(self) -> list[Row]:
        """Return the variants' rows, in the paper's order, then by steps."""
        return sorted(self.group.section(Part_of.MEASURED), key=self._order)

    def of(self, row: Row) -> VariantFacts | None:
        """Return what the paper says of a row's variant."""
        return self.facts.of(self._variant(row)) if self.facts else None

    def reported(self, row: Row) -> Reported | None:
        """Return what the paper reports of a row's variant on this data set, else on CUB; None for changed settings."""
        found = None if row.source.changed else self.of(row)
        return found.on(self.group.plan.dataset) if found else None

    def factor(self, row: Row) -> float | None:
        """Return what a row's own lambda is of the paper's; None where it is the same, or there is none."""
        facts, trained = self.of(row), row.source.settings.get("damsm_weight")
        weight = facts.weight(self.group.plan.dataset) if facts else None
        if not weight or self.facts is None:
            return None
        if not isinstance(trained, int | float):  # a record from before settings were kept
            return self.facts.lambda_factor.get(self.group.plan.dataset)
        return None if isclose(trained, weight) else float(f"{trained / weight:.12g}")

    @property
    def weighted(self) -> bool:
        """Return whether the model has a lambda."""
        return self.facts is not None and any(one.lambda_ is not None for one in self.facts.variants)

    def _order(self, row: Row) -> tuple[int, str, int, str]:
        place = self.facts.place(self._variant(row)) if self.facts else 0
        return (place, name_of(row), row.source.steps or 0, row.key)

    def _variant(self, row: Row) -> str:
        return name_of(row) if self.facts is not None and self.facts.across else row.source.variant


class Components(TableReport):
    """What a model's parts do."""

    name: ClassVar[str] = "components"
    formats: ClassVar[tuple[str, ...]] = (*TableReport.formats, *FIGURES)

    def render(self, given: ReportInput) -> Mapping[str, bytes]:
        """Return components.<format> -> content for each format asked for.

        Raises:
            UserError: there are no records of two variants of a model, or a format is unknown.
        """
        board = board_of(given, self.name)
        found = _analyses(given.records)
        if not found:
            raise UserError(
                "The results hold no two variants of one model under one plan. `t2ibench bench attngan-components "
                "--data simbirds --budget small` trains and measures some within the hour on two cores."
            )
        document = Document(
            self.name, "Component analysis", _LEAD, tuple(map(_section, found)), board.faults, _NO_FIGURE
        )
        return rendered(document, given.formats, self.formats, lambda: _frame(found))


def _analyses(records: Sequence[Any]) -> list[_Analysis]:
    """Return an analysis for each model and plan with two variants or more, then those of a paper's several models.

    Controls are in each.
    """
    controls = [record for record in records if record.source.origin is Origin.CONTROL]
    by_model: dict[str, list[Any]] = {}
    for record in records:
        if record.source.origin in (Origin.RETRAINED, Origin.OFFICIAL_WEIGHTS):
            by_model.setdefault(record.source.name.partition(":")[0], []).append(record)
    sets = [(model, by_model[model]) for model in sorted(by_model)]
    for name, facts in papers().items():
        labels = {one.variant for one in facts.variants} if facts.across else set()
        of_paper = [record for own in by_model.values() for record in own if record.source.name in labels]
        if len({record.source.name.partition(":")[0] for record in of_paper}) > 1:
            sets.append((name, of_paper))
    found = []
    for model, own in sets:
        found += [
            _Analysis(model, ranked_by_steps(_papers_order(group)), papers().get(model))
            for group in build([*own, *controls], ()).groups
            if len({name_of(row) for row in group.section(Part_of.MEASURED)}) > 1
        ]
    return found


def _papers_order(group: Group) -> Group:
    """Return the group with its columns in the papers' order (METRICS), then the others as they were."""

    def key(place: int) -> tuple[int, int]:
        metric = figure_name(group.columns[place].metric)
        return (METRICS.index(metric) if metric in METRICS else len(METRICS), place)

    order = sorted(range(len(group.columns)), key=key)
    return replace(
        group,
        columns=tuple(group.columns[place] for place in order),
        rows=tuple(_reordered(row, order) for row in group.rows),
    )


def _reordered(row: Row, order: Sequence[int]) -> Row:
    runs = tuple(_reordered(run, order) for run in row.runs)
    return replace(row, cells=tuple(row.cells[place] for place in order), runs=runs)


def _section(analysis: _Analysis) -> Section:
    group, facts = analysis.group, analysis.facts
    shown = _shown_metrics(analysis)
    heads = [Head("Architecture", kind="name", sort="text")]
    heads += [Head("λ", "weight of the DAMSM loss", "text", sort="higher")] if analysis.weighted else []
    heads += [*map(head_of, group.columns), Head("Steps", kind="cost", sort="lower")]
    where = next((one.dataset for row in analysis.measured if (one := analysis.reported(row))), "")
    heads += [
        Head(
            f"{_TITLES[metric]} reported on {where}",
            kind="reported",
            sort="lower" if metric in _LOWER_IS_BETTER else "higher",
        )
        for metric in shown
    ]
    title = facts.title if facts else analysis.model
    longest, earlier = _by_age(analysis.measured)
    parts = [Part(SECTION_TITLES[Part_of.MEASURED], "measured", _rows(analysis, longest, shown))]
    if earlier:
        parts.append(Part("Earlier in training", "earlier", _rows(analysis, earlier, shown, papers_beside=False)))
    if controls := group.section(Part_of.CONTROL):
        parts.append(Part(SECTION_TITLES[Part_of.CONTROL], "control", _rows(analysis, controls, shown)))
    section = section_on(
        group,
        checks=group.checks,
        heads=tuple(heads),
        parts=tuple(parts),
        runs=runs_of(longest, lambda row: _rows(analysis, (row,), shown, papers_beside=False)[0]),
        drawings=tuple(_charts(analysis)),
        notes=tuple(_notes(analysis)),
        records=tuple(group.all_cells),
    )
    return replace(section, title=clean(title), small=section.whole_title)


def _by_age(rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
    """Return the rows of each variant's longest training, and those of shorter ones, which figures draw."""
    most: dict[str, int] = {}
    for row in rows:
        most[name_of(row)] = max(most.get(name_of(row), 0), row.source.steps or 0)
    longest = [row for row in rows if (row.source.steps or 0) == most[name_of(row)]]
    return longest, [row for row in rows if row not in longest]


def _shown_metrics(analysis: _Analysis) -> list[str]:
    """Return the metrics that the paper reports of any row."""
    found = [reported for row in analysis.measured if (reported := analysis.reported(row))]
    return [metric for metric in METRICS if any(one.figures.get(metric) for one in found)]


def _rows(
    analysis: _Analysis, rows: Iterable[Row], shown: Sequence[str], *, papers_beside: bool = True
) -> tuple[tuple[Place, ...], ...]:
    made = []
    for row in rows:
        facts = analysis.of(row) if row.section is Part_of.MEASURED else None
        label = facts.architecture if facts and not row.source.changed else row.label
        details = [name_of(row), *(one for one in row.told if one != row.source.variant)] if facts else list(row.told)
        if not papers_beside:
            details.insert(1, f"{count(row.source.steps or 0)} steps")  # what tells the rows of a variant apart
        places = [Place(label, " · ".join(details), "name", origin=ORIGIN_TITLES[row.source.origin])]
        if analysis.weighted:
            weight = facts.weight(analysis.group.plan.dataset) if facts else None
            places.append(Place(_weight(analysis, row, weight), kind="text", value=weight))
        places += [value_place(cell, column) for column, cell in zip(analysis.group.columns, row.cells, strict=True)]
        steps = row.source.steps
        places.append(cost_place(steps))
        reported = analysis.reported(row) if row.section is Part_of.MEASURED and papers_beside else None
        places += [_reported_place(reported, metric, analysis) for metric in shown]
        made.append(tuple(places))
    return tuple(made)


def _weight(analysis: _Analysis, row: Row, weight: float | None) -> str:
    """Return lambda in the paper's terms, with what the data set's recipe makes of it, or what was set by hand."""
    if "damsm_weight" in row.source.changed:
        return f"{row.source.settings['damsm_weight']:g}, set by hand"
    if weight is None or analysis.facts is None:
        return _NO_ROW
    factor = analysis.factor(row)
    if weight == 0:
        return "no DAMSM"
    return f"{weight:g}" if factor is None else f"{weight:g} \N{MULTIPLICATION SIGN} {factor:g}"


def _reported_place(reported: Reported | None, metric: str, analysis: _Analysis) -> Place:
    figure = reported.figures.get(metric) if reported else None
    if reported is None or figure is None or analysis.facts is None:
        return Place(_NO_ROW, kind="reported")
    hint = f"{analysis.facts.paper}; {reported.source}"
    return Place(figure.text, reported.status, "reported", hint=hint, value=figure.value)


def _notes(analysis: _Analysis) -> Iterable[str]:
    facts, dataset = analysis.facts, analysis.group.plan.dataset
    factors = {factor for row in analysis.measured if not row.source.changed and (factor := analysis.factor(row))}
    for factor in sorted(factors):
        yield (
            f"λ is the paper's; on {dataset} the recipe multiplies it by {factor:g}, so that λ 5 is {5 * factor:g}, "
            "the weight that its other models have."
        )
    found = [one for row in analysis.measured if (one := analysis.reported(row))]
    if facts and found:
        figures = [figure for one in found for metric in METRICS if (figure := one.figures.get(metric))]
        spread = any(figure.spread is not None for figure in figures)
        folds = " Their ± is a spread over folds, not a confidence interval." if spread else ""
        yield f"Reported figures: {facts.paper}.{folds}"
        for status, tail in (
            ("verified", "read in the source named"),
            ("from memory", "not looked up in the source; do so before relying on them"),
        ):
            sources = sorted({one.source for one in found if one.status == status})
            if sources:
                yield f'Marked "{status}" ({tail}): {sentence_list(sources)}.'
    if len(by_steps(analysis.group)) > 1:
        yield RULE
    if len({name_of(row) for row in analysis.measured}) < len(analysis.measured):
        yield (
            "A variant that stands in several rows was measured after several numbers of steps, or trained several "
            "times: with other seeds or encoders."
        )
    yield from group_notes(replace(analysis.group, sorted_by=""))  # they stand in the order of the papers


def _charts(analysis: _Analysis) -> Iterable[Chart]:
    """Yield IS and R-precision against steps, for variants measured after several numbers of steps."""
    titled = {
        row.label: {name_of(other) for other in analysis.measured if other.label == row.label}
        for row in analysis.measured
    }
    for place, column in enumerate(analysis.group.columns):
        if column.metric.metric not in METRICS[:2]:
            continue
        series: dict[str, dict[int, Measured]] = {}
        for row in analysis.measured:
            cell, steps = row.cells[place], row.source.steps
            if cell is None or cell.record.value is None or steps is None:
                continue
            interval = cell.record.interval
            ends = (interval.low, interval.high) if interval else (None, None)
            # Variants of one title are several lines, and so are several trainings of one variant.
            label = row.label if len(titled[row.label]) == 1 else f"{row.label} ({name_of(row)})"
            line = series.setdefault(label, {})
            if steps in line:
                line = series.setdefault(f"{label}, weights {row.source.identity[:8]}", {})
            line[steps] = Measured(steps, cell.record.value, *ends)
        drawn = [(label, [points[steps] for steps in sorted(points)]) for label, points in series.items()]
        if (made := chart(f"{column.title} against steps", drawn)) is not None:
            yield made


def _frame(analyses: Sequence[_Analysis]) -> DataFrame:
    """Return a row a value: the leaderboard's columns behind the paper's terms and figures."""
    from pandas import DataFrame, concat

    terms = [_terms(one, row, column) for one in analyses for row, column, _ in one.group.all_cells]
    values = values_frame([(one.group, *found) for one in analyses for found in one.group.all_cells])
    return concat([DataFrame(terms, dtype=object), values], axis=1)


def _terms(analysis: _Analysis, row: Row, column: Column) -> dict[str, Any]:
    measured = row.section is Part_of.MEASURED
    facts = analysis.of(row) if measured else None
    reported = analysis.reported(row) if measured else None
    metric = figure_name(column.metric)
    figure = reported.figures.get(metric) if reported and metric in METRICS else None
    paper = analysis.facts.paper if analysis.facts else ""
    return {
        "model": analysis.model,
        "architecture": facts.architecture if facts else "",
        "lambda": facts.weight(analysis.group.plan.dataset) if facts else None,
        "lambda_factor": analysis.factor(row) if facts else None,
        "changed": " ".join(f"{name}={row.source.settings.get(name)}" for name in row.source.changed),
        "reported_value": figure.value if figure else None,
        "reported_spread": figure.spread if figure else None,
        "reported_on": reported.dataset if reported and figure else "",
        "reported_in": f"{paper}; {reported.source}" if reported and figure else "",
        "reported_status": reported.status if reported and figure else "",
    }
