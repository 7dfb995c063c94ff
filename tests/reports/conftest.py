from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from t2ibench.core.interfaces import ReportInput
from t2ibench.core.records import ResultRecord
from t2ibench_reports.leaderboard import Leaderboard
from tests.reports.sample_results import sample_records, write_sample

Render = Callable[..., dict[str, str]]


@pytest.fixture
def render(tmp_path: Path) -> Render:
    """Render records (the sample unless given) to format -> text, by way of a results folder on disk."""

    def rendered(records: Sequence[ResultRecord] | None = None, formats: Sequence[str] = ("html",)) -> dict[str, str]:
        results = write_sample(tmp_path / "results", records)
        latest, faults = results.latest()
        given = ReportInput(list(latest.values()), faults, results.folder / "images", formats)
        return {name.rpartition(".")[2]: text.decode() for name, text in Leaderboard().render(given).items()}

    return rendered


@pytest.fixture(scope="session")
def sample() -> list[ResultRecord]:
    return sample_records()
