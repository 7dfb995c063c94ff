"""The tables [claims] and [probes] of benchmarks.toml: what papers claim, and captions that differ in one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from t2ibench.core.spec.frozen import Frozen, Name


class PrintedFigures(Frozen):
    """What a paper prints for the rows of a claim, shown beside what is measured and never compared in value.

    Attributes:
        metric: as the paper calls it, as in "R-precision".
        values: one a row, in the claim's order.
        status: "V" where the figure was read in the named source, "M" where it is from memory.
        source: paper, table.
    """

    metric: str
    values: tuple[float, ...]
    status: Literal["V", "M"]
    source: str = ""


class ClaimEntry(Frozen):
    """A claim about rows that differ in nothing but what the claim is about.

    Attributes:
        statement: in the paper's words, as near as may be.
        source: paper and table.
        data: name of the data set; `--data` takes others.
        protocol: that its columns are of; "" for the data set's own.
        rows: models (with variants as "model:variant") or controls as "noise"; of a difference the better one first, of
            a trend or an order from worst to best.
        columns: columns of the protocol that may answer it, each a row of the table of verdicts.
        test: registered test of claims: "difference" of two rows, "trend" over rows, "order" of every neighbouring
            pair, "equivalence" of two rows, "above-chance" of one row in columns of which 0 is luck.
        margin: column -> difference that nobody would care about, in the column's unit; needed for equivalence.
        printed: what papers print.
    """

    statement: str
    source: str = ""
    data: Name
    protocol: str = ""
    rows: Annotated[tuple[str, ...], Field(min_length=1)]
    columns: Annotated[tuple[Name, ...], Field(min_length=1)]
    test: Name = "difference"
    margin: Mapping[Name, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    printed: tuple[PrintedFigures, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> ClaimEntry:
        if len(set(self.rows)) < len(self.rows):
            raise ValueError("a row stands twice among the rows")
        for one in self.printed:
            if len(one.values) != len(self.rows):
                raise ValueError(f"the printed {one.metric} has {len(one.values)} values for {len(self.rows)} rows")
        if unknown := sorted(set(self.margin) - set(self.columns)):
            raise ValueError(f"margin names the column {unknown[0]!r}, which is none of its columns")
        return self


class ProbeCaptions(Frozen):
    """What a probe asks on one data set, or on all data sets of an adapter.

    Attributes:
        captions: with "{red|blue|green}" where the probe changes something; compositions have "{name}"s that the data
            set fills with what it holds out of training; probes of words take plain captions.
        never: captions of what never happens; they are shown, and scored where the images can be read.
        kinds: kind of word -> words that may stand for each other.
        impossible: why the data set cannot be asked; "" where it can.
    """

    captions: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    kinds: Mapping[Name, tuple[str, ...]] = Field(default_factory=dict)
    impossible: str = ""


class ProbeEntry(Frozen):
    """A probe: captions that differ in one thing, drawn with the same noise.

    Attributes:
        kind: "change": one place of a caption takes several wordings; "compositions": combinations that training never
            showed, beside some that it did; "words": each word in turn is replaced by another one of its kind.
        title: what it asks.
        rows: noises every caption is drawn with.
        seed: of the noise.
        on: data set or adapter -> captions.
    """

    kind: Literal["change", "compositions", "words"] = "change"
    title: str = ""
    rows: int = Field(default=20, ge=1)
    seed: int = Field(default=100, ge=0)
    on: Mapping[Name, ProbeCaptions] = Field(default_factory=dict)
