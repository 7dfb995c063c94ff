"""The figures of docs/claims.md are those of the records that lie beside it."""

import gzip
import json
import re
from pathlib import Path

import pytest

from t2ibench.core.spec.benchmarks import load_benchmarks

DOCS = Path(__file__).resolve().parents[3] / "docs"
ROW = re.compile(r"^\| ([\w-]*) \| ([\w-]+) \| (-?[\d.]+) \[", re.M)


def printed(text):
    """Return (claim, column) -> effect of a table, whose claim stands in its first row only."""
    found, claim = {}, ""
    for name, column, effect in ROW.findall(text):
        claim = name or claim
        found[claim, column] = float(effect)
    return found


@pytest.fixture(scope="module")
def values():
    """(row, column, seed) -> value; "larger is better" is made of those that are not."""
    lines = gzip.decompress((DOCS / "claims-brief-records.jsonl.gz").read_bytes()).decode().splitlines()
    found = {}
    for record in map(json.loads, lines):
        if record["plan"]["protocol"] == "simbirds-1":
            sign = 1 if record["metric"]["higher_is_better"] else -1
            source = record["source"]
            found[source["name"], record["metric"]["column"], source["seed"]] = sign * record["value"]
    return found


@pytest.mark.parametrize(("part", "seeds", "fewest"), [(1, (0, 1, 2), 15), (2, (0, 1, 2, 3), 5)])
def test_printed_differences_are_those_of_the_records(part, seeds, fewest, values):
    table = (DOCS / "claims.md").read_text().split("**All claims, three seeds, brief**")[1]
    table = table.split("**The claims about DAMSM and attention, four seeds, brief**")[part - 1]
    checked = 0
    for (name, column), effect in printed(table).items():
        claim = load_benchmarks().content.claims[name]
        rows = [row.replace("attngan:attngan1", "attngan:attngan1-lambda-5") for row in claim.rows]  # the same training
        if claim.test == "difference" and all((row, column, seed) in values for row in rows for seed in seeds):
            better, worse = ([values[row, column, seed] for seed in seeds] for row in rows)
            assert sum(better) / len(seeds) - sum(worse) / len(seeds) == pytest.approx(effect, abs=0.0051)
            checked += 1
    assert checked >= fewest
