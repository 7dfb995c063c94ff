"""Data sets that are trained on and judged like another one, unless benchmarks.toml says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from t2ibench.core.spec.frozen import Frozen

Content = TypeVar("Content", bound=Frozen)
"""The content of benchmarks.toml."""


def with_likeness(benchmarks: Content, datasets: Mapping[str, Any]) -> Content:
    """Return benchmarks in which every one of their data sets with a `like` has that one's settings."""
    for name, dataset in datasets.items():
        if dataset.like:
            benchmarks = with_settings_like(benchmarks, name, dataset.like)
    return benchmarks


def with_settings_like(benchmarks: Content, name: str, like: str) -> Content:
    """Return benchmarks whose models, encoders and protocols are on the data set `name` as on `like`.

    What they say of `name` itself stays.
    """
    kinds = ("encoders", "models", "protocols")
    return benchmarks.model_copy(update={kind: _like(getattr(benchmarks, kind), name, like) for kind in kinds})


def _like(entries: Mapping[str, Any], name: str, like: str) -> dict[str, Any]:
    found = {}
    for key, entry in entries.items():
        changed: dict[str, Any] = {}
        if like in entry.on and name not in entry.on:
            changed["on"] = {**entry.on, name: entry.on[like]}
        if variants := getattr(entry, "variants", None):  # which protocols have none of
            changed["variants"] = {
                variant: setting.model_copy(update={"on": {name: setting.on[like], **setting.on}})
                if like in setting.on
                else setting
                for variant, setting in variants.items()
            }
        found[key] = entry.model_copy(update=changed)
    return found
