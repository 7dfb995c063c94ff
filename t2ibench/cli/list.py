"""`t2ibench list`: what is registered and where it comes from."""

from __future__ import annotations

import json

import click

from t2ibench.cli.options import NameList, json_option, place_options
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
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
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
    if kind == "suites":
        return [
            {"name": name, "what": f"{', '.join(suite.models)} on {suite.data}. {suite.title}".rstrip()}
            for name, suite in content.suites.items()
        ]
    if kind == "probes":
        return [
            {"name": name, "what": f"{probe.title} (on {', '.join(probe.on)})".lstrip()}
            for name, probe in content.probes.items()
        ]
    if kind == "claims":
        return [
            {"name": name, "what": f"{claim.statement} ({claim.test} of {', '.join(claim.rows)} on {claim.data})"}
            for name, claim in content.claims.items()
        ]
    if kind == "protocols":
        return [
            {"name": name, "what": f"{', '.join(protocol.metrics)}. {protocol.title}".rstrip()}
            for name, protocol in content.protocols.items()
        ]
    rows = []
    plugins = {entry.name: entry for entry in registry(kind).entries()} if kind in KINDS else {}
    used = set()
    if kind in ("models", "encoders"):
        for name, entry in getattr(content, kind).items():
            used.add(entry.plugin)
            variants = f"; variants: {', '.join(entry.variants)}" if entry.variants else ""
            rows.append({"name": name, "what": f"{entry.title or entry.plugin}{variants}"})
    elif kind == "datasets":
        for name, dataset in content.datasets.items():
            used.add(dataset.adapter)
            rows.append({"name": name, "what": f"{dataset.title} (protocol {dataset.protocol})"})
    elif kind == "metrics":
        for name, metric in content.metrics.items():
            used.add(metric.metric)
            rows.append({"name": name, "what": f"{metric.metric} on {metric.features}"})
    unused = "; a column in benchmarks.toml ([metrics.NAME]) has to name it" if kind == "metrics" else ""
    rows += [
        {"name": name, "what": f"{entry.target} from {entry.distribution}{unused}"}
        for name, entry in plugins.items()
        if name not in used
    ]
    return rows
