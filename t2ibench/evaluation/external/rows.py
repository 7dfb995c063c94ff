"""Rows that a user brings to an evaluation: folders, commands, statistics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from t2ibench.core.errors import UserError
from t2ibench.core.types import SamplePlan
from t2ibench.core.workspace import Workspace
from t2ibench.data.manifest import Manifest
from t2ibench.evaluation.external.command import run_command
from t2ibench.evaluation.external.folder_source import FolderSource
from t2ibench.evaluation.external.image_files import check_folder
from t2ibench.evaluation.external.pipeline_source import PipelineSource
from t2ibench.evaluation.external.statistics_file import read_statistics
from t2ibench.evaluation.external.statistics_source import StatisticsSource
from t2ibench.evaluation.images.sources import Source
from t2ibench.training.tracking.progress import say

_BROUGHT = (FolderSource, StatisticsSource, PipelineSource)


@dataclass(frozen=True)
class ExternalRows:
    """What a user brings.

    Attributes:
        images: folders of images.
        commands: programs that make images; see `run_command`.
        statistics: .npz files.
        names: of these rows, in the order images, commands, statistics; those without one are named after the folder or
            file.
        reference: an .npz file in the place of the reference images.
        skip_bad: leave unreadable images out and count them.
        pipelines: folders of diffusers' pipelines; they are named after the folder.
    """

    images: tuple[Path, ...] = ()
    commands: tuple[str, ...] = ()
    statistics: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    reference: Path | None = None
    skip_bad: bool = False
    pipelines: tuple[Path, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.images or self.commands or self.statistics or self.pipelines)

    def check(self) -> None:
        """Check what can be checked before anything is computed.

        Raises:
            UserError: there are more names than rows, or two rows have one name.
        """
        rows = len(self.images) + len(self.commands) + len(self.statistics)
        if len(self.names) > rows:
            raise UserError(
                f"There are {len(self.names)} names (--name) for {rows} rows: give one a row, in their order."
            )
        for name in self.names:
            if not name.strip() or not name.isprintable():
                raise UserError(
                    f"{name!r} is no --name: give the row a name of printable characters, or leave --name out."
                )
        if len(set(self.names)) < len(self.names):
            raise UserError("Two rows have one --name: give each its own.")
        for folder in self.images:
            check_folder(folder)

    def described(self) -> list[dict[str, str]]:
        """Return what was asked for, as JSON values."""
        kinds = (("folder", self.images), ("command", self.commands), ("statistics", self.statistics))
        asked = [(kind, str(one)) for kind, given in kinds for one in given]
        made = [{"kind": "pipeline", "from": str(one), "name": ""} for one in self.pipelines]
        return made + [
            {"kind": kind, "from": one, "name": self.names[place] if place < len(self.names) else ""}
            for place, (kind, one) in enumerate(asked)
        ]


def external_sources(
    rows: ExternalRows, manifest: Manifest, plan: SamplePlan, resolution: int, workspace: Workspace
) -> Iterator[Source]:
    """Yield a source a row, in the order images, commands, statistics. Commands are run now.

    Raises:
        UserError: a folder, command or file cannot be used; see their own texts.
    """
    names = iter([*rows.names, *[""] * (len(rows.images) + len(rows.commands) + len(rows.statistics))])
    memory = workspace.store / "folders"

    def folder_row(folder: Path, name: str) -> FolderSource:
        return FolderSource(
            folder, manifest, plan.split, resolution=resolution, memory=memory, name=name, skip_bad=rows.skip_bad
        )

    for folder in rows.images:
        source = folder_row(folder, next(names))
        for note in source.card.notes:
            say(f"{source.name}: {note}")
        yield source
    for command in rows.commands:
        say(f"Running {command}")
        made = run_command(command, plan, workspace.store / "commands")
        yield folder_row(made, next(names) or "command")
    for path in rows.statistics:
        yield StatisticsSource(read_statistics(path), name=next(names))


def distinct(sources: Sequence[Source]) -> Sequence[Source]:
    """Return the sources.

    Raises:
        UserError: a row that a user brought has the name of another row.
    """
    seen: dict[str, Source] = {}
    for source in sources:
        other = seen.setdefault(source.name, source)
        brought = isinstance(source, _BROUGHT) or isinstance(other, _BROUGHT)
        if other is not source and brought:
            raise UserError(f"Two rows are called {source.name!r}: give the folder, command or file another --name.")
    return sources
