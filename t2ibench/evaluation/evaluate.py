"""Carrying out a request to evaluate: request -> resolved tables -> images -> features -> estimates -> records."""

from __future__ import annotations

import sys

from tqdm import tqdm

from t2ibench.core.place import Place
from t2ibench.evaluation.details.details import keep_details
from t2ibench.evaluation.measuring.sharing import share_rows
from t2ibench.evaluation.measuring.table import Evaluation
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
            with _Progress(len(rows), len(table.plan), quiet=not place.workers.leads) as progress:
                table.report = progress.report
                share_rows(table, rows)
                if place.workers.leads:
                    evaluations.append(table.evaluate(rows))
            if place.workers.leads:
                keep_details(table, rows)
    return evaluations


class _Progress:
    """A bar over all images of a table on stderr, with an ETA; rows known already are skipped over."""

    def __init__(self, rows: int, count: int, *, quiet: bool = False) -> None:
        hidden = True if quiet else None  # None: hidden unless stderr is a terminal
        self._bar = tqdm(total=rows * count, unit="img", desc="images", file=sys.stderr, disable=hidden, leave=False)
        self._done: dict[str, int] = {}

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def report(self, row: str, done: int, total: int) -> None:
        """Show that `done` of the row's images are done."""
        self._bar.set_postfix_str(row, refresh=False)
        if row != "reference":
            self._bar.update(done - self._done.get(row, 0))
            self._done[row] = done
