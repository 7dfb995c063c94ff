"""Where a call from Python is carried out: the keyword arguments that all of them share."""

from __future__ import annotations

from pathlib import Path
from typing import TypedDict, Unpack

from t2ibench.api.own_models import with_own_models
from t2ibench.core.errors import require_known
from t2ibench.core.machine.workers import Workers
from t2ibench.core.place import Place
from t2ibench.core.spec.benchmarks import load_benchmarks
from t2ibench.core.workspace import Workspace
from t2ibench.data.own_datasets import with_own_datasets


class PlaceOptions(TypedDict, total=False):
    """Keyword arguments of every function of the Python interface; each has the command's default.

    Attributes:
        workspace: folder that everything is written to; $T2IBENCH_WORKSPACE, else ./workspace.
        config: the benchmarks.toml; the one here or above, else the packaged one.
        device: "auto", "cpu", "cuda", "cuda:1" or "mps".
        threads: of torch on the CPU.
        data_root: folder of the data set's files, if not the workspace's own.
        weights_dir: folder of weights files that cannot be shipped (Inception).
        download: whether missing weights may be fetched.
    """

    workspace: str | Path | None
    config: str | Path | None
    device: str
    threads: int | None
    data_root: str | Path | None
    weights_dir: str | Path | None
    download: bool


_PATHS = ("data_root", "weights_dir")


def place_at(batch_size: int = 50, **options: Unpack[PlaceOptions]) -> Place:
    """Return the place that keyword arguments name; of several processes, torchrun's or srun's variables tell.

    Raises:
        UserError: an argument is unknown (near names are given), or benchmarks.toml cannot be read.
    """
    require_known("keyword argument", PlaceOptions.__annotations__, *options)
    given = dict(options)
    workspace, config = given.pop("workspace", None), given.pop("config", None)
    for name in _PATHS:
        given[name] = None if given.get(name) is None else Path(str(given[name]))
    at = Workspace.at(None if workspace is None else Path(str(workspace)))
    content = load_benchmarks(None if config is None else Path(str(config))).content
    return Place(
        with_own_models(with_own_datasets(content, at)),
        at,
        batch_size=batch_size,
        workers=Workers.of_environment(),
        **given,  # type: ignore[arg-type]  # the names are those of PlaceOptions
    )
