"""`t2ibench list`: what is registered and where it comes from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import click

from t2ibench.cli.options import NameList, json_option, place_options
from t2ibench.cli.printing import print_json
from t2ibench.core.errors import require_known
from t2ibench.core.place import Place
from t2ibench.core.registry import KINDS, registry
from t2ibench.core.spec.benchmarks import Benchmarks


@click.command("list")
@click.argument("kinds", type=NameList(), default="models,datasets,metrics,protocols,suites,probes,claims")
@json_option
@place_options()
def command(kinds: tuple[str, ...], as_json: bool, place: Place) -> None:
    """Show registered KINDS: models, encoders, datasets, features, metrics, reports, protocols, suites, probes...

    The others are captioners, claims, truths, pretrained and claim_tests.
    """
    known = {*KINDS, "protocols", "suites", "probes", "claims"}
    rows: dict[str, list[dict[str, str]]] = {}
    for kind in kinds:
        require_known("kind of thing to list", known, kind)
        rows[kind] = _rows(kind, place.benchmarks)
    if as_json:
        print_json(rows)
        return
    for kind, found in rows.items():
        click.secho(kind, bold=True)
        width = max((len(row["name"]) for row in found), default=0)
        for row in found:
            click.echo(f"  {row['name']:<{width}}  {row['what']}")
        if not found:
            click.echo("  (none)")


def _rows(kind: str, content: Benchmarks) -> list[dict[str, str]]:
    """Return name and description of all of one kind: what benchmarks.toml names, then what is only registered."""
    entries = getattr(content, kind) if kind in _DESCRIBED else {}
    rows = [{"name": name, "what": _DESCRIBED[kind](entry).strip()} for name, entry in entries.items()]
    used = {getattr(entry, _PLUGIN[kind]) for entry in entries.values()} if kind in _PLUGIN else set()
    unused = "; a column in benchmarks.toml ([metrics.NAME]) has to name it" if kind == "metrics" else ""
    return rows + [
        {"name": entry.name, "what": f"{entry.target} from {entry.distribution}{unused}"}
        for entry in (registry(kind).entries() if kind in KINDS else ())
        if entry.name not in used
    ]


def _trainable(entry: Any) -> str:
    variants = f"; variants: {', '.join(entry.variants)}" if entry.variants else ""
    return f"{entry.title or entry.plugin}{variants}"


_DESCRIBED: Final[Mapping[str, Callable[[Any], str]]] = {
    "suites": lambda entry: f"{', '.join(entry.models)} on {entry.data}. {entry.title}",
    "probes": lambda entry: f"{entry.title} (on {', '.join(entry.on)})",
    "claims": lambda entry: f"{entry.statement} ({entry.test} of {', '.join(entry.rows)} on {entry.data})",
    "protocols": lambda entry: f"{', '.join(entry.metrics)}. {entry.title}",
    "models": _trainable,
    "encoders": _trainable,
    "datasets": lambda entry: f"{entry.title} (protocol {entry.protocol})",
    "metrics": lambda entry: f"{entry.metric} on {entry.features}",
}
"""Table of benchmarks.toml -> what is said of an entry."""
_PLUGIN: Final = {"models": "plugin", "encoders": "plugin", "datasets": "adapter", "metrics": "metric"}
"""Table -> the field that names an entry's plug-in."""
