"""What a workspace's results say, as a data frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from t2ibench.core.records import Results
from t2ibench.core.workspace import Workspace

if TYPE_CHECKING:
    from pandas import DataFrame


def results(workspace: str | Path | None = None) -> DataFrame:
    """Return every number of a workspace, a row each: the columns of `Table.frame`, in the order first asked for.

    Args:
        workspace: its folder; $T2IBENCH_WORKSPACE, else ./workspace. One without results gives no rows.

    Raises:
        UserError: the file of records cannot be opened.
    """
    return Results(Workspace.at(None if workspace is None else Path(workspace)).results).frame()
