"""The table [probes] of benchmarks.toml: captions that differ in one thing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from t2ibench.core.spec.frozen import Frozen, Name


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
