"""A worker's part of a table that several processes make."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from t2ibench.core.errors import UserError
from t2ibench.evaluation.images.sources import Source
from t2ibench.evaluation.measuring.table import Table


def share_rows(table: Table, sources: Sequence[Source]) -> None:
    """Measure the rows that no other worker is at, this one's own range first, and then help with the others' images.

    One worker alone has nothing to share. What fails is left to `Table.evaluate` of the leading worker, which tells it.
    """
    if table.workers.count == 1:
        return
    order = [sources[index] for index in table.workers.order(len(sources))]
    for source in order:
        with table.claim(source, wait=False) as mine, suppress(UserError):
            if mine:
                new = table.measured(source, table.lacking(source, table.results.latest()[0]))
                known, _ = table.results.latest()  # of whoever took over while this process was frozen
                table.results.append([one for one in new if one.status == "ok" and one.id not in known])
    known, _ = table.results.latest()
    for source in order:
        with suppress(UserError):
            table.assist(source, table.lacking(source, known))
