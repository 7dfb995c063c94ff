"""Measuring a suite's table as jobs of a cluster, workers of one evaluation: the login node computes nothing."""

from __future__ import annotations

from t2ibench.core.files import digest_of
from t2ibench.core.place import Place
from t2ibench.evaluation.request.open_table import open_table
from t2ibench.evaluation.request.request import EvaluateRequest, resolve_tables
from t2ibench.studies.bench.cluster import Cluster, Queue


def measure_as_jobs(request: EvaluateRequest, place: Place, cluster: Cluster) -> None:
    """Have as many jobs as there are rows without numbers measure a request's tables; nothing is sent if all is known.

    A job that fails is no failure here: whoever asks for the records next measures what is lacking, and tells.

    Args:
        request: models, one data set and its protocol.
        place: where it is done.
        cluster: Slurm.

    Raises:
        UserError: a job cannot be sent off, or a table cannot be opened.
        KeyboardInterrupt: stopped by a signal; the jobs go on.
    """
    tables = [open_table(one, place) for one in resolve_tables(request, place)]
    known = [(table, rows, table.results.latest()[0]) for table, rows in tables]
    count = sum(bool(table.lacking(row, records)) for table, rows, records in known for row in rows)
    words = ["eval", "--models", ",".join(request.models), "--data", ",".join(request.datasets)]
    words += ["--protocol", request.protocol] if request.protocol else []
    words += ["--weights-dir", str(place.weights_dir)] if place.weights_dir else []
    queue = Queue(cluster, place)
    for rank in range(count):
        workers = {"RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_RANK": "0"}
        title = f"evaluation on {', '.join(request.datasets)}, {rank + 1} of {count}"
        queue.put(title, digest_of([words, workers]), words, workers)
    queue.wait()
