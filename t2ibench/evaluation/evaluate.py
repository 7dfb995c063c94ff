"""Carrying out a request to evaluate: request -> resolved tables -> images -> features -> estimates -> records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tqdm import tqdm

from t2ibench.core.place import Place
from t2ibench.evaluation.details.details import keep_details
from t2ibench.evaluation.measuring.table import Evaluation, Table
from t2ibench.evaluation.request.open_table import open_table
from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables


def evaluate(request: EvaluateRequest, place: Place) -> list[Evaluation]:
    """Return an evaluation a data set and seed. Numbers known already are not measured again.

    Workers that do not lead return nothing.

    Raises:
        UserError: a name is unknown (near names are given), or a model was not trained yet.
    """
    evaluations = []
    with place.shared(evaluate, request):
        for one in resolve_tables(request, place):
            table, rows = open_table(one, place)
            with _shown_progress(table, len(rows)):
                table.share(rows)
                if place.workers.leads:
                    evaluations.append(table.evaluate(rows))
            if place.workers.leads:
                keep_details(table, rows)
    return evaluations


@contextmanager
def _shown_progress(table: Table, rows: int) -> Iterator[None]:
    """Show a bar over all images of a table on stderr, with an ETA; rows known already are skipped over."""
    hidden = None if table.workers.leads else True  # None: hidden unless stderr is a terminal
    reached: dict[str, int] = {}
    with tqdm(total=rows * len(table.plan), unit="img", desc="images", disable=hidden, leave=False) as bar:

        def report(row: str, done: int, total: int) -> None:
            bar.set_postfix_str(row, refresh=False)
            if row != "reference":
                bar.update(done - reached.get(row, 0))
                reached[row] = done

        table.report = report
        yield
